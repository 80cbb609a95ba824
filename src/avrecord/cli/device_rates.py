"""`devices availability` and `devices sufficiency`: two ratios, each with the rows behind it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Command, Session, at_least, joined, session
from avrecord.cli.clips import DAY
from avrecord.cli.output import Answer, Column, formats, give, words
from avrecord.errors import UnknownName
from avrecord.ledger.chart import Bar, Panel, bars_svg
from avrecord.ledger.write import Chart, save_text
from avrecord.model.device import Availability
from avrecord.model.plan import Sufficiency
from avrecord.pipeline.care import Month, conditions, of_months, registered
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.planning import enough
from avrecord.words import DUTY_BASIS, LOST_DAY, UNITLESS

FORMULA = "设备完好率 = 完好台日 ÷ 在用台日"
RULE = "法规未规定完好率的具体数值，是否满足日常使用由单位判断。同一台同一天有多个原因只计一个损失台日。"
RATIOS = "没有全国统一的数：本溪、长治 A 类每 3 人，长治 B 类每 5 人，无极每 2 人，魏县每人 1 台。"
LONGEST = 60
LOST = [
    Column("recorder", "设备编号"),
    Column("day", "日期", str),
    Column("reason", "原因", words(LOST_DAY)),
    Column("detail", "说明", width=16),
    Column("row", "出处（日志序号）"),
]


def month(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """A month as `2026-11`."""
    if value is not None and not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", value):
        raise click.UsageError(f"月份应写成 2026-11 这样：{value}")
    return value


@click.command("availability", cls=Command)
@click.option("--month", "only", metavar="月份", callback=month, help="如 2026-11：逐日列出损失台日")
@click.option("--from-month", "first", metavar="月份", callback=month, help="起始月份：按月、按单位汇总")
@click.option("--to-month", "last", metavar="月份", callback=month, help="截止月份（含），默认本月")
@click.option("--unit", default="", metavar="单位", help="只看某单位的记录仪")
@click.option("--explain", is_flag=True, help="在 JSON 中给出每个数字所依据的日志序号和片段编号")
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), metavar="文件", help="另存为图（SVG）")
@formats
@session
def availability(
    s: Session, /, only: str | None, first: str | None, last: str | None, unit: str, explain: bool, svg: Path | None, **form: Any
) -> None:
    """设备完好率：公式、每个损失台日的原因和出处；或按月、按单位汇总。"""
    if not only and not first:
        raise click.UsageError("缺少选项 '--month'（一个月）或 '--from-month'（一段月份）")
    if only and (first or last):
        raise click.UsageError("'--month' 与 '--from-month'、'--to-month' 不能同时用")
    if unit and not registered(s.kit, unit):
        known = joined(sorted({device.unit or UNITLESS for device in registered(s.kit)}))
        raise UnknownName(what="有登记设备的单位", name=f"{unit}（已有：{known}）")
    begins = only or first or ""
    months = of_months(begins, only or _last(begins, last, s), s.kit, unit)
    if not months:
        raise click.UsageError(f"{begins} 尚未开始，没有可统计的日子")
    if svg:
        save_text(svg, bars_svg(f"设备完好率 {months[0].month} 至 {months[-1].month}", _panels(months), _svg_notes(months)))
        click.echo(f"已写入 {svg}", err=True)
    give(_of_one(months[0], unit, explain, s.kit) if only else _of_range(months, unit, explain, s.kit), **form)


def _last(first: str, last: str | None, s: Session) -> str:
    found = last or max(first, f"{s.kit.today:%Y-%m}")
    if found < first:
        raise click.UsageError(f"截止月份 {found} 早于起始月份 {first}")
    if (int(found[:4]) - int(first[:4])) * 12 + int(found[5:]) - int(first[5:]) >= LONGEST:
        raise click.UsageError(f"一次最多 {LONGEST} 个月")
    return found


def _of_one(month: Month, unit: str, explain: bool, kit: Kit) -> Answer:
    found = month.whole
    rows = [_lost_row(lost) for lost in found.lost]
    notes = [
        f"{FORMULA} = {found.serviceable_days} ÷ {found.in_service_days} = {percent(found)}（{found.since} 至 {found.until}）",
        RULE,
    ]
    serials = {serial for serial, _ in found.per_device}
    never = [c.device.serial for c in conditions(kit) if c.device.serial in serials and c.last_docked is None]
    if never:
        notes.append(f"从未停靠的设备没有状况事实，除已登记的事件外按完好计：{joined(never)}")
    per_device = dict(found.per_device)
    notes.append(f"各设备在用台日：{joined(f'{serial} {days}' for serial, days in per_device.items())}")
    extra = {
        "per_device": per_device, "never_docked": never,
        "month": month.month, "unit": unit or None, "since": found.since, "until": found.until,
        "in_service_days": found.in_service_days, "serviceable_days": found.serviceable_days, "rate": found.rate,
        "formula": "serviceable_days / in_service_days",
    }  # fmt: skip
    if explain:
        extra["explain"] = _explained(found, kit)
    return Answer("availability", f"{month.month} 损失台日", LOST, rows, extra, notes)


def _of_range(months: list[Month], unit: str, explain: bool, kit: Kit) -> Answer:
    rows = []
    for month in months:
        parts: list[tuple[str | None, Availability]] = [] if unit else list(month.units.items())
        for name, found in (*parts, (None, month.whole)):
            rows.append(
                {
                    "month": month.month,
                    "unit": (unit or None) if name is None else name,
                    "total": name is None,
                    "in_service_days": found.in_service_days,
                    "lost_days": found.in_service_days - found.serviceable_days,
                    "serviceable_days": found.serviceable_days,
                    "rate": found.rate,
                    "by_reason": _by_reason(found),
                }
                | ({"explain": _explained(found, kit)} if explain else {})
            )
    columns = [
        Column("month", "月份"),
        Column("unit", "执法单位", lambda name: UNITLESS if name == "" else name or "合计", 12),
        Column("in_service_days", "在用台日"),
        Column("lost_days", "损失台日"),
        Column("serviceable_days", "完好台日"),
        Column("rate", "完好率", lambda rate: "—" if rate is None else f"{rate:.2%}"),
        Column("by_reason", "损失原因（台日）", lambda by: joined(f"{LOST_DAY[reason]} {n}" for reason, n in by.items()), 24),
    ]
    notes = [
        f"{FORMULA}；各单位台日之和等于合计。",
        RULE + "同日有多个原因的，各原因之和可能大于损失台日。",
        "某天哪台为何损失：devices availability --month 月份；每个数字的日志序号：加 --explain --json。",
    ]
    if (months[-1].whole.until + timedelta(days=1)).day != 1:
        notes.append(f"最后一个月统计到 {months[-1].whole.until}。")
    extra = {
        "from": months[0].month,
        "to": months[-1].month,
        "unit": unit or None,
        "formula": "serviceable_days / in_service_days",
    }
    rates: list[float | None] = [month.whole.rate for month in months]
    chart = Chart("完好率图", "设备完好率（合计）", "月份", [month.month for month in months], {"完好率": rates})
    return Answer("availability_by_month", "设备完好率（按月、按单位）", columns, rows, extra, notes, charts=[chart])


def _lost_row(lost: Any) -> dict[str, Any]:
    return {
        "recorder": lost.serial, "day": lost.day, "reason": lost.reason, "detail": lost.detail, "row": lost.row,
        "clip": lost.clip or None,
    }  # fmt: skip


def _by_reason(found: Availability) -> dict[str, int]:
    days: dict[str, set[tuple[str, Any]]] = {}
    for lost in found.lost:
        days.setdefault(lost.reason, set()).add((lost.serial, lost.day))
    return {reason: len(each) for reason, each in sorted(days.items())}


def _explained(found: Availability, kit: Kit) -> dict[str, Any]:
    """The rows of every number: who was in service by which leaf, and each lost day with its leaf and clip."""
    rows = {device.serial: device for device in kit.records.devices()}
    spans = kit.records.spans(found.since, found.until)
    retired = {span.serial: span.row for span in spans if span.event == "retired"}
    return {
        "in_service": [
            {"recorder": serial, "days": days, "row": rows[serial].row, "retired_row": retired.get(serial)}
            for serial, days in found.per_device
        ],
        "lost": [_lost_row(lost) for lost in found.lost],
    }


def percent(found: Availability) -> str:
    return "—（没有在用设备）" if found.rate is None else f"{found.rate:.2%}"


def _panels(months: list[Month]) -> list[Panel]:
    whole = Panel("全部记录仪", [_bar(month.month, month.whole) for month in months])
    names = sorted({name for month in months for name in month.units})
    if len(names) < 2:
        return [Panel(names[0] or UNITLESS if names else "全部记录仪", whole.bars)]
    return [whole, *(Panel(name or UNITLESS, [_bar(m.month, m.units[name]) for m in months]) for name in names)]


def _bar(label: str, found: Availability) -> Bar:
    if found.rate is None:
        return Bar(label, None, "没有在用设备")
    return Bar(label, found.rate, f"{found.rate:.1%}（{found.serviceable_days}/{found.in_service_days} 台日）")


def _svg_notes(months: list[Month]) -> list[str]:
    return [f"{FORMULA}；统计到 {months[-1].whole.until}。{RULE}"]


@click.command("sufficiency", cls=Command)
@click.option("--day", type=DAY, metavar="日期", help="哪一天，默认今天")
@click.option("--per", type=int, callback=at_least(1), metavar="人数", help="每几名当班人员应有 1 台，默认按设置")
@click.option("--unit", default="", metavar="单位", help="只看某单位")
@click.option("--explain", is_flag=True, help="在 JSON 中列出每个人、每台设备和出处")
@formats
@session
def sufficiency(s: Session, /, day: datetime | None, per: int | None, unit: str, explain: bool, **form: Any) -> None:
    """够不够用：各单位完好的记录仪与当日当班人员。"""
    on = day.date() if day else s.kit.today
    found = [each for each in enough(on, s.kit, per) if not unit or each.unit == unit]
    rows = [_enough_row(each, explain) for each in found]
    columns = [
        Column("unit", "执法单位", lambda name: name or UNITLESS, 12),
        Column("officers", "当班人数"),
        Column("basis", "当班依据", lambda found: joined(f"{DUTY_BASIS[b]} {n}" for b, n in found.items()), 14),
        Column("assistants", "协管（不计）"),
        Column("needed", "需要（台）"),
        Column("serviceable", "完好（台）"),
        Column("short", "缺（台）"),
        Column("out", "当日不可用", lambda out: joined(f"{o['recorder']} {LOST_DAY[o['reason']]}" for o in out), 20),
    ]
    per = found[0].per if found else per or s.kit.settings.care.officers_per_recorder
    notes = [
        f"{on}：每 {per} 名当班人员 1 台（care.officers_per_recorder）。{RATIOS}",
        "有值班表（officers duty 导入）的单位以值班表为准；没有的以当日案件环节和领用记录推算。",
    ]
    short = sum(each.short for each in found)
    extra = {"day": on, "officers_per_recorder": per, "short": short}
    give(Answer("sufficiency", f"{on} 记录仪够不够用", columns, rows, extra, notes), **form)


def _enough_row(each: Sufficiency, explain: bool) -> dict[str, Any]:
    basis: dict[str, int] = {}
    for officer in each.officers:
        basis[officer.basis] = basis.get(officer.basis, 0) + 1
    row = {
        "unit": each.unit,
        "officers": len(each.officers),
        "basis": basis,
        "assistants": len(each.assistants),
        "needed": each.needed,
        "serviceable": len(each.serviceable),
        "short": each.short,
        "out": [_lost_row(lost) for lost in each.lost],
    }
    if explain:
        people = (*each.officers, *each.assistants)
        row["explain"] = {
            "on_duty": [{"officer": p.officer, "basis": p.basis, "row": p.row, "counted": p in each.officers} for p in people],
            "serviceable": [{"recorder": device.serial, "row": device.row} for device in each.serviceable],
        }
    return row
