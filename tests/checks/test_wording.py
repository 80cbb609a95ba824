"""Which read lines count for a segment, and which never do, with the shipped `segments.toml`."""

from __future__ import annotations

import tomllib

import pytest

from avrecord.checks.wording import Wording, fold, nearest
from conftest import PROJECT

SEGMENTS = tomllib.loads((PROJECT / "config" / "segments.toml").read_text("utf-8"))
CERTIFICATE = Wording.of("id_shown", SEGMENTS["id_shown"])
NOTICE = Wording.of("notice_given", SEGMENTS["notice_given"])


@pytest.mark.parametrize(
    "lines",
    [
        ["行政执法证"],
        ["中华人民共和国", "行 政 执 法 证"],
        ["丰源省行政执法证"],
        ["行攻执法证"],
        ["行政执法证件"],
        ["综合执法", "执法证件"],
        ["行政执法", "姓名：李某"],
        ["行政执法", "FY04100712345"],
    ],
)
def test_a_certificate_is_recognised_through_one_slip_of_the_reader(lines):
    hit = CERTIFICATE.find(lines)
    assert hit is not None
    assert not hit.doubtful


@pytest.mark.parametrize(
    "lines",
    [
        ["行政执法局"],
        ["行政执法"],
        ["综合行政执法局", "丰源市"],
        ["综合行政执法大队"],
        ["居民身份证", "姓名", "110101199001011234"],
        ["营业执照", "统一社会信用代码"],
        ["食品经营许可证"],
        ["行政处罚公示"],
        ["主动出示执法证件"],
        ["执法人员应当主动出示行政执法证"],
        ["道路运输证"],
        ["行政执法", "欢迎光临"],
        [],
    ],
)
def test_what_is_not_a_certificate_never_counts(lines):
    hit = CERTIFICATE.find(lines)
    assert hit is None or hit.doubtful


@pytest.mark.parametrize(
    "line",
    [
        "责令改正通知书",
        "责令改止通知书",
        "行政处罚事先告知书",
        "行政处罚事先告如书",
        "查封（扣押）决定书",
        "送达回证",
        "丰综执 责令改正通知书",
    ],
)
def test_a_notice_is_recognised_by_its_whole_title(line):
    assert NOTICE.find([line]) is not None


@pytest.mark.parametrize(
    "line",
    ["行政处罚公示", "通知书", "责令", "送达", "改正通知", "本店责令改正通知书已送达请各位顾客周知", "办事须知"],
)
def test_a_piece_of_a_title_or_a_sentence_about_one_is_no_notice(line):
    assert NOTICE.find([line]) is None


def test_a_fragment_is_doubtful_and_a_certain_line_wins_over_it():
    assert CERTIFICATE.find(["法证"]).doubtful
    assert not CERTIFICATE.find(["法证", "行政执法证"]).doubtful


def test_folding_makes_full_width_spaced_and_bracketed_forms_one():
    assert fold("查 封（扣押）决定书") == fold("查封(扣押)决定书") == "查封扣押决定书"


def test_nearest_counts_edits_anywhere_in_the_line():
    assert nearest("行政执法证", "中华行政执法证件") == (0, 7)
    assert nearest("行政执法证", "行政执法局")[0] == 1
    assert nearest("abc", "")[0] == 3


def test_every_printed_segment_names_the_source_of_its_wording():
    for name, table in SEGMENTS.items():
        if table["proof"] in ("printed", "spoken"):
            assert table.get("source"), name
