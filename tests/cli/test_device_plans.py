"""Rates over months, enough for a day, and the three plans, as table, JSON, CSV, workbook and picture."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
import zipfile

import pytest
from openpyxl import load_workbook

from cli.desk import EAST, WEST, Desk, cases_file, examined
from conftest import pattern
from ledger.ledger_files import book

DEVICES = [
    ("设备编号", "型号", "单位", "购买日期", "使用年限(年)", "购置价格(元)"),
    ("Z3A0017", "DCAM", EAST, "2026-01-01", 5, 1280),
    ("Z3A0018", "DCAM", EAST, "2020-03-01", 5, 1500),
    ("Z3A0021", "DCAM", WEST, "2024-11-11", 5, 1280),
]
HELD = [("设备编号", "执法证号", "启用日期"), ("Z3A0017", "FY1", "2026-01-01"), ("Z3A0021", "FY2", "2026-11-11")]
EVENTS = [
    ("设备编号", "日期", "结束日期", "事件", "说明", "费用(元)"),
    ("Z3A0021", "2026-09-12", "2026-09-14", "送修", "更换电池", 300),
    ("Z3A0021", "2026-10-30", "2026-11-02", "送修", "主板", 400),
    ("Z3A0017", "2026-11-01", "2026-11-01", "检修", None, None),
]
RANGE = ("devices", "availability", "--from-month", "2026-09")


@pytest.fixture
def desk(kit, dcam, dock, tmp_path, monkeypatch, capsys) -> Desk:
    """Today is the 21st of November."""
    made = Desk(kit.root, monkeypatch, capsys)
    dock(dcam({"VIDEO/090000.mp4": pattern(3000), "VIDEO/100000.mp4": pattern(3000, 2)}))
    made("devices", "import", book(tmp_path / "设备.xlsx", 设备=DEVICES, 领用=HELD, 设备事件=EVENTS))
    return made


def test_months_and_units_add_up_and_each_is_what_the_month_alone_says(desk):
    rows = desk.rows(*RANGE)
    totals = {row["month"]: row for row in rows if row["total"]}
    assert list(totals) == ["2026-09", "2026-10", "2026-11"]
    for month, total in totals.items():
        parts = [row for row in rows if row["month"] == month and not row["total"]]
        assert {part["unit"] for part in parts} == {EAST, WEST}
        for key in ("in_service_days", "lost_days", "serviceable_days"):
            assert sum(part[key] for part in parts) == total[key]
        alone = desk("devices", "availability", "--month", month, "--json").json
        assert [alone[key] for key in ("in_service_days", "serviceable_days", "rate")] == [
            total[key] for key in ("in_service_days", "serviceable_days", "rate")
        ]
    assert totals["2026-09"]["lost_days"] == 3
    assert totals["2026-10"]["by_reason"] == {"repair": 2}
    assert totals["2026-11"]["by_reason"] == {"repair": 2, "service": 1}


def test_every_number_is_explained_by_leaves_of_the_log_and_clips(desk, kit):
    examined(kit, "090000.mp4", 600, faults=("frozen",))
    rows = desk.rows(*RANGE, "--explain")
    kit.log.refresh()
    for row in rows:
        why = row["explain"]
        assert sum(each["days"] for each in why["in_service"]) == row["in_service_days"]
        assert len({(lost["recorder"], lost["day"]) for lost in why["lost"]}) == row["lost_days"]
        for each in (*why["in_service"], *why["lost"]):
            at = int(each["row"].removeprefix("log:"))
            ((_, entry),) = kit.log.entries(at, at + 1)
            assert (each.get("clip") or each["recorder"]).encode() in entry
    clips = {lost["clip"] for row in rows for lost in row["explain"]["lost"] if lost["reason"] == "frozen"}
    assert clips == {clip.id.hex for clip in kit.records.clips() if clip.name.endswith("090000.mp4")}


def test_one_unit_is_the_part_of_its_recorders(desk):
    alone = desk.rows(*RANGE, "--unit", WEST)
    assert [row["in_service_days"] for row in alone] == [30, 31, 21]
    said = desk(*RANGE, "--unit", "北山大队")
    assert (said.code, EAST in said.err) == (32, True)


@pytest.mark.parametrize(
    "words",
    [
        (), ("--month", "2026-11", "--from-month", "2026-10"), ("--month", "2026-11", "--to-month", "2026-12"),
        ("--from-month", "2026-11", "--to-month", "2026-10"),
        ("--from-month", "2026-13"), ("--from-month", "2020-01", "--to-month", "2026-01"), ("--from-month", "2027-01"),
    ],
)  # fmt: skip
def test_a_range_that_makes_no_sense_is_said_so(desk, words):
    said = desk("devices", "availability", *words)
    assert (said.code, "Traceback" in said.err) == (2, False)


def test_the_picture_holds_the_numbers_of_the_table(desk, tmp_path):
    desk(*RANGE, "--svg", tmp_path / "a.svg")
    words = [text.text for text in ET.parse(tmp_path / "a.svg").getroot().iter("{http://www.w3.org/2000/svg}text")]
    for row in desk.rows(*RANGE):
        assert f"{row['rate']:.1%}（{row['serviceable_days']}/{row['in_service_days']} 台日）" in words
    said = desk(*RANGE, "--svg", tmp_path / "no" / "a.svg")
    assert (said.code, "未能写入" in said.err) == (32, True)


def test_the_workbook_holds_the_rows_and_a_native_chart_of_the_same_numbers(desk, tmp_path):
    desk(*RANGE, "--xlsx", tmp_path / "a.xlsx")
    made = load_workbook(tmp_path / "a.xlsx")
    table, chart = made.worksheets
    assert table["A2"].value == "月份"
    assert [cell.value for cell in chart["A"][1:]] == ["2026-09", "2026-10", "2026-11"]
    assert [cell.value for cell in chart["B"][1:]] == [row["rate"] for row in desk.rows(*RANGE) if row["total"]]
    with zipfile.ZipFile(tmp_path / "a.xlsx") as package:
        assert "xl/charts/chart1.xml" in package.namelist()


def test_enough_for_a_day_is_counted_by_stages_and_hands_where_no_roster_says_otherwise(desk, tmp_path):
    desk("cases", "import", cases_file(tmp_path), "--apply")
    rows = {row["unit"]: row for row in desk.rows("devices", "sufficiency", "--day", "2026-11-16")}
    assert (rows[EAST]["officers"], rows[EAST]["needed"], rows[EAST]["serviceable"], rows[EAST]["short"]) == (2, 1, 2, 0)
    assert rows[EAST]["basis"] == {"stage": 2}


def test_a_duty_roster_is_the_whole_answer_for_its_unit(desk, tmp_path):
    duty = [("日期", "单位", "执法证号"), ("2026-11-16", EAST, "FY1、FY4、FY5、FY6、FY7")]
    said = desk("officers", "duty", book(tmp_path / "值班.xlsx", 值班=duty))
    assert said.out.startswith("读到 5 人次，新增或变更 5 人次，无效 0 行")
    found = desk("devices", "sufficiency", "--day", "2026-11-16", "--explain", "--json").json
    (east,) = [row for row in found["rows"] if row["unit"] == EAST]
    assert (east["officers"], east["needed"], east["short"], found["short"]) == (5, 3, 1, 1)
    assert {each["basis"] for each in east["explain"]["on_duty"]} == {"roster"}
    (one,) = [row for row in desk.rows("devices", "sufficiency", "--day", "2026-11-16", "--per", "5") if row["unit"] == EAST]
    assert (one["needed"], one["short"]) == (1, 0)


def test_a_recorder_past_its_life_is_to_be_retired_and_replaced_and_not_repaired(desk):
    (old, dear) = desk.rows("devices", "plan", "retire")
    assert (old["recorder"], old["due"], [r["reason"] for r in old["reasons"]]) == ("Z3A0018", "2025-03-01", ["life_over"])
    assert (dear["recorder"], [r["reason"] for r in dear["reasons"]]) == ("Z3A0021", ["repair_cost"])
    assert dear["reasons"][0]["detail"] == "维修费用 700.00 元，购置价格 1280.00 元"
    assert {row["recorder"] for row in desk.rows("devices", "plan", "repair")} == set()
    found = desk("devices", "plan", "renew", "--json").json
    assert sorted(row["replaces"] for row in found["rows"]) == ["Z3A0018", "Z3A0021"]
    assert (found["known_price_fen"], found["by_unit"]) == (278_000, {EAST: 1, WEST: 1})


def test_what_was_retired_by_an_event_is_planned_no_more(desk):
    desk("devices", "event", "Z3A0018", "报废", "--from", "2026-11-20", "--by", "FY9")
    assert [row["recorder"] for row in desk.rows("devices", "plan", "retire")] == ["Z3A0021"]


def test_a_limit_is_a_setting_and_stands_beside_the_plan(desk):
    path = desk.root / "station.toml"
    path.write_text(path.read_text("utf-8") + "\n[care]\nretire_cost_percent = 60\nservice_interval_days = 10\n", "utf-8")
    found = desk("devices", "plan", "retire", "--json").json
    assert [row["recorder"] for row in found["rows"]] == ["Z3A0018"]
    assert found["settings"]["retire_cost_percent"] == 60
    assert "60%" in desk("devices", "plan", "retire").out
    due = {row["recorder"]: row["due"] for row in desk.rows("devices", "plan", "repair")}
    assert due == {"Z3A0017": "2026-11-11", "Z3A0021": "2024-12-11"}  # the second was never docked at all


@pytest.mark.parametrize("plan", ["repair", "retire", "renew"])
def test_each_plan_comes_in_every_form_with_the_same_rows(desk, tmp_path, plan):
    words = ("devices", "plan", plan)
    rows = desk.rows(*words)
    table = list(csv.reader(io.StringIO(desk(*words, "--csv").out.removeprefix("\ufeff"))))
    assert len(table) == len(rows) + 1
    desk(*words, "--xlsx", tmp_path / "a.xlsx")
    page = load_workbook(tmp_path / "a.xlsx").worksheets[0]
    assert [cell.value for cell in page[2]] == table[0]
    for n, row in enumerate(rows):
        assert page.cell(n + 3, len(table[0])).value == "、".join(row["rows"])
        assert all(each.startswith("log:") for each in row["rows"])
