"""Rows that examinations, cases, links, reviews and adopted lists give."""

from __future__ import annotations

from avrecord.model import statement as said
from avrecord.model.moments import utc_text
from avrecord.model.statement import Statement
from avrecord.store import documents
from avrecord.store.projecting.base import Fetch, Run, rows_of


@rows_of.register
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


@rows_of.register
def _(body: said.ClipLinked, statement: Statement, run: Run, fetch: Fetch) -> None:
    key = {"case_no": body.case, "stage_id": body.stage, "clip_id": body.clip}
    run("set_link", seq=statement.seq, method=body.method, overlap_ms=body.overlap_ms, uncertainty_ms=body.uncertainty_ms, **key)
    run("clear_unlinked", **key)


@rows_of.register
def _(body: said.ClipUnlinked, statement: Statement, run: Run, fetch: Fetch) -> None:
    key = {"case_no": body.case, "stage_id": body.stage, "clip_id": body.clip}
    run("clear_link", **key)
    if statement.by != "service":
        run("set_unlinked", seq=statement.seq, by_whom=statement.by, **key)


@rows_of.register
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
        letter=body.letter,
    )


@rows_of.register
def _(body: said.ReviewLeft, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "add_left_review",
        seq=statement.seq,
        of_station=body.of_station,
        case_no=body.case,
        stage_id=body.stage,
        item=body.item,
        decision=body.decision,
        letter=body.letter,
        signature=body.signature,
        by_whom=statement.by,
        at=statement.at,
    )


@rows_of.register
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
            run("add_stage_officer", officer=officer, starts=utc_text(stage.start), **key)


@rows_of.register
def _(body: said.RosterImported, statement: Statement, run: Run, fetch: Fetch) -> None:
    for row in documents.read("roster", fetch(body.rows))["officers"]:
        run("set_officer", seq=statement.seq, **row)


@rows_of.register
def _(body: said.ChecklistAdopted, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "set_checklist",
        name=body.name,
        version=body.version,
        in_force_from=body.in_force_from,
        checklist=body.checklist,
        seq=statement.seq,
    )
