"""设备完好率: serviceable ÷ in-service recorder-days, with the row behind every lost day.

No law names a percentage (盘综执〔2022〕44号 asks only that 设备完好率 meet daily needs), so the
product prints the formula and the reasons instead of a verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta

from avrecord.model.device import Availability, Device, LostDay, Span, Symptom

OUT_OF_USE = ("repair", "fault", "service")


def availability(
    devices: Iterable[Device], spans: Iterable[Span], symptoms: Iterable[Symptom], since: date, until: date
) -> Availability:
    """Availability of a period, both days counted. `until` is not to lie in the future.

    A recorder is in service on each day from its purchase (or the period's start, when unknown)
    that no retirement covers. A day is lost once, whatever the number of reasons; all are listed. What was restored serves
    again from that day on, whatever end its fault or repair was given.
    """
    devices, spans, symptoms = list(devices), list(spans), list(symptoms)
    in_service = {
        (device.serial, day)
        for device in devices
        if device.in_service
        for day in _days(max(since, device.bought_on or since), until)
    }
    restored = [span for span in spans if span.event == "restored"]
    for span in spans:
        if span.event == "retired":
            in_service -= {(span.serial, day) for day in _days(max(since, span.since), until)}
    lost = {
        LostDay(span.serial, day, span.event, span.note, span.row)
        for span in spans
        if span.event in OUT_OF_USE
        for day in _days(max(since, span.since), min(until, last_day(span, restored) or until))
    } | {LostDay(s.serial, s.day, s.kind, s.detail, s.row, s.clip) for s in symptoms}
    counted = sorted(day for day in lost if (day.serial, day.day) in in_service)
    per_device = tuple(sorted(Counter(serial for serial, _ in in_service).items()))
    return Availability(since, until, len(in_service), tuple(counted), per_device)


def last_day(span: Span, spans: Iterable[Span]) -> date | None:
    """The last day of an event: its own, or the one before the recorder was restored. None while it goes on.

    Restored on the day on which it began, it still cost that day.
    """
    back = [s.since for s in spans if s.event == "restored" and s.serial == span.serial and s.since >= span.since]
    ends = [day for day in (span.until, max(span.since, min(back) - timedelta(days=1)) if back else None) if day]
    return min(ends) if ends else None


def of_unit(found: Availability, serials: Collection[str]) -> Availability:
    """The part of some recorders. Parts of disjoint sets that cover the fleet add up to the whole."""
    per_device = tuple((serial, days) for serial, days in found.per_device if serial in serials)
    lost = tuple(day for day in found.lost if day.serial in serials)
    return Availability(found.since, found.until, sum(days for _, days in per_device), lost, per_device)


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)
