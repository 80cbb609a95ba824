"""检修计划, 报废计划, 更新计划: what follows from a recorder's facts. Each row carries its reasons and their leaves.

No law gives the intervals or limits: they are settings. What a person decided (a retirement, a repair) is an event in the log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

from avrecord.model.device import Device
from avrecord.model.plan import Planned, Purchase, Reason, Sufficiency, Upkeep, UpkeepRules
from avrecord.model.spans import months_later
from avrecord.rules.availability import OUT_OF_USE, last_day
from avrecord.words import LOST_DAY


def plan_repairs(fleet: Iterable[Upkeep], today: date, until: date, rules: UpkeepRules) -> list[Planned]:
    """检修计划: recorders in service to be looked at up to `until`, the most urgent first.

    What is away for repair or service is already being looked at; what is to be retired is not repaired any more.
    """
    found = []
    for each in fleet:
        if not serves(each, today) or retirement_reasons(each, today, rules) or _away(each, today):
            continue
        reasons = tuple(reason for reason in _repair_reasons(each, today, rules) if reason.due <= until)
        if reasons:
            found.append(Planned(each.device, reasons))
    return _in_order(found)


def plan_retirements(fleet: Iterable[Upkeep], today: date, rules: UpkeepRules) -> list[Planned]:
    """报废计划: recorders in service whose life is over, that were repaired too often or for too much money."""
    found = []
    for each in fleet:
        if serves(each, today) and (reasons := retirement_reasons(each, today, rules)):
            found.append(Planned(each.device, reasons))
    return _in_order(found)


def plan_renewals(fleet: Iterable[Upkeep], enough: Iterable[Sufficiency], today: date, rules: UpkeepRules) -> list[Purchase]:
    """更新计划: one purchase for each recorder that leaves within `renew_months`, and for what a unit is short of besides.

    A unit is short by its need less the serviceable recorders that stay less those bought for the ones that leave: none
    is bought twice.
    """
    horizon = months_later(today, rules.renew_months)
    leaving = {each.device.serial: each for each in fleet if serves(each, today) and _leaves(each, today, horizon, rules)}
    bought = [
        Purchase(each.device.unit or "", max(today, min(r.due for r in reasons)), each.device, reasons)
        for each in leaving.values()
        for reasons in (_leaves(each, today, horizon, rules),)
    ]
    replaced = Counter(purchase.unit for purchase in bought)
    for unit in enough:
        staying = sum(device.serial not in leaving for device in unit.serviceable)
        short = max(0, unit.needed - staying - replaced[unit.unit])
        rows = tuple(dict.fromkeys(each.row for each in unit.officers))
        detail = f"当班 {len(unit.officers)} 人，每 {unit.per} 人 1 台，需 {unit.needed} 台，完好 {len(unit.serviceable)} 台"
        bought += [Purchase(unit.unit, today, None, (Reason("short", today, detail, rows),))] * short
    return sorted(bought, key=lambda p: (p.until, p.unit, p.replaces.serial if p.replaces else ""))


def retirement_reasons(each: Upkeep, today: date, rules: UpkeepRules) -> tuple[Reason, ...]:
    """Why a recorder is to be retired by today. More repairs only ever add to it."""
    return tuple(reason for reason in (_life_over(each.device, today), *_worn_out(each, today, rules)) if reason)


def serves(each: Upkeep, today: date) -> bool:
    """Registered, in service, and not retired by an event up to today."""
    retired = any(span.event == "retired" and span.since <= today for span in each.spans)
    return each.device.known and each.device.in_service and not retired


def life_ends(device: Device) -> date | None:
    """The day on which the service life is over, where purchase and life are known."""
    if device.bought_on is None or device.service_life_months is None:
        return None
    return months_later(device.bought_on, device.service_life_months)


def _leaves(each: Upkeep, today: date, horizon: date, rules: UpkeepRules) -> tuple[Reason, ...]:
    soon = _life_over(each.device, horizon)
    return tuple(reason for reason in (soon, *_worn_out(each, today, rules)) if reason)


def _life_over(device: Device, by: date) -> Reason | None:
    ends = life_ends(device)
    if ends is None or ends > by:
        return None
    return Reason("life_over", ends, f"{device.bought_on} 购置，使用年限 {device.service_life_months} 个月", (device.row,))


def _worn_out(each: Upkeep, today: date, rules: UpkeepRules) -> Iterable[Reason]:
    repairs = sorted((s for s in each.spans if s.event == "repair" and s.since <= today), key=lambda s: (s.since, s.row))
    if len(repairs) >= rules.repairs:
        rows = tuple(span.row for span in repairs)
        yield Reason("repairs", repairs[rules.repairs - 1].since, f"送修 {len(repairs)} 次", rows)
    price, spent = each.device.price_fen, 0
    for span in repairs if price else ():
        spent += span.cost_fen or 0
        if spent * 100 >= (price or 0) * rules.repair_cost_percent and spent:
            paid = [s for s in repairs if s.cost_fen]
            total = sum(s.cost_fen or 0 for s in paid)
            detail = f"维修费用 {yuan(total)} 元，购置价格 {yuan(price or 0)} 元"
            yield Reason("repair_cost", span.since, detail, (each.device.row, *(s.row for s in paid)))
            return


def _repair_reasons(each: Upkeep, today: date, rules: UpkeepRules) -> Iterable[Reason]:
    for span in each.spans:
        if span.event == "fault" and span.since <= today <= (last_day(span, each.spans) or today):
            yield Reason("open_fault", span.since, span.note, (span.row,))
    serviced = _last_service(each, today)
    after = serviced[0] if serviced else date.min
    late = [symptom for symptom in each.symptoms if after < symptom.day <= today]
    days = sorted({symptom.day for symptom in late})
    if len(days) >= rules.faulty_days:
        kinds = "、".join(f"{LOST_DAY[kind]} {n}" for kind, n in sorted(Counter(s.kind for s in late).items()))
        yield Reason("footage", days[rules.faulty_days - 1], kinds, tuple(dict.fromkeys(s.row for s in late)))
    yield from _by_interval(each, serviced, today, rules)
    if since := each.last_docked or each.device.bought_on:
        due = since + timedelta(days=rules.undocked_days)
        if due <= today:
            docked = each.last_docked is not None
            said = f"{since} 之后未停靠" if docked else f"{since} 购置，从未在本站停靠"
            yield Reason("undocked", due, said, (each.docking_row if docked else each.device.row,))


def _by_interval(each: Upkeep, serviced: tuple[date, str] | None, today: date, rules: UpkeepRules) -> Iterable[Reason]:
    """Due so long after the last service or repair, else after the purchase; at once where nothing is known."""
    if not rules.service_interval_days:
        return
    interval = timedelta(days=rules.service_interval_days)
    if serviced:
        yield Reason("interval", serviced[0] + interval, f"上次检修或送修 {serviced[0]}", (serviced[1],))
    elif each.device.bought_on:
        yield Reason(
            "interval", each.device.bought_on + interval, f"{each.device.bought_on} 购置，未见检修记录", (each.device.row,)
        )
    else:
        yield Reason("interval", today, "未见检修记录，也没有购置日期", (each.device.row,))


def _last_service(each: Upkeep, today: date) -> tuple[date, str] | None:
    done = [(last_day(span, each.spans), span.row) for span in each.spans if span.event in ("service", "repair")]
    return max(((day, row) for day, row in done if day and day <= today), default=None)


def _away(each: Upkeep, today: date) -> bool:
    return any(
        span.event in OUT_OF_USE
        and span.event != "fault"
        and span.since <= today
        and ((end := last_day(span, each.spans)) is None or today <= end)
        for span in each.spans
    )


def _in_order(found: Iterable[Planned]) -> list[Planned]:
    return sorted(found, key=lambda planned: (planned.due, planned.device.unit or "", planned.device.serial))


def yuan(fen: int) -> str:
    """An amount as people read it: 12345 fen are 123.45."""
    return f"{fen // 100}.{fen % 100:02d}"
