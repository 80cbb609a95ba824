"""Is each recorder in the right hands? By dated assignments and the roster; never by the number that a card claims."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from itertools import combinations

from avrecord.model.case import Assignment
from avrecord.model.device import Device, Span
from avrecord.model.officer import Flag, Officer, Overlap, Standing

ASSISTANTS = ("协管", "辅助", "协勤", "辅警")
"""Words in the roster's 人员类别 that say that somebody may not enforce (行政强制法 17: only 具备资格的 officers)."""
ENDLESS = "9999-12-31"


def standing(officer: Officer, on: date, soon_days: int) -> Standing:
    """执法证 validity on a day; its last day still counts. `soon_days`: how long before the end it is said to be ending."""
    if is_assistant(officer):
        return Standing.ASSISTANT
    if officer.valid_until is None:
        return Standing.UNDATED
    if officer.valid_until < on:
        return Standing.EXPIRED
    return Standing.EXPIRING if officer.valid_until <= on + timedelta(days=soon_days) else Standing.VALID


def is_assistant(officer: Officer) -> bool:
    return any(word in officer.category for word in ASSISTANTS)


def flags(
    assignments: Iterable[Assignment],
    officers: Mapping[str, Officer],
    devices: Mapping[str, Device],
    spans: Iterable[Span],
    on: date,
) -> list[Flag]:
    """Recorders that are not in the right hands on a day, by every reason. Shared ones are told, not refused: they exist."""
    day = on.isoformat()
    held = [each for each in assignments if each.covers(day)]
    gone = {span.serial: span for span in spans if span.event == "retired" and span.since <= on}
    found = [flag for each in held for flag in _of_holder(each, officers.get(each.officer), on)]
    found += [flag for each in held for flag in _of_device(each, devices.get(each.recorder), gone)]
    found += [
        Flag(overlap.recorder, "shared", "、".join(overlap.officers), "", overlap.rows)
        for overlap in overlaps(held)
        if overlap.since <= day and day <= (overlap.until or ENDLESS)
    ]
    return sorted(set(found))


def overlaps(assignments: Iterable[Assignment]) -> list[Overlap]:
    """Days on which one recorder is assigned to two officers. The day of a hand-over is one where both days name it."""
    by_recorder: dict[str, list[Assignment]] = defaultdict(list)
    for each in assignments:
        by_recorder[each.recorder].append(each)
    found = []
    for recorder, mine in by_recorder.items():
        for one, other in combinations(sorted(mine, key=lambda a: (a.since, a.officer)), 2):
            since = max(one.since, other.since)
            until = min(one.until or ENDLESS, other.until or ENDLESS)
            if one.officer != other.officer and since <= until:
                last = None if until == ENDLESS else until
                found.append(Overlap(recorder, (one.officer, other.officer), since, last, (one.row, other.row)))
    return sorted(found, key=lambda overlap: (overlap.recorder, overlap.since, overlap.officers))


def _of_holder(held: Assignment, officer: Officer | None, on: date) -> Iterable[Flag]:
    if officer is None:
        yield Flag(held.recorder, "not_in_roster", held.officer, "", (held.row,))
        return
    rows = (held.row, officer.row)
    match standing(officer, on, 0):
        case Standing.ASSISTANT:
            yield Flag(held.recorder, "assistant", held.officer, officer.category, rows)
        case Standing.EXPIRED:
            yield Flag(held.recorder, "expired", held.officer, f"有效期至 {officer.valid_until}", rows)


def _of_device(held: Assignment, device: Device | None, gone: Mapping[str, Span]) -> Iterable[Flag]:
    if device is None or not device.known:
        yield Flag(held.recorder, "not_registered", held.officer, "", (held.row,))
    elif not device.in_service:
        yield Flag(held.recorder, "out_of_service", held.officer, "登记为停用", (held.row, device.row))
    elif span := gone.get(held.recorder):
        yield Flag(held.recorder, "out_of_service", held.officer, f"{span.since} 起报废", (held.row, span.row))
