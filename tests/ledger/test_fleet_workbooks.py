"""Recorders, who carries them since when, what happened to them, and the roster."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from avrecord.errors import BadInput
from avrecord.ledger.fleet import read_fleet, read_officers
from avrecord.model.case import Assignment
from avrecord.model.statement import DeviceAssigned, DeviceEvent, DeviceRegistered, Statement
from avrecord.pipeline.bring import import_devices, import_officers
from avrecord.seal.codec import decode, encode
from ledger.ledger_files import book, csv_file

DEVICES = ("设备编号", "型号", "执法单位", "购买日期", "保修到期", "使用年限(年)", "状态")
ISSUED = ("设备编号", "执法证号", "启用日期", "停用日期")
EVENTS = ("设备编号", "日期", "结束日期", "事件", "说明")
ONE = ("Z3A0017", "DCAM-A5", "西园大队", date(2025, 3, 6), "2028-03-05", 5, "在用")
CARRIED = ("Z3A0017", "FY041007", datetime(2026, 3, 1), None)
REPAIR = ("Z3A0017", "2026/11/03", "2026年11月6日", "送修", "更换电池")


def fleet(tmp_path, devices=(ONE,), issued=(CARRIED,), events=(REPAIR,)):
    return book(tmp_path / "设备.xlsx", 设备=[DEVICES, *devices], 领用=[ISSUED, *issued], 设备事件=[EVENTS, *events])


def test_three_sheets_become_what_the_log_will_say(tmp_path):
    found = read_fleet(fleet(tmp_path))
    assert found.invalid == ()
    assert found.bodies == (
        DeviceRegistered(
            recorder="Z3A0017", model="DCAM-A5", unit="西园大队", bought_on="2025-03-06", warranty_until="2028-03-05",
            service_life_months=60, in_service=True,
        ),
        DeviceAssigned(recorder="Z3A0017", officer="FY041007", since="2026-03-01", until=None),
        DeviceEvent(recorder="Z3A0017", event="repair", since="2026-11-03", until="2026-11-06", note="更换电池"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("word", "event"), [("送修", "repair"), ("故障", "fault"), ("检修", "service"), ("恢复", "restored"), ("报废", "retired")]
)
def test_each_event_word_has_its_meaning(tmp_path, word, event):
    found = read_fleet(fleet(tmp_path, events=[("Z3A0017", "2026-11-03", None, word, None)]))
    assert found.bodies[-1] == DeviceEvent(recorder="Z3A0017", event=event, since="2026-11-03", until=None, note="")


@pytest.mark.parametrize(
    ("cell", "fen"),
    [
        (1280, 128_000), (1280.5, 128_050), ("1,280.50", 128_050), ("￥1280", 128_000), ("¥ 99.9元", 9990),
        ("１２８０．５", 128_050), (0, 0), (None, None), ("", None), (0.29, 29), (1.1, 110),
    ],
)  # fmt: skip
def test_a_price_in_yuan_is_whole_fen_however_it_is_written(tmp_path, cell, fen):
    path = book(tmp_path / "a.xlsx", 设备=[(*DEVICES, "购置价格(元)"), (*ONE, cell)])
    assert read_fleet(path).bodies[0].price_fen == fen


@pytest.mark.parametrize("cell", ["一千", "12.345", "-5", "NaN", "inf", "1e30", "12万"])
def test_what_is_no_amount_is_reported_and_never_guessed(tmp_path, cell):
    found = read_fleet(book(tmp_path / "a.xlsx", 设备=[(*DEVICES, "单价"), (*ONE, cell)]))
    ((sheet, row, reason),) = found.invalid
    assert (sheet, row, found.bodies) == ("设备", 2, ())
    assert reason.startswith("金额")


def test_a_repair_says_what_it_cost(tmp_path):
    path = book(tmp_path / "a.xlsx", 设备=[DEVICES], 设备事件=[(*EVENTS, "维修费用"), (*REPAIR, "350")])
    assert read_fleet(path).bodies[0].cost_fen == 35_000


def test_a_workbook_without_prices_takes_back_none(kit, tmp_path):
    import_devices(
        book(tmp_path / "a.xlsx", 设备=[(*DEVICES, "价格"), (*ONE, 1280)], 设备事件=[(*EVENTS, "费用"), (*REPAIR, 9)]), "FY9", kit
    )
    assert import_devices(fleet(tmp_path, issued=()), "FY9", kit)[1] == 0
    assert [device.price_fen for device in kit.records.devices()] == [128_000]


def test_statements_of_before_there_were_prices_are_the_same_bytes():
    body = DeviceRegistered(
        recorder="Z", model=None, unit=None, bought_on=None, warranty_until=None, service_life_months=None, in_service=True,
    )  # fmt: skip
    event = DeviceEvent(recorder="Z", event="repair", since="2026-11-03", until=None, note="")
    for said in (body, event):
        entry = encode(Statement(station="s", seq=0, at="2026-11-16T01:00:00.000000Z", by="service", body=said))
        assert b"fen" not in entry
        assert decode(entry, 0).body == said


def test_an_unknown_event_word_is_reported_with_sheet_and_row_and_what_would_do(tmp_path):
    found = read_fleet(fleet(tmp_path, events=[REPAIR, ("Z3A0017", "2026-11-09", None, "摔了", None)]))
    assert found.invalid == (("设备事件", 3, "事件或日期不对：摔了（可用：送修、故障、检修、恢复、报废）"),)
    assert len(found.bodies) == 3


@pytest.mark.parametrize(
    ("sheets", "fault"),
    [
        ({"devices": [(*ONE[:3], "不详", *ONE[4:])]}, ("设备", 2, "不是有效的日期：不详")),
        ({"devices": [(*ONE[:5], "五年", "在用")]}, ("设备", 2, "使用年限不是数字：五年")),
        ({"devices": [(None, *ONE[1:])]}, ("设备", 2, "设备编号为空")),
        ({"issued": [("Z3A0017", "FY041007", None, None)]}, ("领用", 2, "启用日期或执法证号为空")),
        ({"issued": [("Z3A0017", None, "2026-03-01", None)]}, ("领用", 2, "启用日期或执法证号为空")),
        (
            {"events": [("Z3A0017", None, None, "送修", None)]},
            ("设备事件", 2, "事件或日期不对：送修（可用：送修、故障、检修、恢复、报废）"),
        ),
    ],
)
def test_a_bad_row_is_reported_with_its_sheet_row_and_reason(tmp_path, sheets, fault):
    found = read_fleet(fleet(tmp_path, **sheets))
    assert found.invalid == (fault,)
    assert len(found.bodies) == 2


@pytest.mark.parametrize("state", ["停用", "报废", "已报废", "封存"])
def test_a_recorder_out_of_use_is_registered_but_not_in_service(tmp_path, state):
    found = read_fleet(fleet(tmp_path, devices=[(*ONE[:6], state)]))
    assert found.bodies[0].in_service is False


def test_a_serial_that_excel_made_a_number_is_text_again(tmp_path):
    assert read_fleet(fleet(tmp_path, devices=[(200315.0, *ONE[1:])])).bodies[0].recorder == "200315"


def test_the_sheet_of_devices_must_be_there(tmp_path):
    path = book(tmp_path / "a.xlsx", 领用=[ISSUED, CARRIED])
    with pytest.raises(BadInput, match="没有名为“设备”的工作表"):
        read_fleet(path)


def test_the_sheets_of_assignments_and_events_may_be_missing(tmp_path):
    assert len(read_fleet(book(tmp_path / "a.xlsx", 设备=[DEVICES, ONE])).bodies) == 1


def test_a_sheet_of_assignments_without_its_headers_is_not_taken_for_a_missing_one(tmp_path):
    path = book(tmp_path / "a.xlsx", 设备=[DEVICES, ONE], 领用=[("设备编号", "姓名"), ("Z3A0017", "陈立新")])
    with pytest.raises(BadInput, match="表头缺少：执法证号、启用日期"):
        read_fleet(path)


def test_a_second_import_of_the_fleet_states_nothing(kit, tmp_path):
    path = fleet(tmp_path)
    assert import_devices(path, "FY9", kit)[1] == 3
    size = kit.log.size
    assert (import_devices(path, "FY9", kit)[1], kit.log.size) == (0, size)


def test_only_the_changed_row_of_a_fleet_is_stated(kit, tmp_path):
    import_devices(fleet(tmp_path, events=[("Z3A0017", "2026-11-03", None, "送修", "更换电池")]), "FY9", kit)
    assert import_devices(fleet(tmp_path), "FY9", kit)[1] == 1
    (event,) = kit.records.spans(date(2026, 11, 1), date(2026, 11, 30))
    assert (event.since, event.until) == (date(2026, 11, 3), date(2026, 11, 6))


def test_an_assignment_that_ended_is_updated_and_not_doubled(kit, tmp_path):
    import_devices(fleet(tmp_path), "FY9", kit)
    import_devices(fleet(tmp_path, issued=[(*CARRIED[:3], "2026-11-10")]), "FY9", kit)
    assert kit.records.assignments() == [Assignment("Z3A0017", "FY041007", "2026-03-01", "2026-11-10")]


ROSTER = ("执法证号", "姓名", "执法单位", "人员类别", "执法证有效期至")
PEOPLE = [("FY041007", "陈立新", "西园大队", "执法人员", date(2027, 12, 31)), ("XG2031", "林小兵", "东湖大队", "协管人员", None)]


def test_a_roster_names_number_unit_category_and_validity(tmp_path):
    path = book(tmp_path / "人员.xlsx", 人员=[ROSTER, *PEOPLE])
    assert read_officers(path)[1] == {
        "officer": "XG2031", "name": "林小兵", "unit": "东湖大队", "category": "协管人员", "valid_until": None,
    }  # fmt: skip
    assert read_officers(path)[0]["valid_until"] == "2027-12-31"


def test_a_roster_without_names_is_refused(tmp_path):
    path = csv_file(tmp_path / "人员.csv", [("执法证号", "单位"), ("FY1", "东湖大队")])
    with pytest.raises(BadInput, match="表头缺少：姓名"):
        read_officers(path)


def test_a_second_import_of_the_roster_states_only_whom_it_changes(kit, tmp_path):
    path = book(tmp_path / "人员.xlsx", 人员=[ROSTER, *PEOPLE])
    assert import_officers(path, "FY9", kit) == (2, 2)
    size = kit.log.size
    assert (import_officers(path, "FY9", kit), kit.log.size) == ((2, 0), size)
    moved = book(tmp_path / "新.xlsx", 人员=[ROSTER, PEOPLE[0], (*PEOPLE[1][:2], "西园大队", *PEOPLE[1][3:])])
    assert import_officers(moved, "FY9", kit) == (2, 1)


def test_names_of_officers_stay_out_of_the_log(kit, tmp_path):
    import_officers(book(tmp_path / "人员.xlsx", 人员=[ROSTER, *PEOPLE]), "FY9", kit)
    said = b"".join(entry for _, entry in kit.log.entries(0, kit.log.size))
    assert b"roster.imported" in said
    assert "陈立新".encode() not in said
