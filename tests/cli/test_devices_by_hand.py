"""What a custodian enters by hand: who carries a recorder, what happened to it, and what is out of order."""

from __future__ import annotations

import pytest

from avrecord.seal.codec import decode
from cli.desk import EAST, WEST, Desk, fleet_file
from conftest import pattern
from ledger.ledger_files import book

PEOPLE = [
    ("执法证号", "姓名", "单位", "人员类别", "执法证有效期至"),
    ("FY1", "陈立新", EAST, "执法人员", "2027-12-31"),
    ("FY2", "周敏", WEST, "执法人员", "2026-12-01"),
    ("FY3", "何志远", WEST, "执法人员", "2026-10-30"),
    ("XG1", "林小兵", EAST, "协管人员", None),
]
BY = ("--by", "FY9")


@pytest.fixture
def desk(kit, dcam, dock, tmp_path, monkeypatch, capsys) -> Desk:
    made = Desk(kit.root, monkeypatch, capsys)
    dock(dcam({"VIDEO/090000.mp4": pattern(3000)}))
    assert made("devices", "import", fleet_file(tmp_path)).code == 0
    assert made("officers", "import", book(tmp_path / "人员.xlsx", 人员=PEOPLE)).code == 0
    return made


def last_said(kit):
    kit.log.refresh()
    ((index, entry),) = kit.log.entries(kit.log.size - 1)
    return decode(entry, index)


def flagged(desk, *words):
    return [(row["recorder"], row["flag"], row["officer"]) for row in desk.rows("devices", "flags", *words)]


def test_an_assignment_by_hand_is_a_statement_of_whoever_made_it(desk, kit):
    said = desk("devices", "assign", "Z3A0021", "FY3", "--from", "2026-11-20", "--to", "2026-11-30", *BY)
    assert said.code == 0
    made = last_said(kit)
    assert (made.body.kind, made.by, made.body.officer, made.body.until) == ("device.assigned", "FY9", "FY3", "2026-11-30")


def test_a_shared_recorder_is_told_and_not_refused(desk):
    said = desk("devices", "assign", "Z3A0017", "FY2", "--from", "2026-11-01", *BY)
    assert said.code == 0
    assert "同时领给 FY1、FY2（共用，未拒绝）" in said.err
    assert ("Z3A0017", "shared", "FY1、FY2") in flagged(desk)


def test_sharing_is_told_when_a_workbook_brings_it(desk, tmp_path):
    shared = [("设备编号", "执法证号", "启用日期"), ("Z3A0017", "FY2", "2026-11-10")]
    said = desk("devices", "import", book(tmp_path / "b.xlsx", 设备=[("设备编号",)], 领用=shared))
    assert said.code == 0
    assert "Z3A0017 在 2026-11-10 至 今 同时领给 FY1、FY2" in said.out


def test_an_officer_whom_the_roster_does_not_know_is_told_at_once(desk):
    said = desk("devices", "assign", "Z3A0021", "FY77", "--from", "2026-11-20", *BY)
    assert (said.code, "FY77 不在名册中" in said.err) == (0, True)
    assert ("Z3A0021", "not_in_roster", "FY77") in flagged(desk)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("assign", "Z9", "FY1", "--from", "2026-11-20"), 32, "没有找到记录仪“Z9"),
        (("event", "Z9", "故障", "--from", "2026-11-20"), 32, "没有找到记录仪“Z9"),
        (("assign", "Z3A0017", "陈立新", "--from", "2026-11-20"), 2, "不要填姓名"),
        (("assign", "Z3A0017", "FY1", "--from", "2026-11-20", "--to", "2026-11-19"), 2, "早于开始日期"),
        (("event", "Z3A0017", "摔了", "--from", "2026-11-20"), 2, "摔了"),
        (("event", "Z3A0017", "送修", "--from", "2026-11-20", "--cost", "一百"), 2, "金额不是数字"),
        (("event", "Z3A0017", "送修", "--from", "2026-11-20", "--note", "字" * 201), 2, "说明过长"),
    ],
)
def test_a_slip_is_refused_before_it_stands_in_the_log_for_ever(desk, kit, words, code, told):
    kit.log.refresh()
    size = kit.log.size
    said = desk("devices", *words, *BY)
    kit.log.refresh()
    assert (said.code, kit.log.size) == (code, size)
    assert told in said.err
    assert "Traceback" not in said.err


def test_an_event_by_hand_costs_what_was_typed_and_is_stated_once(desk, kit):
    words = ("devices", "event", "Z3A0017", "送修", "--from", "2026-11-18", "--to", "2026-11-19", "--cost", "128.50", *BY)
    assert desk(*words).code == 0
    assert (last_said(kit).body.event, last_said(kit).body.cost_fen) == ("repair", 12_850)
    size = kit.log.size
    assert "未重复写入" in desk(*words).out
    kit.log.refresh()
    assert kit.log.size == size
    (row, _) = desk.rows("devices", "list")
    assert (row["repairs"], row["repair_cost_fen"]) == (1, 12_850)


def test_a_fault_that_was_reported_costs_days_until_it_is_restored(desk):
    desk("devices", "event", "Z3A0017", "fault", "--from", "2026-11-16", *BY)
    (row, _) = desk.rows("devices", "list")
    assert row["open_event"] == "fault"
    desk("devices", "event", "Z3A0017", "恢复", "--from", "2026-11-18", *BY)
    lost = [r["day"] for r in desk.rows("devices", "availability", "--month", "2026-11") if r["recorder"] == "Z3A0017"]
    assert lost == ["2026-11-16", "2026-11-17"]
    (row, _) = desk.rows("devices", "list")
    assert row["open_event"] is None


def test_flags_are_those_of_the_day_asked_for(desk):
    desk("devices", "assign", "Z3A0021", "FY3", "--from", "2026-11-15", *BY)
    assert flagged(desk, "--day", "2026-11-14") == []
    assert ("Z3A0021", "expired", "FY3") in flagged(desk, "--day", "2026-11-16")


def test_each_flag_names_leaves_that_say_so(desk, kit):
    desk("devices", "assign", "Z3A0017", "XG1", "--from", "2026-11-20", *BY)
    (found,) = [row for row in desk.rows("devices", "flags") if row["flag"] == "assistant"]
    kit.log.refresh()
    kinds = []
    for row in found["rows"]:
        at = int(row.removeprefix("log:"))
        ((index, entry),) = kit.log.entries(at, at + 1)
        kinds.append(decode(entry, index).body.kind)
    assert kinds == ["device.assigned", "roster.imported"]


def test_the_list_of_officers_says_whose_certificate_holds(desk):
    rows = {row["officer"]: row for row in desk.rows("officers", "list")}
    standings = {number: row["standing"] for number, row in rows.items()}
    assert standings == {"FY1": "valid", "FY2": "expiring", "FY3": "expired", "XG1": "assistant"}
    assert (rows["FY2"]["days_left"], rows["FY1"]["recorders"]) == (10, ["Z3A0017"])
    assert {row["standing"] for row in desk.rows("officers", "list", "--within-days", "9") if row["officer"] == "FY2"} == {
        "valid"
    }


def test_the_list_of_recorders_shows_space_drift_and_flags(desk, dcam, dock):
    for n, (day, off) in enumerate((("2026-11-16", "18:00:20"), ("2026-11-17", "18:00:26"))):
        log = f"TIME_SYNC {day} {off} -> {day} 18:00:00\r\nFREE=1024MB\r\n"
        dock(dcam({f"VIDEO/11{n}000.mp4": pattern(3000, 3 + n), f"LOG/{n}.log": log.encode()}, name=f"slot{n + 2}"))
    (row, _) = desk.rows("devices", "list")
    assert row["clock_offset_s"] == 26.0
    assert row["card_bytes"] > 3000
    assert row["docking_row"].startswith("log:")
    assert (row["free_mb"], row["card_used_percent"]) in [(None, None), (1024, 0)]
    assert "从未" in desk("devices", "list").out  # of the one that never docked
