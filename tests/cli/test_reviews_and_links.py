"""A named person decides: marks are overridden and never erased, links taken away stay away."""

from __future__ import annotations

import pytest

from avrecord.pipeline.link import link_all
from cli.desk import CASE, NO_FOOTAGE, Desk, cases_file, clip_id, filmed_day

STAGE = "直接送达"
WHY = ("--by", "FY9", "--why", "画面清楚")


@pytest.fixture
def desk(kit, dcam, dock, tmp_path, monkeypatch, capsys) -> Desk:
    """Two filmed stages, one of them without the notice, and a stage without footage."""
    made = Desk(kit.root, monkeypatch, capsys)
    filmed_day(made, kit, dcam, dock, tmp_path)
    made.words = {"FIRST": clip_id(kit, "090000.mp4"), "SECOND": clip_id(kit, "100000.mp4")}
    return made


def clips_of(desk, case, stage):
    (row,) = [row for row in desk.rows("cases", "list") if (row["case"], row["stage"]) == (case, stage)]
    return row["clips"]


def whats(desk, case=CASE):
    return [(row["stage"], row["what"], row["segment"]) for row in desk.rows("cases", "missing", "--case", case)]


def test_a_mark_confirmed_by_a_person_is_missing_no_more(desk):
    assert whats(desk) == [(STAGE, "not_seen", "notice_given")]
    assert desk("review", CASE, STAGE, "notice_given", "--as", "seen", *WHY).code == 0
    assert desk("cases", "missing", "--case", CASE).code == 0


def test_a_review_overrides_the_mark_and_does_not_erase_it(desk):
    desk("review", CASE, STAGE, "notice_given", "--as", "seen", *WHY)
    (row, *_) = [row for row in desk.rows("cases", "show", CASE) if row["stage"] == STAGE]
    assert [(mark["segment"], mark["mark"]) for mark in row["marks"]] == [("notice_given", "not_seen")]
    assert [(r["item"], r["decision"], r["by"]) for r in row["reviews"]] == [("notice_given", "seen", "FY9")]
    out = desk("cases", "show", CASE).out
    assert "抽检未见" in out
    assert "人工确认已见" in out


def test_a_segment_that_a_person_finds_missing_is_missing_whatever_the_check_saw(desk):
    desk("review", CASE, "现场检查", "亮证", "--as", "missing", *WHY)
    assert ("现场检查", "missing", "id_shown") in whats(desk)


@pytest.mark.parametrize(("decisions", "left"), [("seen missing", 1), ("missing seen", 0), ("missing seen not_required", 0)])
def test_the_latest_review_decides_and_all_are_kept(desk, decisions, left):
    for decision in decisions.split():
        desk("review", CASE, STAGE, "notice_given", "--as", decision, *WHY)
    assert whats(desk) == [(STAGE, "missing", "notice_given")] * left
    (row, *_) = [row for row in desk.rows("cases", "show", CASE) if row["stage"] == STAGE]
    assert [r["decision"] for r in row["reviews"]] == decisions.split()


def test_footage_that_need_not_be_is_missing_no_more(desk):
    desk("review", NO_FOOTAGE, "先行登记保存", "footage", "--as", "not_required", *WHY)
    assert desk("cases", "missing", "--case", NO_FOOTAGE).code == 0


def test_footage_that_a_person_finds_missing_is_a_persons_finding(desk):
    desk("review", NO_FOOTAGE, "先行登记保存", "footage", "--as", "missing", *WHY)
    assert [what for _, what, _ in whats(desk, NO_FOOTAGE)] == ["missing"]


def test_a_review_of_one_stage_says_nothing_of_another(desk):
    desk("review", CASE, "现场检查", "notice_given", "--as", "seen", *WHY)
    assert whats(desk) == [(STAGE, "not_seen", "notice_given")]


@pytest.mark.parametrize("number", ["综执罚字[2026]44号", "综执罚字【2026】44号"])
def test_a_case_is_reviewed_whatever_its_brackets(desk, number):
    assert desk("review", number, STAGE, "notice_given", "--as", "seen", *WHY).code == 0
    assert whats(desk) == []


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("综执罚字〔2026〕99号", STAGE, "notice_given"), "没有找到案件环节“综执罚字〔2026〕99号 直接送达（没有这个案件）”"),
        ((CASE, "听证", "notice_given"), f"没有找到案件环节“{CASE} 听证（该案的环节有："),
        ((CASE, STAGE, "notice"), "没有找到要件“notice”"),
    ],
)
def test_a_review_of_what_is_not_there_is_code_32_and_states_nothing(desk, kit, words, what):
    before = kit.log.refresh()
    said = desk("review", *words, "--as", "seen", *WHY)
    assert (said.code, what in said.err, kit.log.refresh()) == (32, True, before)


def test_the_reason_of_a_review_is_kept_but_not_in_the_log(desk, kit):
    desk("review", CASE, STAGE, "notice_given", "--as", "seen", "--by", "FY9", "--why", "当事人王某在场")
    kit.log.refresh()
    said = b"".join(entry for _, entry in kit.log.entries(0, kit.log.size))
    kept = [path.read_bytes() for path in (kit.root / "attachments").rglob("*") if path.is_file()]
    assert (b"mark.reviewed" in said, "王某".encode() in said) == (True, False)
    assert "当事人王某在场".encode() in kept


def test_a_rebuilt_index_knows_every_review_and_link(desk):
    desk("review", CASE, STAGE, "notice_given", "--as", "missing", *WHY)
    desk("cases", "unlink", CASE, "现场检查", "FIRST", *WHY)
    before = desk("cases", "show", CASE, "--json").out
    assert desk("rebuild").code == 0
    assert desk("cases", "show", CASE, "--json").out == before


def test_a_clip_is_linked_by_recorder_officer_and_time(desk):
    assert clips_of(desk, CASE, "现场检查") == [desk.words["FIRST"]]
    assert clips_of(desk, CASE, STAGE) == [desk.words["SECOND"]]


def test_a_link_taken_away_by_a_person_is_not_made_again_by_the_rule(desk, kit, tmp_path):
    assert desk("cases", "unlink", CASE, "现场检查", "FIRST", *WHY).code == 0
    assert clips_of(desk, CASE, "现场检查") == []
    assert link_all(kit) == (0, 0)
    desk("cases", "import", cases_file(tmp_path), "--apply")
    assert clips_of(desk, CASE, "现场检查") == []
    assert whats(desk)[0] == ("现场检查", "no_footage", None)


def test_a_person_may_link_again_what_was_taken_away(desk, kit):
    desk("cases", "unlink", CASE, "现场检查", "FIRST", *WHY)
    desk("cases", "link", CASE, "现场检查", "FIRST", "--by", "FY9")
    link_all(kit)
    assert clips_of(desk, CASE, "现场检查") == [desk.words["FIRST"]]


def test_a_link_made_by_a_person_is_not_withdrawn_by_the_rule(desk, kit):
    assert desk("cases", "link", NO_FOOTAGE, "先行登记保存", desk.words["FIRST"][:12], "--by", "FY9").code == 0
    assert link_all(kit) == (0, 0)
    assert clips_of(desk, NO_FOOTAGE, "先行登记保存") == [desk.words["FIRST"]]


def test_taking_away_a_link_that_is_not_there_is_code_32(desk, kit):
    before = kit.log.refresh()
    said = desk("cases", "unlink", CASE, "现场检查", "SECOND", *WHY)
    assert (said.code, "没有找到关联" in said.err, kit.log.refresh()) == (32, True, before)


def test_the_beginning_of_an_id_that_is_too_short_is_refused(desk):
    said = desk("cases", "link", CASE, "现场检查", desk.words["FIRST"][:3], "--by", "FY9")
    assert (said.code, "没有找到片段" in said.err) == (32, True)
