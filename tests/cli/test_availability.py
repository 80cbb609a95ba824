"""The custodian's question: 设备完好率 whose every lost day has a reason and a row, and that adds up."""

from __future__ import annotations

import re

import pytest

from cli.desk import Desk, examined, fleet_file
from conftest import pattern
from ledger.ledger_files import book

MONTH = ("devices", "availability", "--month", "2026-11")


@pytest.fixture
def desk(kit, dcam, dock, tmp_path, monkeypatch, capsys) -> Desk:
    """One recorder in use since January, one since the 11th, which was away on three days. Today is the 21st."""
    made = Desk(kit.root, monkeypatch, capsys)
    dock(dcam({"VIDEO/090000.mp4": pattern(3000), "VIDEO/100000.mp4": pattern(3000, 2)}))
    assert made("devices", "import", fleet_file(tmp_path)).code == 0
    return made


def counted(desk):
    found = desk(*MONTH, "--json").json
    return (
        found["in_service_days"],
        found["serviceable_days"],
        [(row["recorder"], row["day"], row["reason"]) for row in found["rows"]],
    )


REPAIR = [("Z3A0021", f"2026-11-{day}", "repair") for day in (12, 13, 14)]


def test_days_of_repair_are_lost_and_the_rest_served(desk):
    assert counted(desk) == (21 + 11, 29, REPAIR)


def test_the_rate_is_what_its_numbers_say(desk, kit):
    examined(kit, "090000.mp4", 600, faults=("frozen",))
    found = desk(*MONTH, "--json").json
    lost = {(row["recorder"], row["day"]) for row in found["rows"]}
    assert found["serviceable_days"] == found["in_service_days"] - len(lost)
    assert found["rate"] == found["serviceable_days"] / found["in_service_days"]
    assert (found["since"], found["until"]) == ("2026-11-01", "2026-11-21")


def test_the_formula_is_printed_with_its_numbers_and_no_threshold(desk):
    out = desk(*MONTH).out
    assert "设备完好率 = 完好台日 ÷ 在用台日 = 29 ÷ 32 = 90.62%（2026-11-01 至 2026-11-21）" in out
    assert "法规未规定完好率的具体数值" in out


def test_every_lost_day_names_the_statement_that_says_so(desk, kit):
    rows = desk(*MONTH, "--json").json["rows"]
    kit.log.refresh()
    assert rows
    for row in rows:
        ((_, entry),) = kit.log.entries(int(row["row"].removeprefix("log:")), int(row["row"].removeprefix("log:")) + 1)
        assert b'"device.event"' in entry
        assert row["recorder"].encode() in entry


@pytest.mark.parametrize("fault", ["damaged", "frozen", "mute"])
def test_a_fault_of_the_footage_costs_the_day_of_the_footage(desk, kit, fault):
    examined(kit, "090000.mp4", 600, faults=(fault,))
    assert counted(desk) == (32, 28, [("Z3A0017", "2026-11-16", fault), *REPAIR])


def test_a_day_with_two_reasons_is_lost_once_and_both_are_listed(desk, kit):
    examined(kit, "090000.mp4", 600, faults=("mute", "frozen"))
    examined(kit, "100000.mp4", 600, faults=("mute",))
    found = counted(desk)
    assert found[:2] == (32, 28)
    assert {reason for _, _, reason in found[2]} == {"mute", "frozen", "repair"}


def test_a_dark_evening_is_no_fault_of_the_recorder(desk, kit):
    examined(kit, "090000.mp4", 600, faults=("dark",))
    assert counted(desk)[1] == 29


@pytest.mark.parametrize(("ahead", "lost"), [("18:01:01", True), ("18:01:00", False), ("17:58:59", True)])
def test_a_clock_off_by_more_than_a_minute_costs_the_day_of_docking(desk, dcam, dock, ahead, lost):
    log = f"TIME_SYNC 2026-11-16 {ahead} -> 2026-11-16 18:00:00\r\n"
    dock(dcam({"VIDEO/110000.mp4": pattern(3000, 3), "LOG/x.log": log.encode()}, name="slot2"))
    assert (("Z3A0017", "2026-11-21", "clock_off") in counted(desk)[2]) is lost


def test_a_recorder_that_was_retired_is_in_service_no_more(desk, tmp_path):
    event = [("设备编号", "日期", "结束日期", "事件", "说明"), ("Z3A0017", "2026-11-11", None, "报废", None)]
    desk("devices", "import", book(tmp_path / "b.xlsx", 设备=[("设备编号",)], 设备事件=event))
    assert counted(desk)[:2] == (10 + 11, 18)


def test_a_day_before_a_recorder_was_bought_is_neither_served_nor_lost(desk, tmp_path):
    event = [("设备编号", "日期", "结束日期", "事件", "说明"), ("Z3A0021", "2026-11-09", "2026-11-11", "故障", None)]
    desk("devices", "import", book(tmp_path / "b.xlsx", 设备=[("设备编号",)], 设备事件=event))
    assert counted(desk) == (32, 28, [("Z3A0021", "2026-11-11", "fault"), *REPAIR])


def test_a_month_before_anything_was_in_service_has_no_rate(desk):
    found = desk("devices", "availability", "--month", "2025-01", "--json").json
    assert (found["in_service_days"], found["rate"], found["rows"]) == (0, None, [])
    assert "没有在用设备" in desk("devices", "availability", "--month", "2025-01").out


def test_a_past_month_is_counted_to_its_last_day(desk):
    found = desk("devices", "availability", "--month", "2026-02", "--json").json
    assert (found["until"], found["in_service_days"]) == ("2026-02-28", 28)


def test_a_recorder_only_seen_docked_is_listed_as_not_registered_and_not_counted(desk, dcam, dock):
    dock(dcam({"VIDEO/090000.mp4": pattern(3000, 9)}, serial="Z3A0099", name="slot3"))
    assert [(r["recorder"], r["state"]) for r in desk.rows("devices", "list")][-1] == ("Z3A0099", "unknown")
    assert "未登记" in desk("devices", "list").out
    assert counted(desk)[0] == 32


def test_the_list_of_recorders_shows_what_dockings_and_footage_say(desk, kit, dcam, dock):
    log = b"TIME_SYNC 2026-11-16 18:00:35 -> 2026-11-16 18:00:00\r\nBAT=55%\r\n"
    dock(dcam({"VIDEO/110000.mp4": pattern(3000, 3), "LOG/x.log": log}, name="slot2"))
    examined(kit, "090000.mp4", 600, faults=("frozen",))
    (row, other) = desk.rows("devices", "list")
    assert (row["clock_offset_s"], row["battery_percent"], row["clips"], row["faults"]) == (35.0, 55, 4, {"frozen": 1})
    assert (row["state"], row["days_since"], other["last_docked"]) == ("in_service", 0, None)


def test_bad_rows_of_a_fleet_are_told_with_sheet_and_row(desk, tmp_path):
    event = [("设备编号", "日期", "结束日期", "事件", "说明"), ("Z3A0017", "2026-11-11", None, "摔了", None)]
    said = desk("devices", "import", book(tmp_path / "b.xlsx", 设备=[("设备编号",)], 设备事件=event))
    assert (said.code, "读到 0 条，新增或变更 0 条，无效 1 行（未写入）" in said.out) == (0, True)
    assert re.search(r"设备事件\s.*\b2\s.*事件或日期不对：摔了", said.out)


def test_a_roster_is_imported_by_number(desk, tmp_path):
    path = book(tmp_path / "b.xlsx", 人员=[("执法证号", "姓名"), ("FY1", "陈立新"), ("FY2", "周敏")])
    assert [desk("officers", "import", path).out for _ in range(2)] == [
        "读到 2 人，新增或变更 2 人，无效 0 行（未写入）\n",
        "读到 2 人，新增或变更 0 人，无效 0 行（未写入）\n",
    ]
