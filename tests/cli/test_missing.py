"""The supervisor's question: what does the list require that the footage does not show? Code 10 means: something."""

from __future__ import annotations

import pytest

from avrecord.pipeline.link import link_all
from cli.desk import CASE, EAST, NO_FOOTAGE, PRINTED, WEST, Desk, cases_file, clip_id, examined, fleet_file
from conftest import pattern
from ledger.ledger_files import case_row, case_table


@pytest.fixture
def desk(kit, dcam, dock, tmp_path, monkeypatch, capsys) -> Desk:
    """The first stage was filmed whole with everything, the second in part without the notice, the third not at all."""
    made = Desk(kit.root, monkeypatch, capsys)
    dock(dcam({"VIDEO/090000.mp4": pattern(3000), "VIDEO/100000.mp4": pattern(3000, 2), "VIDEO/120000.mp4": pattern(3000, 3)}))
    made("devices", "import", fleet_file(tmp_path))
    made("cases", "import", cases_file(tmp_path), "--apply")
    examined(kit, "090000.mp4", 1200, seen=PRINTED)
    examined(kit, "100000.mp4", 600)
    examined(kit, "120000.mp4", 600, seen=PRINTED)
    link_all(kit)
    return made


def whats(desk, *words):
    return [(r["case"], r["stage"], r["what"], r["segment"]) for r in desk.rows("cases", "missing", *words)]


def test_a_stage_without_footage_and_a_segment_not_seen_are_listed_and_the_complete_stage_is_not(desk):
    assert whats(desk) == [(CASE, "直接送达", "not_seen", "notice_given"), (NO_FOOTAGE, "先行登记保存", "no_footage", None)]


def test_something_missing_is_code_10_and_totals_add_up(desk):
    said = desk("cases", "missing", "--json")
    assert (said.code, said.json["count"], said.json["totals"]) == (10, 2, {"no_footage": 1, "not_seen": 1})


def test_nothing_missing_is_code_0_and_said_so(desk):
    said = desk("cases", "missing", "--to", "2026-11-15")
    assert (said.code, "没有发现缺少的内容" in said.out) == (0, True)


def test_a_row_names_the_clip_that_was_looked_at(desk, kit):
    (row,) = desk.rows("cases", "missing", "--case", CASE)
    assert (row["clip"], row["clip_name"]) == (clip_id(kit, "100000.mp4"), "DCAM_Z3A0017_041007_20261116_100000.mp4")


def test_days_open_are_counted_after_the_grace_period(desk):
    assert [row["days_open"] for row in desk.rows("cases", "missing")] == [3, 2]  # on the 21st, a day of grace


@pytest.mark.parametrize("number", [CASE, "综执罚字[2026]44号", "综执罚字（2026）44号"])
def test_a_case_is_found_whatever_its_brackets(desk, number):
    assert {row["case"] for row in desk.rows("cases", "missing", "--case", number)} == {CASE}


@pytest.mark.parametrize(
    ("filters", "cases"),
    [
        (("--unit", WEST), [NO_FOOTAGE]),
        (("--unit", EAST), [CASE]),
        (("--from", "2026-11-17"), [NO_FOOTAGE]),
        (("--to", "2026-11-16"), [CASE]),
        (("--from", "2026-11-16", "--to", "2026-11-17"), [CASE, NO_FOOTAGE]),
    ],
)
def test_missing_is_asked_by_unit_and_by_day_with_both_days_counted(desk, filters, cases):
    assert [row["case"] for row in desk.rows("cases", "missing", *filters)] == cases


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("unit", [(EAST, 0, 1), (WEST, 1, 0)]),
        ("officer", [("FY1", 0, 1), ("FY2", 1, 0)]),
        ("month", [("2026-11", 1, 1)]),
    ],
)
def test_missing_is_summed_by_unit_officer_and_month(desk, by, rows):
    said = desk("cases", "missing", "--by", by, "--json")
    assert (said.code, said.json["by"]) == (10, by)
    assert [(row[by], row["no_footage"], row["not_seen"]) for row in said.json["rows"]] == rows


def test_a_month_is_the_month_in_beijing(desk, tmp_path):
    late = case_row(case="A1", stage="现场检查", officers="FY2", start="2026-12-01 00:30", end="2026-12-01 00:40")
    desk("cases", "import", case_table(tmp_path / "b.xlsx", late), "--apply")
    assert [row["month"] for row in desk.rows("cases", "missing", "--by", "month")] == ["2026-11", "2026-12"]


def test_a_lack_of_a_stage_with_two_officers_counts_for_both(desk, tmp_path):
    both = case_row(case="A1", stage="听证", officers="FY8、FY9", start="2026-11-18 09:00", end="2026-11-18 09:10")
    desk("cases", "import", case_table(tmp_path / "b.xlsx", both), "--apply")
    assert [row["officer"] for row in desk.rows("cases", "missing", "--by", "officer") if row["no_footage"]] == [
        "FY2",
        "FY8",
        "FY9",
    ]


def test_a_gap_in_a_stage_of_the_whole_course_is_named_to_the_second(desk, kit):
    examined(kit, "090000.mp4", 900, seen=PRINTED)
    (row,) = [row for row in desk.rows("cases", "missing") if row["what"] == "gap"]
    assert (row["stage"], row["gap_seconds"], row["gap_start"]) == ("现场检查", 300, "2026-11-16T01:15:00.000000Z")


def test_a_gap_in_a_key_stage_is_no_lack(desk, kit):
    examined(kit, "100000.mp4", 60, seen=PRINTED)
    assert whats(desk, "--case", CASE) == []


def test_a_covered_lens_makes_cannot_tell_and_never_not_seen(desk, kit):
    examined(kit, "100000.mp4", 600, faults=("dark",))
    assert whats(desk, "--case", CASE) == [(CASE, "直接送达", "cannot_tell", "notice_given")]


def test_a_segment_that_no_installed_check_speaks_for_is_cannot_tell(desk, kit):
    examined(kit, "100000.mp4", 600, looked=("id_shown",))
    assert whats(desk, "--case", CASE) == [(CASE, "直接送达", "cannot_tell", "notice_given")]


def test_footage_that_cannot_be_decoded_is_cannot_tell(desk, kit):
    assert desk("check", clip_id(kit, "100000.mp4")).code == 0  # three thousand bytes of no video
    assert whats(desk, "--case", CASE) == [(CASE, "直接送达", "cannot_tell", "notice_given")]


def test_a_case_that_is_not_known_is_shown_with_code_32(desk):
    said = desk("cases", "show", "综执罚字〔2026〕99号")
    assert (said.code, "没有案件 综执罚字〔2026〕99号" in said.out) == (32, True)


def test_a_case_is_shown_with_coverage_marks_clip_and_moment(desk):
    out = desk("cases", "show", CASE).out
    assert "1200/1200 秒" in out
    assert "抽检已见" in out
    (mark, *_) = [row for row in desk.rows("cases", "show", CASE) if row["item"] == "亮证"]
    assert mark["basis"].startswith("DCAM_Z3A0017_041007_20261116_090000.mp4，09:01:05，第 1:05")


@pytest.mark.parametrize(("since", "segment"), [("2026-11-16", "served"), ("2026-11-17", "notice_given")])
def test_a_stage_of_the_16th_is_judged_by_the_list_in_force_on_the_16th(desk, tmp_path, since, segment):
    path = tmp_path / "清单.toml"
    item = 'code = "1"\nstage = "直接送达"\nmode = "key"\nsegments = ["served"]\n'
    path.write_text(f'name = "严"\nversion = "2"\nin_force_from = {since}\n[[item]]\n{item}', "utf-8")
    assert desk("checklist", "adopt", path, "--by", "FY9").code == 0
    assert [row["segment"] for row in desk.rows("cases", "missing", "--case", CASE)] == [segment]


def test_a_stage_that_the_list_does_not_name_lacks_nothing_and_is_shown_as_not_listed(desk, tmp_path):
    desk("cases", "import", case_table(tmp_path / "b.xlsx", case_row(case="A1", stage="信访接待")), "--apply")
    assert desk("cases", "missing", "--case", "A1").code == 0
    assert "清单未列" in desk("cases", "list").out


def test_rows_are_sorted_as_asked(desk):
    rows = {sort: desk.rows("cases", "missing", "--sort", sort) for sort in ("case", "days", "start", "unit", "what")}
    assert [row["start"] for row in rows["start"]] == sorted(row["start"] for row in rows["start"])
    assert [row["unit"] for row in rows["unit"]] == sorted(row["unit"] for row in rows["unit"])
    assert [row["days_open"] for row in rows["days"]] == sorted((row["days_open"] for row in rows["days"]), reverse=True)
    assert {len(each) for each in rows.values()} == {len(rows["case"])}
