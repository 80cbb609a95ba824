"""Rows that the log's own housekeeping gives."""

from __future__ import annotations

from avrecord.model import statement as said
from avrecord.model.statement import Statement
from avrecord.store import documents
from avrecord.store.projecting.base import Fetch, Run, rows_of


@rows_of.register
def _(body: said.KeyChanged, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "add_key",
        seq=statement.seq,
        role=body.role,
        key_id=body.key_id,
        public=body.public,
        reason=body.reason,
        at=statement.at,
    )


@rows_of.register
def _(body: said.KeysListed, statement: Statement, run: Run, fetch: Fetch) -> None:
    run("add_keylist", seq=statement.seq, version=body.version, root=body.root, keylist=body.keylist)


@rows_of.register
def _(body: said.ClockStepped, statement: Statement, run: Run, fetch: Fetch) -> None:
    run("add_clock_step", seq=statement.seq, by_ms=body.by_ms, method=body.method, at=statement.at)


@rows_of.register
def _(body: said.GapObserved, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "add_gap",
        seq=statement.seq,
        recorder=body.recorder,
        gap=body.gap,
        first=body.first,
        last=body.last,
        missing=body.missing,
        clip_before=body.clip_before,
        clip_after=body.clip_after,
        at=statement.at,
    )


@rows_of.register
def _(body: said.ClipViewed, statement: Statement, run: Run, fetch: Fetch) -> None:
    run("add_view", seq=statement.seq, clip_id=body.clip, how=body.how, why=body.why, by_whom=statement.by, at=statement.at)


@rows_of.register
def _(body: said.ScrubDone, statement: Statement, run: Run, fetch: Fetch) -> None:
    for clip, code in documents.read_scrub(fetch(body.results)):
        run("set_read", clip_id=clip, seq=statement.seq, read_at=statement.at, code=code)


@rows_of.register
def _(body: said.ConfigChanged, statement: Statement, run: Run, fetch: Fetch) -> None:
    run("add_config", seq=statement.seq, config=body.config)


@rows_of.register
def _(body: said.Anchor, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "add_anchor",
        seq=statement.seq,
        witness=body.witness,
        size=body.size,
        cosigned_at=body.cosigned_at,
        note=body.note,
    )


@rows_of.register
def _(body: said.AttachmentsLost, statement: Statement, run: Run, fetch: Fetch) -> None:
    for digest in body.digests:
        run("add_lost", digest=digest, seq=statement.seq)
