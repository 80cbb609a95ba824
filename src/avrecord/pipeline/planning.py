"""Enough for a day, and what to service, to retire and to buy: the facts of the index through the rules."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from avrecord.model.device import Span, Symptom
from avrecord.model.moments import from_utc_text, local_day
from avrecord.model.plan import Planned, Purchase, Sufficiency, Upkeep, UpkeepRules
from avrecord.pipeline.care import EVER, of_day, registered, symptoms
from avrecord.pipeline.holding import on_duty
from avrecord.pipeline.kit import Kit
from avrecord.rules.holding import is_assistant
from avrecord.rules.plans import plan_renewals, plan_repairs, plan_retirements
from avrecord.rules.sufficiency import sufficiency


def enough(day: date, kit: Kit, per: int | None = None) -> list[Sufficiency]:
    """Serviceable recorders against officers on duty, unit by unit; one for each `per` officers, by default as set."""
    assistants = {number for number, officer in kit.records.officers().items() if is_assistant(officer)}
    ratio = per or kit.settings.care.officers_per_recorder
    return sufficiency(on_duty(day, kit), assistants, registered(kit), of_day(day, kit), ratio)


def repairs(until_days: int, kit: Kit) -> list[Planned]:
    """检修计划 for the next days."""
    today = kit.today
    return plan_repairs(upkeeps(kit), today, today + timedelta(days=until_days), rules_of(kit))


def retirements(kit: Kit) -> list[Planned]:
    """报废计划 as of today."""
    return plan_retirements(upkeeps(kit), kit.today, rules_of(kit))


def renewals(day: date, kit: Kit) -> list[Purchase]:
    """更新计划 as of today; what is short is counted by the officers on duty on `day`."""
    return plan_renewals(upkeeps(kit), enough(day, kit), kit.today, rules_of(kit))


def upkeeps(kit: Kit) -> list[Upkeep]:
    """Every registered recorder with what planning needs of it."""
    today = kit.today
    spans: dict[str, list[Span]] = defaultdict(list)
    for span in kit.records.spans(*EVER):
        spans[span.serial].append(span)
    late: dict[str, list[Symptom]] = defaultdict(list)
    for symptom in symptoms(today - timedelta(days=kit.settings.care.faulty_within_days - 1), today, kit):
        late[symptom.serial].append(symptom)
    docked = {row["recorder"]: row for row in kit.store.rows("last_dockings")}
    return [
        Upkeep(
            device,
            tuple(spans[device.serial]),
            tuple(late[device.serial]),
            local_day(from_utc_text(docked[device.serial]["seen_at"])) if device.serial in docked else None,
            f"log:{docked[device.serial]['seq']}" if device.serial in docked else "",
        )
        for device in registered(kit)
    ]


def rules_of(kit: Kit) -> UpkeepRules:
    care = kit.settings.care
    return UpkeepRules(
        service_interval_days=care.service_interval_days,
        faulty_days=care.faulty_days,
        undocked_days=care.undocked_days,
        repairs=care.retire_repairs,
        repair_cost_percent=care.retire_cost_percent,
        renew_months=care.renew_months,
    )
