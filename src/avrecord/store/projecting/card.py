"""Rows that cards, and the files taken from them, give."""

from __future__ import annotations

from avrecord.model import statement as said
from avrecord.model.moments import beijing, from_utc_text, since, utc_text
from avrecord.model.statement import Statement
from avrecord.store import documents
from avrecord.store.projecting.base import Fetch, Run, rows_of


@rows_of.register
def _(body: said.CardSeen, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "add_docking",
        docking=body.docking,
        seq=statement.seq,
        seen_at=statement.at,
        recorder=body.recorder or "",
        profile=body.profile,
        volume=body.volume,
        manifest=body.manifest,
        files=body.files,
        bytes=body.bytes,
        offset_ms=body.clock_offset_ms,
        uncertainty_ms=body.clock_uncertainty_ms,
        clock_method=body.clock_method,
        battery_percent=body.battery_percent,
        facts=body.facts,
    )
    holder = body.recorder or body.volume
    run("see_holder", holder=holder, seq=statement.seq)
    for file in documents.read("manifest", fetch(body.manifest))["files"]:
        run("see_file", holder=holder, recorder=body.recorder or "", seq=statement.seq, **file)


@rows_of.register
def _(body: said.Taken, statement: Statement, run: Run, fetch: Fetch) -> None:
    offset = body.clock_offset_ms or 0
    claimed = body.claimed_start
    started = since(from_utc_text(claimed), -offset) if claimed else None
    run(
        "add_clip",
        clip_id=body.clip,
        seq=statement.seq,
        sealed_at=statement.at,
        size=body.size,
        docking=body.docking,
        recorder=body.recorder or "",
        name=body.path.rpartition("/")[2],
        stored=body.stored,
        media=body.media,
        claimed_start=claimed,
        true_start=utc_text(started) if started else None,
        offset_ms=offset,
        uncertainty_ms=body.clock_uncertainty_ms or 0,
        user_no=body.user,
        sequence_no=body.sequence,
        important=int(body.important),
        read_back=body.read_back,
        claim_doubt=body.claim_doubt,
        set_aside=body.reason if isinstance(body, said.ClipSetAside) else None,
        day=beijing(started or from_utc_text(statement.at), "%Y-%m-%d"),
    )
    _source(run, body.recorder, body.path_raw, body.size, body.mtime, body.clip, body.docking)


@rows_of.register
def _(body: said.ClipSeenAgain, statement: Statement, run: Run, fetch: Fetch) -> None:
    _source(run, body.recorder, body.path_raw, body.size, body.mtime, body.clip, body.docking)
    run("clear_expired", clip_id=body.clip)


@rows_of.register
def _(body: said.CardRemovedEarly, statement: Statement, run: Run, fetch: Fetch) -> None:
    run("add_removed_early", seq=statement.seq, docking=body.docking, recorder=body.recorder or "", files=body.files)


@rows_of.register
def _(body: said.ReleaseGranted, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "add_release",
        seq=statement.seq,
        docking=body.docking,
        recorder=body.recorder,
        rule=body.rule,
        receipt=body.receipt,
        files=body.files,
        bytes=body.bytes,
        by_whom=statement.by,
        at=statement.at,
    )


@rows_of.register
def _(body: said.ClipRemoved, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "add_removal",
        seq=statement.seq,
        clip_id=body.clip,
        place=body.place,
        docking=body.docking,
        path_raw=body.path_raw,
        rule=body.rule,
        by_whom=statement.by,
        at=statement.at,
    )
    if body.place == "vault":
        run(
            "add_expired",
            seq=statement.seq,
            clip_id=body.clip,
            rule=body.rule,
            due=body.due or "",
            listed=-1 if body.listed is None else body.listed,
            by_whom=statement.by,
            at=statement.at,
        )


def _source(run: Run, recorder: str | None, path_raw: str, size: int, mtime: str, clip: str, docking: str) -> None:
    run("add_source", recorder=recorder or "", path_raw=path_raw, size=size, mtime=mtime, clip_id=clip, docking=docking)
