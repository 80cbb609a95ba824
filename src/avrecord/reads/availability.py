"""设备完好率: the ratio, and the rows behind it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from avrecord.ledger.chart import Bar, Panel, bars_svg
from avrecord.ledger.write import Chart
from avrecord.model.device import Availability
from avrecord.pipeline.care import Month, conditions
from avrecord.pipeline.kit import Kit
from avrecord.reads.answer import Answer, Column, joined, words
from avrecord.words import LOST_DAY, UNITLESS

FORMULA = "设备完好率 = 完好台日 ÷ 在用台日"
RULE = "法规未规定完好率的具体数值，是否满足日常使用由单位判断。同一台同一天有多个原因只计一个损失台日。"
LOST = [
    Column("recorder", "设备编号"),
    Column("day", "日期", str),
    Column("reason", "原因", words(LOST_DAY)),
    Column("detail", "说明", width=16),
    Column("row", "出处（日志序号）"),
]


def of_one(month: Month, unit: str, explain: bool, kit: Kit) -> Answer:
    """A month's lost days, one by one."""
    found = month.whole
    rows = [lost_row(lost) for lost in found.lost]
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


def of_range(months: list[Month], unit: str, explain: bool, kit: Kit) -> Answer:
    """Months by unit, with a native chart."""
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


def lost_row(lost: Any) -> dict[str, Any]:
    """A lost day, its reason, and the leaf or clip that says so."""
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
        "lost": [lost_row(lost) for lost in found.lost],
    }


def percent(found: Availability) -> str:
    """The ratio in words; none where nothing was in service."""
    return "—（没有在用设备）" if found.rate is None else f"{found.rate:.2%}"


def plot(months: list[Month]) -> str:
    """The months as a drawing (SVG), all recorders and unit by unit."""
    return bars_svg(f"设备完好率 {months[0].month} 至 {months[-1].month}", _panels(months), _svg_notes(months))


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
