"""`devices plan`: 检修计划, 报废计划, 更新计划. Each row says why and by which leaves of the log."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import click

from avrecord.cli.base import Group, Session, at_least, joined, session
from avrecord.cli.clips import DAY
from avrecord.cli.output import Answer, Column, formats, give
from avrecord.model.plan import Planned, Reason
from avrecord.pipeline.care import registered
from avrecord.pipeline.planning import renewals, repairs, retirements
from avrecord.rules.plans import yuan
from avrecord.settings import CareTable
from avrecord.words import PLAN_REASONS, UNITLESS

PLANNED = [
    Column("due", "应办日期", str),
    Column("recorder", "设备编号"),
    Column("model", "型号"),
    Column("unit", "执法单位", lambda name: name or "—", 12),
    Column("reasons", "理由", lambda reasons: "\n".join(_said(reason) for reason in reasons), 30),
    Column("rows", "出处（日志序号）", joined, 12),
]
BUYING = [
    Column("until", "最迟到位", str),
    Column("unit", "执法单位", lambda name: name or "—", 12),
    Column("replaces", "替换设备", lambda serial: serial or "新增"),
    Column("model", "原型号", lambda model: model or "—"),
    Column("price_fen", "原价（元）", lambda fen: "—" if fen is None else yuan(fen)),
    Column("reasons", "理由", lambda reasons: "\n".join(_said(reason) for reason in reasons), 30),
    Column("rows", "出处（日志序号）", joined, 12),
]
NO_LAW = "这些天数、次数、比例没有法规规定，是本单位的设置（station.toml 的 care），见 docs/devices.md。"


@click.group("plan", cls=Group)
def plan() -> None:
    """检修、报废、更新计划。"""


@plan.command("repair")
@click.option("--within-days", default=30, metavar="天数", callback=at_least(0), help="列出多少天内应检修的，默认 30")
@click.option("--unit", default="", metavar="单位", help="只看某单位")
@formats
@session
def repair(s: Session, /, within_days: int, unit: str, **form: Any) -> None:
    """检修计划：到周期、故障未排除、录像反复有问题、久未停靠。"""
    found = [each for each in repairs(within_days, s.kit) if not unit or each.device.unit == unit]
    care = s.kit.settings.care
    faulty = f"{care.faulty_within_days} 天内有 {care.faulty_days} 天有录像问题或时钟超限"
    notes = [
        f"今天 {s.kit.today}；列出 {within_days} 天内应检修的 {len(found)} 台。已在送修的、已列入报废计划的不再列入。",
        f"周期 {care.service_interval_days} 天；{faulty}；{care.undocked_days} 天未停靠。{NO_LAW}",
    ]
    _give_planned("plan_repair", "检修计划", found, notes, s, form, {"within_days": within_days})


@plan.command("retire")
@click.option("--unit", default="", metavar="单位", help="只看某单位")
@formats
@session
def retire(s: Session, /, unit: str, **form: Any) -> None:
    """报废计划：使用年限到期、送修次数过多、维修费用过高。"""
    found = [each for each in retirements(s.kit) if not unit or each.device.unit == unit]
    care = s.kit.settings.care
    notes = [
        f"今天 {s.kit.today}；建议报废 {len(found)} 台。是否报废由单位决定，决定后用 devices event 设备编号 报废 登记。",
        f"送修满 {care.retire_repairs} 次；维修费用达到购置价格的 {care.retire_cost_percent}%；使用年限以登记为准。{NO_LAW}",
        *_unknowns(s),
    ]
    _give_planned("plan_retire", "报废计划", found, notes, s, form, {})


@plan.command("renew")
@click.option("--day", type=DAY, metavar="日期", help="按哪一天的当班人数算缺口，默认今天")
@click.option("--unit", default="", metavar="单位", help="只看某单位")
@formats
@session
def renew(s: Session, /, day: datetime | None, unit: str, **form: Any) -> None:
    """更新计划：为哪个单位、何时之前、购置几台，替换哪一台。"""
    on = day.date() if day else s.kit.today
    found = [each for each in renewals(on, s.kit) if not unit or each.unit == unit]
    rows: list[dict[str, Any]] = [
        {
            "until": each.until,
            "unit": each.unit,
            "replaces": each.replaces.serial if each.replaces else None,
            "model": each.replaces.model if each.replaces else None,
            "price_fen": each.replaces.price_fen if each.replaces else None,
            "reasons": [_reason(reason) for reason in each.reasons],
            "rows": _rows(each.reasons),
        }
        for each in found
    ]
    care = s.kit.settings.care
    priced = [each.replaces.price_fen for each in found if each.replaces and each.replaces.price_fen is not None]
    units = dict(sorted(Counter(each.unit for each in found).items()))
    shares = joined(f"{name or UNITLESS} {n} 台" for name, n in units.items())
    notes = [
        f"今后 {care.renew_months} 个月共需购置 {len(rows)} 台：{shares}。",
        f"到期离用的一台换一台；此外仍缺的按 {on} 当班人数每 {care.officers_per_recorder} 人 1 台补足，不重复计算。{NO_LAW}",
        f"其中 {len(priced)} 台有原价，合计 {yuan(sum(priced))} 元，供编制预算参考。",
    ]
    extra = {"day": on, "months": care.renew_months, "count": len(rows), "by_unit": units, "known_price_fen": sum(priced)}
    give(Answer("plan_renew", "更新计划", BUYING, rows, extra | _limits(care), notes), **form)


def _give_planned(
    name: str, title: str, found: list[Planned], notes: list[str], s: Session, form: dict[str, Any], extra: dict[str, Any]
) -> None:
    rows = [
        {
            "due": each.due,
            "recorder": each.device.serial,
            "model": each.device.model,
            "unit": each.device.unit,
            "reasons": [_reason(reason) for reason in each.reasons],
            "rows": _rows(each.reasons),
            "warranty_until": each.device.warranty_until,
        }
        for each in found
    ]
    extra = {"today": s.kit.today, "count": len(rows), **extra, **_limits(s.kit.settings.care)}
    give(Answer(name, title, PLANNED, rows, extra, notes), **form)


def _unknowns(s: Session) -> list[str]:
    """What the plan could not weigh, so that its silence is not taken for a clean bill."""
    fleet = [device for device in registered(s.kit) if device.in_service]
    ageless = [device.serial for device in fleet if device.bought_on is None or device.service_life_months is None]
    priceless = [device.serial for device in fleet if device.price_fen is None]
    return [
        f"{len(found)} 台没有登记{what}，未按此判断：{joined(found[:10])}{' 等' if len(found) > 10 else ''}"
        for found, what in ((ageless, "购置日期或使用年限"), (priceless, "购置价格"))
        if found
    ]


def _limits(care: CareTable) -> dict[str, Any]:
    names = (
        "service_interval_days",
        "faulty_days",
        "faulty_within_days",
        "undocked_days",
        "retire_repairs",
        "retire_cost_percent",
    )
    return {"settings": {name: getattr(care, name) for name in (*names, "renew_months", "officers_per_recorder")}}


def _reason(reason: Reason) -> dict[str, Any]:
    return {"reason": reason.kind, "due": reason.due, "detail": reason.detail, "rows": list(reason.rows)}


def _rows(reasons: tuple[Reason, ...]) -> list[str]:
    return list(dict.fromkeys(row for reason in reasons for row in reason.rows))


def _said(reason: dict[str, Any]) -> str:
    detail = f"（{reason['detail']}）" if reason["detail"] else ""
    return f"{PLAN_REASONS[reason['reason']]}{detail}"
