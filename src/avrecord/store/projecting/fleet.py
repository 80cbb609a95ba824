"""Rows that recorders, their assignments and events give."""

from __future__ import annotations

from avrecord.model import statement as said
from avrecord.model.statement import Statement
from avrecord.store import documents
from avrecord.store.projecting.base import Fetch, Run, rows_of


@rows_of.register
def _(body: said.DeviceRegistered, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "set_device",
        recorder=body.recorder,
        seq=statement.seq,
        model=body.model,
        unit=body.unit,
        bought_on=body.bought_on,
        warranty_until=body.warranty_until,
        service_life_months=body.service_life_months,
        in_service=int(body.in_service),
        price_fen=body.price_fen,
    )


@rows_of.register
def _(body: said.DeviceAssigned, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "set_assignment",
        recorder=body.recorder,
        officer=body.officer,
        since=body.since,
        until=body.until,
        seq=statement.seq,
    )


@rows_of.register
def _(body: said.DeviceEvent, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "set_device_event",
        recorder=body.recorder,
        event=body.event,
        since=body.since,
        until=body.until,
        note=body.note,
        seq=statement.seq,
        cost_fen=body.cost_fen,
    )


@rows_of.register
def _(body: said.DutyImported, statement: Statement, run: Run, fetch: Fetch) -> None:
    entries = documents.read_duty(fetch(body.rows))
    for day, unit in sorted({(entry["day"], entry["unit"]) for entry in entries}):
        run("clear_duty", day=day, unit=unit)
    for entry in entries:
        run("add_duty", seq=statement.seq, **entry)
