"""The custodian's question: which recorders work, which days were lost, and why?"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta

from avrecord.model.device import Availability, Condition, Device, Symptom
from avrecord.model.moments import BEIJING, beijing, from_utc_text, utc_text
from avrecord.pipeline.kit import Kit
from avrecord.rules.availability import availability


def conditions(kit: Kit) -> list[Condition]:
    """Every registered or docked recorder with the facts of its dockings and footage."""
    return [_condition(device, kit) for device in kit.records.devices()]


def of_month(month: str, kit: Kit) -> Availability:
    """设备完好率 of a month `YYYY-MM`, as far as it has passed. Raises ValueError for another form."""
    first = date.fromisoformat(f"{month}-01")
    last = first.replace(day=monthrange(first.year, first.month)[1])
    today = kit.clock().astimezone(BEIJING).date()
    last = min(last, today)
    registered = [device for device in kit.records.devices() if device.known]
    return availability(registered, kit.records.spans(first, last), _symptoms(first, last, kit), first, last)


def _condition(device: Device, kit: Kit) -> Condition:
    docking = kit.records.store.row("last_docking", recorder=device.serial) or {}
    clips = kit.records.store.row("clips_by_recorder", recorder=device.serial)
    faults = kit.records.store.rows("faults_by_recorder", recorder=device.serial)
    return Condition(
        device=device,
        last_docked=from_utc_text(docking["seen_at"]) if docking else None,
        clock_offset_ms=docking.get("offset_ms"),
        battery_percent=docking.get("battery_percent"),
        clips=clips["clips"] if clips else 0,
        faults=tuple((row["kind"], row["clips"]) for row in faults),
    )


def _symptoms(first: date, last: date, kit: Kit) -> list[Symptom]:
    """Days that footage faults or a clock far off spoil, each with the row that says so."""
    care = kit.settings.care
    span = {"since": _utc(first), "until": _utc(last + timedelta(days=1))}
    found = [
        Symptom(row["recorder"], _day(row["at"]), row["kind"], row["name"], f"log:{row['seq']}")
        for row in kit.records.store.rows("faults_between", **span)
        if row["kind"] in care.lost_by_footage
    ]
    return found + [
        Symptom(row["recorder"], _day(row["seen_at"]), "clock_off", f"{row['offset_ms'] / 1000:+.0f} 秒", f"log:{row['seq']}")
        for row in kit.records.store.rows("dockings_between", **span)
        if abs(row["offset_ms"] or 0) > care.clock_limit_seconds * 1000
    ]


def _day(at: str) -> date:
    return date.fromisoformat(beijing(from_utc_text(at), "%Y-%m-%d"))


def _utc(day: date) -> str:
    return utc_text(datetime.combine(day, time(), BEIJING).astimezone(UTC))
