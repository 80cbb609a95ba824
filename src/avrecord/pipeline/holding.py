"""Who holds which recorder, who is on duty, and what a custodian states about both by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from avrecord.errors import UnknownName
from avrecord.model.case import Assignment
from avrecord.model.device import Span
from avrecord.model.officer import Flag, OnDuty, Overlap
from avrecord.model.statement import Body, DeviceAssigned, DeviceEvent
from avrecord.pipeline.care import EVER, utc_of
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import state
from avrecord.rules.holding import flags, overlaps


def assign(body: DeviceAssigned, by: str, kit: Kit) -> list[Overlap]:
    """State who carries a recorder from a day on; return the days on which somebody else does, too.

    Raises UnknownName for a recorder that was neither registered nor ever docked: a slip of the keys stays for ever.
    """
    _known(body.recorder, kit)
    _once(
        body,
        {DeviceAssigned(recorder=a.recorder, officer=a.officer, since=a.since, until=a.until) for a in kit.records.assignments()},
        by,
        kit,
    )
    return [
        overlap
        for overlap in overlaps(kit.records.assignments())
        if overlap.recorder == body.recorder and body.officer in overlap.officers
    ]


def happen(body: DeviceEvent, by: str, kit: Kit) -> bool:
    """State what happened to a recorder; False where exactly this is stated already. Raises UnknownName as `assign` does."""
    _known(body.recorder, kit)
    return _once(body, {_said(span) for span in kit.records.spans(*EVER)}, by, kit)


def flagged(day: date, kit: Kit) -> list[Flag]:
    """Recorders that are not in the right hands on a day."""
    devices = {device.serial: device for device in kit.records.devices()}
    return flags(kit.records.assignments(), kit.records.officers(), devices, kit.records.spans(*EVER), day)


def shared(kit: Kit) -> list[Overlap]:
    """Every span of days on which one recorder is assigned to two officers."""
    return overlaps(kit.records.assignments())


def on_duty(day: date, kit: Kit) -> list[OnDuty]:
    """值班表 where a unit has one for the day; else who is named by a stage of that day, and who else holds a recorder.

    A unit's roster is the whole answer for that unit: somebody who only holds a recorder is not on duty. Nobody is on duty
    in one unit by a roster and in another by a guess.
    """
    rostered = [
        OnDuty(row["unit"], row["officer"], "roster", f"log:{row['seq']}")
        for row in kit.store.rows("duty_on", day=day.isoformat())
    ]
    span = {"since": utc_of(day), "until": utc_of(day + timedelta(days=1))}
    by_stage = [OnDuty(row["unit"], row["officer"], "stage", f"log:{row['seq']}") for row in kit.store.rows("at_stages", **span)]
    unit_of = _units(kit)
    by_hand = [
        OnDuty(unit_of(held), held.officer, "assignment", held.row)
        for held in kit.records.assignments()
        if held.covers(day.isoformat())
    ]
    found = rostered
    settled = {each.unit for each in rostered}
    for guessed in (by_stage, by_hand):
        named = {each.officer for each in found}
        found = found + [each for each in guessed if each.unit not in settled and each.officer not in named]
    return found


def _units(kit: Kit) -> Callable[[Assignment], str]:
    """Where a holder belongs: by the roster, else by the recorder's own unit."""
    officers = kit.records.officers()
    devices = {device.serial: device.unit or "" for device in kit.records.devices()}

    def unit_of(held: Assignment) -> str:
        officer = officers.get(held.officer)
        return officer.unit if officer and officer.unit else devices.get(held.recorder, "")

    return unit_of


def _known(serial: str, kit: Kit) -> None:
    if all(device.serial != serial for device in kit.records.devices()):
        raise UnknownName(what="记录仪", name=f"{serial}（尚未登记，也未停靠过；请先用 devices import 登记）")


def _once(body: Body, known: set[Body], by: str, kit: Kit) -> bool:
    if body in known:
        return False
    state(kit, [body], by)
    return True


def _said(span: Span) -> Body:
    return DeviceEvent(
        recorder=span.serial,
        event=span.event,
        since=span.since.isoformat(),
        until=span.until.isoformat() if span.until else None,
        note=span.note,
        cost_fen=span.cost_fen,
    )
