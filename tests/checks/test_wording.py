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
        ["行政执法", "丰源省人民政府制"],
        ["行政执法", "执法区域：丰源市"],
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
        ["行政执法", "FY04100712345"],
        ["行政执法", "姓名李某", "公民身份号码"],
        ["行政执法", "好味道餐饮", "13800001234"],
        ["行政执法", "执法证号 FY041012"],
        ["请查验执法证件"],
        [],
    ],
)
def test_what_is_not_a_certificate_never_counts(lines):
    hit = CERTIFICATE.find(lines)
    assert hit is None or hit.doubtful


def test_a_slip_in_a_line_that_says_more_is_for_a_person():
    """A poster's 主动出示行政执法证, misread in two places: the word that forbids it was one of them."""
    hit = CERTIFICATE.find(["主动出采行政热法证"])
    assert hit is not None
    assert hit.doubtful
    assert not CERTIFICATE.find(["中华人民共和国行政执法证"]).doubtful


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


@pytest.mark.parametrize("line", ["行政处罚事", "罚决定书", "责令改", "措施决定书", "证告知书", "保存通知书", "送达回"])
def test_what_a_thumb_leaves_of_a_title_is_for_a_person(line):
    assert NOTICE.find([line]).doubtful


@pytest.mark.parametrize("line", ["问通知书", "催告"])
def test_a_short_title_may_lose_the_character_that_does_not_make_it(line):
    assert not NOTICE.find([line]).doubtful


@pytest.mark.parametrize(
    "line",
    [
        "环境影响报告书",
        "检测报告书",
        "警告书",
        "催缴书",
        "行政许可决定书",
        "行政复议决定书",
        "行政许可告知书",
        "消防检查通知书",
        "安全检查通知书",
        "装修改正通知书",
        "扣分决定书",
        "抵押决定书",
    ],
)
def test_a_title_that_differs_in_the_words_that_make_it_is_another_document(line):
    assert NOTICE.find([line]) is None


@pytest.mark.parametrize("line", ["行政处罔决定书", "贡令改正通知书", "先行登己保存通知书"])
def test_a_long_title_with_a_slip_in_its_core_is_for_a_person(line):
    assert NOTICE.find([line]).doubtful


def test_a_core_that_its_title_does_not_contain_is_refused():
    with pytest.raises(ValueError, match="处罚"):
        Wording.of("own", {"title": [{"text": "责令改正通知书", "core": "处罚"}]})


def test_a_bureaus_own_title_without_a_core_forgives_as_before():
    own = Wording.of("own", {"title": [{"text": "行政处罚决定书"}]})
    assert not own.find(["行政处罔决定书"]).doubtful


def test_a_vest_beside_a_number_is_for_a_person():
    assert CERTIFICATE.find(["行政执法", "FY04100712345"]).doubtful


def test_a_fragment_is_doubtful_and_a_certain_line_wins_over_it():
    assert CERTIFICATE.find(["法证"]).doubtful
    assert CERTIFICATE.find(["行政执"]).doubtful
    assert CERTIFICATE.find(["综合行政执法"]) is None
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
