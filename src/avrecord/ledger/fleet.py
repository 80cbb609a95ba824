"""Recorders, their assignments and events, and the officers, from workbooks with Chinese headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from avrecord.errors import BadInput
from avrecord.ledger.read import Aliases, Table, day, identifier, read_table, text
from avrecord.model.statement import Body, DeviceAssigned, DeviceEvent, DeviceRegistered
from avrecord.words import DEVICE_EVENTS

DEVICES = {
    "recorder": ("设备编号", "记录仪编号", "执法记录仪编号", "产品序号"),
    "model": ("型号", "设备型号"),
    "unit": ("执法单位", "单位", "使用单位"),
    "bought_on": ("购买日期", "购置日期"),
    "warranty_until": ("保修到期", "保修日期", "保修期至"),
    "life": ("使用年限(年)", "使用年限", "年限"),
    "state": ("状态", "设备状态"),
    "price": ("购置价格(元)", "购置价格", "购置金额", "单价(元)", "单价", "价格(元)", "价格"),
}
ASSIGNMENTS = {
    "recorder": DEVICES["recorder"],
    "officer": ("执法证号", "证号"),
    "since": ("启用日期", "领用日期"),
    "until": ("停用日期", "归还日期"),
}
EVENTS = {
    "recorder": DEVICES["recorder"],
    "event": ("事件", "事件类型"),
    "since": ("日期", "开始日期"),
    "until": ("结束日期",),
    "note": ("说明", "备注"),
    "cost": ("维修费用(元)", "维修费用", "费用(元)", "费用"),
}
OFFICERS = {
    "officer": ("执法证号", "证号"),
    "name": ("姓名",),
    "unit": ("执法单位", "单位"),
    "category": ("人员类别", "类别"),
    "valid_until": ("执法证有效期至", "有效期至"),
}
OUT_OF_SERVICE = ("停用", "报废", "已报废", "封存")
MOST_FEN = 10**11  # a thousand million yuan: more is a slip of the columns
FULL_WIDTH = str.maketrans("０１２３４５６７８９．，", "0123456789.,")
EVENT_OF = {chinese: event for event, chinese in DEVICE_EVENTS.items()}


@dataclass(frozen=True, slots=True)
class Fleet:
    """Statements to make, and rows that are not valid with sheet, row number and reason."""

    bodies: tuple[Body, ...]
    invalid: tuple[tuple[str, int, str], ...]


def read_fleet(path: Path) -> Fleet:
    """Read the sheets 设备, 领用 and 设备事件; the last two may be missing.

    Raises BadInput when 设备 is not there.
    """
    if path.suffix.lower() in (".csv", ".txt"):
        return _only_devices(path)
    bodies: list[Body] = []
    invalid: list[tuple[str, int, str]] = []
    sheets: tuple[tuple[str, Aliases, Sequence[str], Callable[[dict[str, Any]], Body]], ...] = (
        ("设备", DEVICES, ("recorder",), _device),
        ("领用", ASSIGNMENTS, ("recorder", "officer", "since"), _assignment),
        ("设备事件", EVENTS, ("recorder", "event", "since"), _event),
    )
    for sheet, aliases, required, make in sheets:
        table = _optional(path, sheet, aliases, required)
        for number, row in table.rows if table else ():
            try:
                bodies.append(make(row))
            except ValueError as error:
                invalid.append((sheet, number, str(error)))
    return Fleet(tuple(bodies), tuple(invalid))


def _only_devices(path: Path) -> Fleet:
    """A csv holds one table: the recorders."""
    bodies, invalid = [], []
    for number, row in read_table(path, DEVICES, ("recorder",)).rows:
        try:
            bodies.append(_device(row))
        except ValueError as error:
            invalid.append(("设备", number, str(error)))
    return Fleet(tuple(bodies), tuple(invalid))


def read_officers(path: Path) -> list[dict[str, str | None]]:
    """Rows of the roster: officer (执法证号), name, unit, category, valid_until."""
    table = read_table(path, OFFICERS, ("officer", "name"))
    rows: list[dict[str, str | None]] = [
        {
            "officer": _number(row["officer"], number, path),
            "name": text(row["name"]),
            "unit": text(row["unit"]),
            "category": text(row["category"]) or "执法人员",
            "valid_until": _iso(_until(row["valid_until"], number, path)),
        }
        for number, row in table.rows
        if text(row["officer"])
    ]
    return list({str(row["officer"]): row for row in rows}.values())  # of two rows for one officer the later counts


def _number(value: object, number: int, path: Path) -> str:
    try:
        return identifier(value)
    except ValueError as error:
        raise BadInput(path=path, detail=f"第 {number} 行：{error}") from error


def _until(value: object, number: int, path: Path) -> date | None:
    if text(value) in ("长期", "永久", "长期有效"):
        return None
    try:
        return day(value)
    except ValueError as error:
        raise BadInput(path=path, detail=f"第 {number} 行：{error}") from error


def _optional(path: Path, sheet: str, aliases: Aliases, required: Sequence[str]) -> Table | None:
    try:
        return read_table(path, aliases, required, sheet)
    except BadInput as error:
        if sheet == "设备" or "没有名为" not in str(error.facts["detail"]):
            raise
        return None


def _device(row: dict[str, Any]) -> Body:
    years = text(row["life"])
    if years and not years.replace(".", "", 1).isdigit():
        raise ValueError(f"使用年限不是数字：{years}")
    return DeviceRegistered(
        recorder=_serial(row),
        model=text(row["model"]) or None,
        unit=text(row["unit"]) or None,
        bought_on=_iso(day(row["bought_on"])),
        warranty_until=_iso(day(row["warranty_until"])),
        service_life_months=round(float(years) * 12) if years else None,
        in_service=text(row["state"]) not in OUT_OF_SERVICE,
        price_fen=fen(row["price"]),
    )


def _assignment(row: dict[str, Any]) -> Body:
    since = day(row["since"])
    if since is None or not text(row["officer"]):
        raise ValueError("启用日期或执法证号为空")
    if len(re.split(r"[、,，;；/\s]+", text(row["officer"]))) > 1:
        raise ValueError("一行只能填一个执法证号，请分行填写")
    return DeviceAssigned(
        recorder=_serial(row),
        officer=identifier(row["officer"]),
        since=since.isoformat(),
        until=_iso(_not_before(since, day(row["until"]))),
    )


def _event(row: dict[str, Any]) -> Body:
    since, event = day(row["since"]), EVENT_OF.get(text(row["event"]))
    if since is None or event is None:
        raise ValueError(f"事件或日期不对：{text(row['event'])}（可用：{'、'.join(EVENT_OF)}）")
    return DeviceEvent(
        recorder=_serial(row),
        event=event,
        since=since.isoformat(),
        until=_iso(_not_before(since, day(row["until"]))),
        note=text(row["note"])[:200],
        cost_fen=fen(row["cost"]),
    )


def fen(value: object) -> int | None:
    """An amount in yuan as whole fen; None where the cell is empty. Raises ValueError for what is no amount.

    A cell may be a number, or text such as `￥1,280.00` or `1280元`; a third decimal place is refused, not rounded.
    """
    said = text(value).translate(FULL_WIDTH).strip("￥¥元 ").replace(",", "")
    if not said:
        return None
    try:
        amount = Decimal(said) * 100
        whole = int(amount)
    except (ArithmeticError, ValueError) as error:
        raise ValueError(f"金额不是数字：{text(value)}") from error
    if amount != whole or not 0 <= whole <= MOST_FEN:
        raise ValueError(f"金额应是不小于零、最多两位小数的元：{text(value)}")
    return whole


def _not_before(since: date, until: date | None) -> date | None:
    if until and until < since:
        raise ValueError(f"结束日期 {until} 早于开始日期 {since}")
    return until


def _serial(row: dict[str, Any]) -> str:
    serial = identifier(row["recorder"])
    if not serial:
        raise ValueError("设备编号为空")
    return serial


def _iso(value: date | None) -> str | None:
    return value.isoformat() if value else None
