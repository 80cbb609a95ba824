"""What people bring: cases, officers, recorders, checklists. Read and reported first, stated when told to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from avrecord.ledger.cases import CaseFile, read_cases
from avrecord.ledger.duty import read_duty
from avrecord.ledger.fleet import read_fleet, read_officers
from avrecord.model.case import Stage, StageId
from avrecord.model.statement import (
    Body,
    CaseImported,
    DeviceAssigned,
    DeviceEvent,
    DeviceRegistered,
    DutyImported,
    RosterImported,
)
from avrecord.pipeline.care import EVER
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import state
from avrecord.store import documents


@dataclass(frozen=True, slots=True)
class CaseReport:
    """What a case file holds against what is known: `new` and `changed` are what `apply` would state."""

    file: CaseFile
    new: tuple[Stage, ...]
    changed: tuple[Stage, ...]
    unchanged: int


def inspect_cases(path: Path, kit: Kit) -> CaseReport:
    """Read a table of cases or patrols and compare it. Raises BadInput; states nothing."""
    known: dict[StageId, Stage] = {}

    def known_of(cases: Collection[str]) -> Mapping[str, Sequence[Stage]]:
        found = kit.records.stages_of(cases)
        known.update({stage.id: stage for stages in found.values() for stage in stages})
        return found

    numbers: dict[str, list[str]] = {}
    for row in kit.store.rows("all_officers"):
        numbers.setdefault(row["name"], []).append(row["officer"])
    found = read_cases(
        path,
        timedelta(hours=kit.settings.link.longest_stage_hours),
        known_of,
        lambda name: numbers.get(name, ()),
        lambda done, rows: kit.tell("reading", done=done, rows=rows),
    )
    new = tuple(stage for stage in found.stages if stage.id not in known)
    changed = tuple(stage for stage in found.stages if stage.id in known and known[stage.id] != _sorted(stage))
    return CaseReport(found, new, changed, len(found.stages) - len(new) - len(changed))


def import_cases(path: Path, report: CaseReport, by: str, kit: Kit) -> None:
    """State the new and changed stages; a file that brings nothing new states nothing."""
    stages = (*report.new, *report.changed)
    if not stages:
        return
    body = CaseImported(
        source=kit.attachments.put(path.read_bytes()),
        rows=kit.attachments.put(documents.stages(stages)),
        stages=len(stages),
    )
    state(kit, [body], by)


@dataclass(frozen=True, slots=True)
class Brought:
    """What a file of officers, duties or recorders holds against what is known. Nothing is stated yet.

    `read` entries are valid, `fresh` of them new or changed; `invalid` rows with their sheet ("" for the only one), number
    and reason. `bodies` makes the statements; it keeps the file itself with them.
    """

    read: int
    fresh: int
    invalid: tuple[tuple[str, int, str], ...]
    bodies: Callable[[], Sequence[Body]]


def apply(found: Brought, by: str, kit: Kit) -> tuple[int, int]:
    """State what is new; return how many entries were read and how many were new. A known file states nothing."""
    state(kit, found.bodies(), by)
    return found.read, found.fresh


def inspect_officers(path: Path, kit: Kit) -> Brought:
    """Read a roster. Raises BadInput."""
    rows = read_officers(path)
    known = {row["officer"]: row for row in kit.records.store.rows("all_officers")}
    fresh = [row for row in rows if known.get(row["officer"]) != row]

    def bodies() -> Sequence[Body]:
        if not fresh:
            return []
        kept = kit.attachments.put(path.read_bytes()), kit.attachments.put(documents.roster(fresh))
        return [RosterImported(source=kept[0], rows=kept[1], officers=len(fresh))]

    return Brought(len(rows), len(fresh), (), bodies)


def inspect_duty(path: Path, kit: Kit) -> Brought:
    """Read a 值班表. A unit's day is replaced as a whole. Raises BadInput."""
    found = read_duty(path)
    known: set[tuple[str, ...]] = set()
    if found.entries:
        days = sorted(entry["day"] for entry in found.entries)
        known = {tuple(row.values()) for row in kit.store.rows("duty_known", since=days[0], until=days[-1])}
    read = {tuple(entry.values()) for entry in found.entries}
    covered = {key[:2] for key in read}

    def bodies() -> Sequence[Body]:
        if read == {key for key in known if key[:2] in covered}:
            return []
        kept = kit.attachments.put(path.read_bytes()), kit.attachments.put(documents.duty(found.entries))
        return [DutyImported(source=kept[0], rows=kept[1], entries=len(found.entries))]

    invalid = tuple(("", number, reason) for number, reason in found.invalid)
    return Brought(len(found.entries), len(read - known), invalid, bodies)


def inspect_devices(path: Path, kit: Kit) -> Brought:
    """Read a workbook of recorders, assignments and events. Raises BadInput."""
    fleet = read_fleet(path)
    known = _known_fleet(kit)
    prices = {device.serial: device.price_fen for device in kit.records.devices()}
    costs = {(s.serial, s.event, s.since.isoformat()): s.cost_fen for s in kit.records.spans(*EVER)}
    fresh = [body for each in fleet.bodies if (body := _with_money(each, prices, costs)) not in known]
    return Brought(len(fleet.bodies), len(fresh), tuple(fleet.invalid), lambda: fresh)


def import_officers(path: Path, by: str, kit: Kit) -> tuple[int, int]:
    """Adopt a roster; return how many officers it names and how many are new or changed."""
    return apply(inspect_officers(path, kit), by, kit)


def import_duty(path: Path, by: str, kit: Kit) -> tuple[int, int]:
    """Adopt a 值班表; return how many entries it has and how many are new."""
    return apply(inspect_duty(path, kit), by, kit)


def import_devices(path: Path, by: str, kit: Kit) -> tuple[int, int]:
    """State what a device workbook says; return how many facts it has and how many were not known."""
    return apply(inspect_devices(path, kit), by, kit)


def _with_money(body: Body, prices: dict[str, int | None], costs: dict[tuple[str, str, str], int | None]) -> Body:
    """A workbook without a column for money does not take back what an earlier one said."""
    if isinstance(body, DeviceRegistered) and body.price_fen is None:
        return replace(body, price_fen=prices.get(body.recorder))
    if isinstance(body, DeviceEvent) and body.cost_fen is None:
        return replace(body, cost_fen=costs.get((body.recorder, body.event, body.since)))
    return body


def _sorted(stage: Stage) -> Stage:
    return replace(stage, officers=tuple(sorted(stage.officers)))


def _known_fleet(kit: Kit) -> set[Body]:
    """Every fleet fact that the index holds, as the statement that would say it."""
    rows = kit.records.store.rows
    known: set[Body] = {
        DeviceRegistered(
            recorder=device.serial,
            model=device.model,
            unit=device.unit,
            bought_on=device.bought_on.isoformat() if device.bought_on else None,
            warranty_until=device.warranty_until.isoformat() if device.warranty_until else None,
            service_life_months=device.service_life_months,
            in_service=device.in_service,
            price_fen=device.price_fen,
        )
        for device in kit.records.devices()
        if device.known
    }
    for row in rows("assignments_of_officers"):
        del row["seq"]
        known.add(DeviceAssigned(**row))
    for row in rows("events_between", since="0000-01-01", until="9999-12-31"):
        del row["seq"]
        known.add(DeviceEvent(**row))
    return known
