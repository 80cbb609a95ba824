"""`devices assign`, `event` and `flags`: who carries a recorder, what happened to it, and whether that is in order."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click

from avrecord.cli.base import Command, Session, by_option, number, session
from avrecord.cli.clips import DAY
from avrecord.cli.output import formats, give
from avrecord.ledger.fleet import fen
from avrecord.model.statement import DeviceAssigned, DeviceEvent
from avrecord.pipeline.holding import assign as assign_by_hand
from avrecord.pipeline.holding import flagged, happen
from avrecord.pipeline.link import link_all
from avrecord.reads.answer import Answer, Column, words
from avrecord.words import DEVICE_EVENTS, DEVICE_FLAGS

EVENTS = {chinese: code for code, chinese in DEVICE_EVENTS.items()} | {code: code for code in DEVICE_EVENTS}
LONGEST_NOTE = 200


def money(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    """Yuan as typed, whole fen within."""
    try:
        return fen(value or "")
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command("assign", cls=Command)
@click.argument("serial", metavar="设备编号")
@click.argument("officer", metavar="执法证号", callback=number)
@click.option("--from", "since", type=DAY, required=True, metavar="日期", help="领用日期（含当日）")
@click.option("--to", "until", type=DAY, metavar="日期", help="归还日期（含当日）；不填为仍在使用")
@by_option
@session
def assign(s: Session, /, serial: str, officer: str, since: datetime, until: datetime | None, by: str) -> None:
    """登记领用：谁从哪天起使用哪台记录仪（同人同日再登记即更新归还日期）。"""
    _in_order(since, until)
    body = DeviceAssigned(recorder=serial, officer=officer, since=_day(since), until=_day(until) if until else None)
    overlapping = assign_by_hand(body, by, s.kit)
    made, withdrawn = link_all(s.kit)
    end = f"至 {body.until}" if body.until else "起"
    click.echo(f"已登记：{serial} 由 {officer} 使用，{body.since} {end}。新增关联 {made} 条，撤销 {withdrawn} 条")
    if officer not in s.kit.records.officers():
        click.echo(f"注意：执法证号 {officer} 不在名册中，见 devices flags。", err=True)
    for overlap in overlapping:
        span = f"{overlap.since} 至 {overlap.until or '今'}"
        click.echo(f"注意：{span} 同时领给 {'、'.join(overlap.officers)}（共用，未拒绝）。", err=True)


@click.command("event", cls=Command)
@click.argument("serial", metavar="设备编号")
@click.argument("kind", metavar="事件", type=click.Choice(list(EVENTS)))
@click.option("--from", "since", type=DAY, required=True, metavar="日期", help="开始日期（含当日）")
@click.option("--to", "until", type=DAY, metavar="日期", help="结束日期（含当日）；不填为仍在继续")
@click.option("--cost", metavar="元", callback=money, help="费用，如 128.50")
@click.option("--note", default="", metavar="说明", help="不超过 200 字，不要写姓名")
@by_option
@session
def event(
    s: Session, /, serial: str, kind: str, since: datetime, until: datetime | None, cost: int | None, note: str, by: str
) -> None:
    """登记设备事件：送修、故障、检修、恢复、报废。"""
    _in_order(since, until)
    if len(note) > LONGEST_NOTE:
        raise click.UsageError(f"说明过长（{len(note)} 字，最多 {LONGEST_NOTE} 字）")
    body = DeviceEvent(
        recorder=serial, event=EVENTS[kind], since=_day(since), until=_day(until) if until else None, note=note, cost_fen=cost
    )
    said = f"{serial} {DEVICE_EVENTS[body.event]}，{body.since} {f'至 {body.until}' if body.until else '起'}"
    click.echo(f"已登记：{said}" if happen(body, by, s.kit) else f"已有同样的记录，未重复写入：{said}")


@click.command("flags", cls=Command)
@click.option("--day", type=DAY, metavar="日期", help="哪一天，默认今天")
@formats
@session
def flags(s: Session, /, day: datetime | None, **form: Any) -> None:
    """持有人有问题的记录仪：协管、执法证过期、不在名册、共用、停用仍领用。"""
    on = day.date() if day else s.kit.today
    found = flagged(on, s.kit)
    rows = [
        {
            "recorder": flag.recorder, "flag": flag.kind, "officer": flag.officer, "detail": flag.detail,
            "rows": list(flag.rows),
        }
        for flag in found
    ]  # fmt: skip
    columns = [
        Column("recorder", "设备编号"),
        Column("flag", "标记", words(DEVICE_FLAGS), 14),
        Column("officer", "执法证号", width=12),
        Column("detail", "说明", width=14),
        Column("rows", "出处（日志序号）", "、".join, 12),
    ]
    held = sum(each.covers(on.isoformat()) for each in s.kit.records.assignments())
    notes = [f"{on} 有领用 {held} 条，有标记 {len(found)} 处。证件有效期以最近一次导入的名册为准。"]
    give(Answer("device_flags", f"{on} 需要处理的领用", columns, rows, {"day": on, "assignments": held}, notes), **form)


def _in_order(since: datetime, until: datetime | None) -> None:
    if until and until < since:
        raise click.UsageError(f"结束日期 {until:%Y-%m-%d} 早于开始日期 {since:%Y-%m-%d}")


def _day(value: date) -> str:
    return f"{value:%Y-%m-%d}"
