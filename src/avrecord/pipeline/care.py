"""The custodian's question: which recorders work, which days were lost, and why?"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from avrecord.model.device import Availability, Condition, Device, Drifted, Span, Symptom
from avrecord.model.moments import day_begins, from_utc_text, local_day, utc_text
from avrecord.model.spans import months_later
from avrecord.pipeline.drifting import card_facts, drift_between
from avrecord.pipeline.kit import Kit
from avrecord.rules.availability import OUT_OF_USE, availability, last_day, of_unit

EVER = (date.min, date.max)


@dataclass(frozen=True, slots=True)
class Month:
    """设备完好率 of one month, of the fleet and of each unit of it ("" for recorders without one)."""

    month: str
    whole: Availability
    units: dict[str, Availability]


def conditions(kit: Kit) -> list[Condition]:
    """Every registered or docked recorder with the facts of its dockings, its footage and its repairs."""
    clips = {row["recorder"]: row["clips"] for row in kit.store.rows("clips_by_recorder")}
    faults: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for row in kit.store.rows("faults_by_recorder"):
        faults[row["recorder"]].append((row["kind"], row["clips"]))
    spans: dict[str, list[Span]] = defaultdict(list)
    for span in kit.records.spans(*EVER):
        spans[span.serial].append(span)
    today = kit.today
    return [
        _condition(device, clips.get(device.serial, 0), faults[device.serial], spans[device.serial], today, kit)
        for device in kit.records.devices()
    ]


def of_months(first: str, last: str, kit: Kit, unit: str = "") -> list[Month]:
    """设备完好率 of each month of a range `YYYY-MM`, as far as it has passed; months that have not begun are left out.

    `unit` empty: all. Raises ValueError for another form.
    """
    return [found for found in _months(first, last, kit, unit) if found.whole.since <= found.whole.until]


def of_day(day: date, kit: Kit) -> Availability:
    """Which recorders serve on one day, also on one to come: then only events say so."""
    return availability(registered(kit), kit.records.spans(day, day), symptoms(day, day, kit), day, day)


def registered(kit: Kit, unit: str = "") -> list[Device]:
    """Recorders that count: one that was only seen docked is nobody's equipment yet."""
    return [device for device in kit.records.devices() if device.known and (not unit or device.unit == unit)]


def _months(first: str, last: str, kit: Kit, unit: str) -> Iterator[Month]:
    since, until = date.fromisoformat(f"{first}-01"), date.fromisoformat(f"{last}-01")
    until = until.replace(day=monthrange(until.year, until.month)[1])
    devices, spans = registered(kit, unit), kit.records.spans(since, until)
    found = symptoms(since, until, kit)
    units = {each: {d.serial for d in devices if (d.unit or "") == each} for each in sorted({d.unit or "" for d in devices})}
    while since <= until:
        month, following = f"{since:%Y-%m}", months_later(since, 1)
        whole = availability(devices, spans, found, since, min(following - timedelta(days=1), kit.today))
        yield Month(month, whole, {each: of_unit(whole, serials) for each, serials in units.items()})
        since = following


def _condition(device: Device, clips: int, faults: list[tuple[str, int]], spans: list[Span], today: date, kit: Kit) -> Condition:
    docking = kit.store.row("last_docking", recorder=device.serial) or {}
    facts = card_facts(docking.get("facts"), kit)
    repairs = [span for span in spans if span.event == "repair"]
    return Condition(
        device=device,
        last_docked=from_utc_text(docking["seen_at"]) if docking else None,
        clock_offset_ms=docking.get("offset_ms"),
        battery_percent=docking.get("battery_percent"),
        clips=clips,
        faults=tuple(faults),
        drift=_drift(device, kit),
        card_bytes=docking.get("bytes"),
        free_mb=facts.free_mb,
        repairs=len(repairs),
        repair_cost_fen=sum(span.cost_fen or 0 for span in spans),
        open_event=_open_event(spans, today),
        docking_row=f"log:{docking['seq']}" if docking else None,
    )


def _drift(device: Device, kit: Kit) -> Drifted | None:
    told = kit.store.rows("last_clocks", recorder=device.serial)
    if len(told) < 2:
        return None
    later, earlier = told
    found = drift_between(earlier, card_facts(earlier["facts"], kit), later, card_facts(later["facts"], kit))
    rows = (f"log:{earlier['seq']}", f"log:{later['seq']}")
    return Drifted(found.ms_per_day, found.uncertainty_ms_per_day, found.stepped, rows) if found else None


def _open_event(spans: list[Span], today: date) -> str | None:
    """The latest event that takes a recorder out of use today, or its retirement."""
    open_now = [
        span
        for span in spans
        if span.since <= today
        and (span.event == "retired" or (span.event in OUT_OF_USE and today <= (last_day(span, spans) or today)))
    ]
    return max(open_now, key=lambda span: (span.event == "retired", span.since)).event if open_now else None


def symptoms(first: date, last: date, kit: Kit) -> list[Symptom]:
    """Days that footage faults or a clock far off spoil, each with the row that says so."""
    care = kit.settings.care
    span = {"since": utc_of(first), "until": utc_of(last + timedelta(days=1))}
    found = [
        Symptom(row["recorder"], _day(row["at"]), row["kind"], row["name"], f"log:{row['seq']}", row["clip_id"])
        for row in kit.records.store.rows("faults_between", **span)
        if row["kind"] in care.lost_by_footage
    ]
    return found + [
        Symptom(row["recorder"], _day(row["seen_at"]), "clock_off", f"{row['offset_ms'] / 1000:+.0f} 秒", f"log:{row['seq']}")
        for row in kit.records.store.rows("dockings_between", **span)
        if abs(row["offset_ms"] or 0) > care.clock_limit_seconds * 1000
    ]


def utc_of(day: date) -> str:
    """When a local day begins, as the index writes moments."""
    return utc_text(day_begins(day))


def _day(at: str) -> date:
    return local_day(from_utc_text(at))
