"""A recorder's life line: registered, handed over, docked, broken, repaired, retired, each with its leaf."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from avrecord.model.moments import local_day
from avrecord.pipeline.history import History, history
from avrecord.pipeline.kit import Kit
from avrecord.reads.answer import Answer, Column, words
from avrecord.rules.plans import yuan
from avrecord.words import DEVICE_EVENTS, UNITLESS

WHAT = {"bought": "购置", "assigned": "领用", "docked": "停靠", **DEVICE_EVENTS}
COLUMNS = [
    Column("day", "日期", str),
    Column("until", "至", lambda day: str(day) if day else ""),
    Column("what", "事项", words(WHAT)),
    Column("detail", "内容", width=40),
    Column("row", "出处（日志序号）"),
]


def life_of(serial: str, kit: Kit) -> Answer:
    """Everything that is known of a recorder, in the order of days. Raises UnknownName."""
    found = history(serial, kit)
    rows = sorted((*_owned(found), *_held(serial, kit), *_events(serial, kit), *_docked(found)), key=lambda row: row["day"])
    notes = ["停靠按采集站的时钟；领用和事件按登记的日期。"]
    return Answer("device_life", f"记录仪 {serial} 的经历", COLUMNS, rows, {"recorder": serial, "count": len(rows)}, notes)


def _row(day: date, until: date | None, what: str, detail: str, row: str) -> dict[str, Any]:
    return {"day": day, "until": until, "what": what, "detail": detail, "row": row}


def _owned(found: History) -> Iterator[dict[str, Any]]:
    device = found.condition.device
    if device.bought_on:
        price = f"，{yuan(device.price_fen)} 元" if device.price_fen is not None else ""
        detail = f"{device.model or '型号不明'}，{device.unit or UNITLESS}{price}"
        yield _row(device.bought_on, None, "bought", detail, device.row)


def _held(serial: str, kit: Kit) -> Iterator[dict[str, Any]]:
    for each in kit.records.assignments():
        if each.recorder == serial:
            until = date.fromisoformat(each.until) if each.until else None
            yield _row(date.fromisoformat(each.since), until, "assigned", f"执法证号 {each.officer}", each.row)


def _events(serial: str, kit: Kit) -> Iterator[dict[str, Any]]:
    for each in kit.records.spans(date.min, date.max):
        if each.serial == serial:
            cost = f"（{yuan(each.cost_fen)} 元）" if each.cost_fen else ""
            yield _row(each.since, each.until, each.event, f"{each.note}{cost}", each.row)


def _docked(found: History) -> Iterator[dict[str, Any]]:
    for each in found.dockings:
        offset = each.row["offset_ms"]
        clock = "时钟读不出" if offset is None else f"时钟偏差 {offset / 1000:+.1f} 秒"
        yield _row(local_day(each.at), None, "docked", f"{each.row['files']} 个文件，{clock}", f"log:{each.row['seq']}")
