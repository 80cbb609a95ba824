"""The supervisor's question: what does the list require of each stage that the footage does not show?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from avrecord.model.case import Account, Lack, Mark, MarkKind, Stage
from avrecord.pipeline.kit import Kit
from avrecord.rules.coverage import cover
from avrecord.rules.judging import is_whole, judge, lacks
from avrecord.words import FAULTS, NO_SPEECH_MODEL

NOT_LISTED = "清单中没有该环节"


def accounts(kit: Kit, **filters: str) -> Iterator[Account]:
    """What is known of each stage, by case_no, unit, since, until (UTC text)."""
    why = why_blind(kit)
    for stage in kit.records.stages(**filters):
        yield account_for(stage, why, kit)


def missing(kit: Kit, **filters: str) -> list[Lack]:
    """Rows of `cases missing`: case, stage, what is missing, the reason and the clip relied on."""
    return [lack for account in accounts(kit, **filters) for lack in lacks(account, is_whole(account.mode))]


def account_for(stage: Stage, why: dict[str, str], kit: Kit) -> Account:
    """One stage: coverage, a mark for each required segment, and the reviews."""
    clips = [clip for clip, _ in kit.records.linked(stage.id)]
    checklist = kit.records.checklist_for(stage.start)
    item = checklist.item_for(stage.case_kind, stage.stage) if checklist else None
    tolerance = timedelta(seconds=kit.settings.coverage.tolerance_seconds)
    examinations = kit.records.examinations(clips)
    marks = tuple(judge(segment, clips, examinations, why) for segment in item.segments) if item else ()
    if item is None:
        marks = (Mark("*", MarkKind.NOT_REQUIRED, NOT_LISTED),)
    return Account(
        stage=stage,
        checklist=f"{checklist.name} {checklist.version}" if checklist else "",
        mode=item.mode.value if item else None,
        coverage=cover(stage, clips, tolerance),
        marks=marks,
        reviews=kit.records.reviews(stage.id),
        clips=tuple(clips),
    )


def why_blind(kit: Kit) -> dict[str, str]:
    """In words: why a fault, or a segment without an installed check, makes the mark 无法判断."""
    proofs = {"spoken": NO_SPEECH_MODEL, "person": "只能由人工复核"}
    segments = {name: proofs.get(str(table.get("proof")), "片段未能抽检") for name, table in kit.segments.items()}
    return FAULTS | segments
