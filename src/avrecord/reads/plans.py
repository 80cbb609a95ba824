"""检修计划, 报废计划, 更新计划. Each row says why and by which leaves of the log."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from avrecord.model.plan import Planned, Reason
from avrecord.pipeline.care import registered
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.planning import renewals, repairs, retirements
from avrecord.reads.answer import Answer, Column, joined
from avrecord.rules.plans import yuan
from avrecord.settings import CareTable
from avrecord.words import PLAN_REASONS, UNITLESS

PLANNED = [
    Column("due", "应办日期", str),
    Column("recorder", "设备编号", whole=True),
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


def _planned(name: str, title: str, found: list[Planned], notes: list[str], kit: Kit, extra: dict[str, Any]) -> Answer:
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
    extra = {"today": kit.today, "count": len(rows), **extra, **_limits(kit.settings.care)}
    return Answer(name, title, PLANNED, rows, extra, notes)


def _unknowns(kit: Kit) -> list[str]:
    """What the plan could not weigh, so that its silence is not taken for a clean bill."""
    fleet = [device for device in registered(kit) if device.in_service]
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


def repair_plan(within_days: int, kit: Kit, *, unit: str = "") -> Answer:
    """检修计划: what is due within so many days, and why."""
    found = [each for each in repairs(within_days, kit) if not unit or each.device.unit == unit]
    care = kit.settings.care
    faulty = f"{care.faulty_within_days} 天内有 {care.faulty_days} 天有录像问题或时钟超限"
    notes = [
        f"今天 {kit.today}；列出 {within_days} 天内应检修的 {len(found)} 台。已在送修的、已列入报废计划的不再列入。",
        f"周期 {care.service_interval_days} 天；{faulty}；{care.undocked_days} 天未停靠。{NO_LAW}",
    ]
    return _planned("plan_repair", "检修计划", found, notes, kit, {"within_days": within_days})


def retirement_plan(kit: Kit, *, unit: str = "") -> Answer:
    """报废计划: proposals; whether to retire is the bureau's decision."""
    found = [each for each in retirements(kit) if not unit or each.device.unit == unit]
    care = kit.settings.care
    notes = [
        f"今天 {kit.today}；建议报废 {len(found)} 台。是否报废由单位决定，决定后用 devices event 设备编号 报废 登记。",
        f"送修满 {care.retire_repairs} 次；维修费用达到购置价格的 {care.retire_cost_percent}%；使用年限以登记为准。{NO_LAW}",
        *_unknowns(kit),
    ]
    return _planned("plan_retire", "报废计划", found, notes, kit, {})


def renewal_plan(on: date, kit: Kit, *, unit: str = "") -> Answer:
    """更新计划: what to buy for whom until when, by the people on duty on a day."""
    found = [each for each in renewals(on, kit) if not unit or each.unit == unit]
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
    care = kit.settings.care
    priced = [each.replaces.price_fen for each in found if each.replaces and each.replaces.price_fen is not None]
    units = dict(sorted(Counter(each.unit for each in found).items()))
    shares = joined(f"{name or UNITLESS} {n} 台" for name, n in units.items())
    notes = [
        f"今后 {care.renew_months} 个月共需购置 {len(rows)} 台：{shares}。",
        f"到期离用的一台换一台；此外仍缺的按 {on} 当班人数每 {care.officers_per_recorder} 人 1 台补足，不重复计算。{NO_LAW}",
        f"其中 {len(priced)} 台有原价，合计 {yuan(sum(priced))} 元，供编制预算参考。",
    ]
    extra = {"day": on, "months": care.renew_months, "count": len(rows), "by_unit": units, "known_price_fen": sum(priced)}
    return Answer("plan_renew", "更新计划", BUYING, rows, extra | _limits(care), notes)
