"""Statements → rows: the one place that writes the index.

A statement and its attachments decide its rows, nothing else: no clock, no configuration. Replaying
the log into an empty database therefore gives the same database.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch

from avrecord.errors import BytesMissing
from avrecord.model import statement as said
from avrecord.model.moments import beijing, from_utc_text, since, utc_text
from avrecord.model.statement import Body, Statement
from avrecord.store import documents

Run = Callable[..., object]
Fetch = Callable[[str], bytes]


def project(run: Run, statement: Statement, fetch: Fetch) -> None:
    """Write the rows of one statement. `run` executes a named statement, `fetch` reads an attachment."""
    run("add_statement", seq=statement.seq, kind=statement.body.kind, at=statement.at, by_whom=statement.by)
    try:
        _rows(statement.body, statement, run, fetch)
    except BytesMissing as error:
        # The log goes on without rows that only a lost attachment could give; `verify` names it.
        run("add_unprojected", seq=statement.seq, reason=str(error))


@singledispatch
def _rows(body: Body, statement: Statement, run: Run, fetch: Fetch) -> None:
    """Kinds without rows of their own: service.started, export.made."""


@_rows.register
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


@_rows.register
def _(body: said.KeysListed, statement: Statement, run: Run, fetch: Fetch) -> None:
    run("add_keylist", seq=statement.seq, version=body.version, root=body.root, keylist=body.keylist)


@_rows.register
def _(body: said.ClockStepped, statement: Statement, run: Run, fetch: Fetch) -> None:
    run("add_clock_step", seq=statement.seq, by_ms=body.by_ms, method=body.method, at=statement.at)


@_rows.register
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


@_rows.register
def _(body: said.ScrubDone, statement: Statement, run: Run, fetch: Fetch) -> None:
    for clip, code in documents.read_scrub(fetch(body.results)):
        run("set_read", clip_id=clip, seq=statement.seq, read_at=statement.at, code=code)


@_rows.register
def _(body: said.ConfigChanged, statement: Statement, run: Run, fetch: Fetch) -> None:
    run("add_config", seq=statement.seq, config=body.config)


@_rows.register
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


@_rows.register
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


@_rows.register
def _(body: said.ClipSeenAgain, statement: Statement, run: Run, fetch: Fetch) -> None:
    _source(run, body.recorder, body.path_raw, body.size, body.mtime, body.clip, body.docking)


@_rows.register
def _(body: said.CardRemovedEarly, statement: Statement, run: Run, fetch: Fetch) -> None:
    run("add_removed_early", seq=statement.seq, docking=body.docking, recorder=body.recorder or "", files=body.files)


@_rows.register
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


@_rows.register
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


@_rows.register
def _(body: said.ClipExamined, statement: Statement, run: Run, fetch: Fetch) -> None:
    found = documents.read_examination(fetch(body.examination))
    run(
        "set_examination",
        clip_id=body.clip,
        seq=statement.seq,
        examined_at=statement.at,
        outcome=body.outcome,
        reason=body.reason,
        attempt=body.attempt,
        checks=" ".join(body.checks),
        looked=" ".join(found.looked),
        listened=" ".join(found.listened),
        heard=" ".join(f"{first}-{last}" for first, last in found.heard),
        unheard=found.unheard,
        tier=found.tier,
        dense_to_ms=found.facts.dense_to_ms,
        longest_gap_ms=found.facts.longest_gap_ms,
        light=found.facts.light,
        light_share=found.facts.light_share,
        video_codec=found.facts.video_codec,
        width=found.facts.width,
        height=found.facts.height,
        digest=body.examination,
    )
    run("set_duration", clip_id=body.clip, duration_ms=body.duration_ms)
    run("clear_observations", clip_id=body.clip)
    run("clear_faults", clip_id=body.clip)
    for n, seen in enumerate(found.observations):
        run(
            "add_observation",
            clip_id=body.clip,
            n=n,
            segment=seen.segment,
            check_version=seen.check,
            at_ms=seen.at_ms,
            score=seen.score,
            words=seen.words,
            evidence=seen.evidence,
            doubtful=int(seen.doubtful),
        )
    for n, fault in enumerate(found.faults):
        run(
            "add_fault",
            clip_id=body.clip,
            n=n,
            kind=fault.kind,
            check_version=fault.check,
            from_ms=fault.from_ms,
            to_ms=fault.to_ms,
            detail=fault.detail,
        )


@_rows.register
def _(body: said.ClipLinked, statement: Statement, run: Run, fetch: Fetch) -> None:
    key = {"case_no": body.case, "stage_id": body.stage, "clip_id": body.clip}
    run("set_link", seq=statement.seq, method=body.method, overlap_ms=body.overlap_ms, uncertainty_ms=body.uncertainty_ms, **key)
    run("clear_unlinked", **key)


@_rows.register
def _(body: said.ClipUnlinked, statement: Statement, run: Run, fetch: Fetch) -> None:
    key = {"case_no": body.case, "stage_id": body.stage, "clip_id": body.clip}
    run("clear_link", **key)
    if statement.by != "service":
        run("set_unlinked", seq=statement.seq, by_whom=statement.by, **key)


@_rows.register
def _(body: said.MarkReviewed, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "add_review",
        seq=statement.seq,
        case_no=body.case,
        stage_id=body.stage,
        item=body.item,
        decision=body.decision,
        by_whom=statement.by,
        at=statement.at,
        why=body.why,
    )


@_rows.register
def _(body: said.CaseImported, statement: Statement, run: Run, fetch: Fetch) -> None:
    for stage in documents.read_stages(fetch(body.rows)):
        key = {"case_no": stage.id.case, "stage_id": stage.id.name}
        run(
            "set_stage",
            seq=statement.seq,
            case_kind=stage.case_kind,
            stage=stage.stage,
            unit=stage.unit,
            starts=utc_text(stage.start),
            ends=utc_text(stage.end),
            place=stage.place,
            party=stage.party,
            **key,
        )
        run("clear_stage_officers", **key)
        for officer in stage.officers:
            run("add_stage_officer", officer=officer, **key)


@_rows.register
def _(body: said.RosterImported, statement: Statement, run: Run, fetch: Fetch) -> None:
    for row in documents.read("roster", fetch(body.rows))["officers"]:
        run("set_officer", **row)


@_rows.register
def _(body: said.ChecklistAdopted, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "set_checklist",
        name=body.name,
        version=body.version,
        in_force_from=body.in_force_from,
        checklist=body.checklist,
        seq=statement.seq,
    )


@_rows.register
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
    )


@_rows.register
def _(body: said.DeviceAssigned, statement: Statement, run: Run, fetch: Fetch) -> None:
    run("set_assignment", recorder=body.recorder, officer=body.officer, since=body.since, until=body.until)


@_rows.register
def _(body: said.DeviceEvent, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "set_device_event",
        recorder=body.recorder,
        event=body.event,
        since=body.since,
        until=body.until,
        note=body.note,
        seq=statement.seq,
    )


@_rows.register
def _(body: said.Anchor, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "add_anchor",
        seq=statement.seq,
        witness=body.witness,
        size=body.size,
        cosigned_at=body.cosigned_at,
        note=body.note,
    )


def _source(run: Run, recorder: str | None, path_raw: str, size: int, mtime: str, clip: str, docking: str) -> None:
    run("add_source", recorder=recorder or "", path_raw=path_raw, size=size, mtime=mtime, clip_id=clip, docking=docking)
