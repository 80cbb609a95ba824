"""Rows that holds, expiry and year's end give."""

from __future__ import annotations

from avrecord.model import statement as said
from avrecord.model.statement import Statement
from avrecord.store import documents
from avrecord.store.copyreceipt import copied
from avrecord.store.projecting.base import Fetch, Run, rows_of


@rows_of.register
def _(body: said.HoldSet, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "add_hold",
        seq=statement.seq,
        clip_id=body.clip,
        case_no=body.case,
        recorder=body.recorder,
        since=body.since,
        until=body.until,
        why=body.why,
        by_whom=statement.by,
        at=statement.at,
    )


@rows_of.register
def _(body: said.HoldLifted, statement: Statement, run: Run, fetch: Fetch) -> None:
    run("lift_hold", hold=body.hold, seq=statement.seq, at=statement.at, by_whom=statement.by, why=body.why)


@rows_of.register
def _(body: said.ExpiryListed, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "add_expiry_list",
        seq=statement.seq,
        at=statement.at,
        by_whom=statement.by,
        listed=body.listed,
        clips=body.clips,
        bytes=body.bytes,
    )
    for row in documents.read("expiry", fetch(body.listed))["clips"]:
        needs = " ".join(row["needs"])
        run("add_listed", seq=statement.seq, clip_id=row["clip"], until=row["until"], rule=row["rule"], needs=needs)


@rows_of.register
def _(body: said.ExpiryUndone, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "add_undone",
        seq=statement.seq,
        clip_id=body.clip,
        until=body.until,
        why=body.why,
        by_whom=statement.by,
        at=statement.at,
    )


@rows_of.register
def _(body: said.ArchiveMade, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "add_archive",
        bag=body.bag,
        seq=statement.seq,
        unit=body.unit,
        year=body.year,
        clips=body.clips,
        bytes=body.bytes,
        receipt=body.receipt,
        by_whom=statement.by,
        at=statement.at,
        copy_of=body.copy_of,
    )


@rows_of.register
def _(body: said.ArchiveReceived, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "receive_archive",
        bag=body.bag,
        seq=statement.seq,
        at=statement.at,
        by_whom=statement.by,
        key=body.key,
        signature=body.signature,
    )


@rows_of.register
def _(body: said.ClipsUploaded, statement: Statement, run: Run, fetch: Fetch) -> None:
    for clip in body.clips:
        run("add_upload", clip_id=clip, store=body.store, seq=statement.seq, at=statement.at)
        run("clear_lock", clip_id=clip, store=body.store)  # a new object has the shortest lock again


@rows_of.register
def _(body: said.ClipsLocked, statement: Statement, run: Run, fetch: Fetch) -> None:
    for clip in body.clips:
        run("add_lock", clip_id=clip, store=body.store, until=body.until, seq=statement.seq)


@rows_of.register
def _(body: said.ReceiptTaken, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "add_copy_receipt",
        receipt=body.receipt,
        seq=statement.seq,
        store=body.store,
        key=body.key,
        clips=body.clips,
        at=statement.at,
    )
    for clip in copied(fetch(body.receipt)):
        run("add_copied", clip_id=clip, key=body.key, seq=statement.seq)
