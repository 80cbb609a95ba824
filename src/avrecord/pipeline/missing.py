"""The supervisor's question: what does the list require of each stage that the footage does not show?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from avrecord.checks.segments import against, ways
from avrecord.model.case import Account, Lack, Mark, MarkKind, Review, Stage
from avrecord.model.clip import Clip
from avrecord.model.observation import Examination
from avrecord.pipeline.kit import Kit
from avrecord.rules.coverage import cover
from avrecord.rules.judging import is_whole, judge, lacks
from avrecord.rules.recordings import join_recordings
from avrecord.rules.reviewing import folded
from avrecord.words import FAULTS, NO_SPEECH_MODEL, NOT_YET_THOROUGH

LEAD = timedelta(minutes=30)  # who we are and what we do is said on arrival
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
    examinations = kit.records.examinations_of(stage.id)
    beside = beside_of(stage, clips, kit)
    examinations |= kit.records.examinations(beside)
    marks = tuple(mark_of(segment, clips, examinations, why, kit, beside) for segment in item.segments) if item else ()
    if item is None:
        marks = (Mark("*", MarkKind.NOT_REQUIRED, NOT_LISTED),)
    return Account(
        stage=stage,
        checklist=f"{checklist.name} {checklist.version}" if checklist else "",
        mode=item.mode.value if item else None,
        coverage=cover(stage, clips, tolerance),
        marks=marks,
        reviews=_of_others(stage, kit),
        clips=tuple(clips),
        four_eyes=kit.settings.review.four_eyes,
    )


def _of_others(stage: Stage, kit: Kit) -> tuple[Review, ...]:
    """Reviews by people who took no part in the stage: who came to be one of its officers later settles nothing of it."""
    own = {folded(officer) for officer in stage.officers}
    return tuple(review for review in kit.records.reviews(stage.id) if folded(review.by) not in own)


def mark_of(
    segment: str,
    clips: list[Clip],
    examinations: dict[str, Examination],
    why: dict[str, str],
    kit: Kit,
    beside: Sequence[Clip] = (),
) -> Mark:
    """抽检结果 of one segment by the ways in which `segments.toml` says that it shows.

    `beside`: further clips of the same recordings (连续录像). What was seen there counts; what was not seen there says
    nothing, since they are not the stage's own.
    """
    table = kit.segments.get(segment, {"proof": "printed"})
    mark = judge(segment, clips, examinations, why, ways(table), against(kit.segments, segment))
    if mark.mark is MarkKind.SEEN or not beside or against(kit.segments, segment):
        return mark
    there = judge(segment, beside, examinations, why, ways(table))
    if there.mark is not MarkKind.SEEN:
        return mark
    return replace(there, reason=f"{there.reason}（在同一连续录像的 {there.clip.name if there.clip else ''} 中）")


def beside_of(stage: Stage, clips: Sequence[Clip], kit: Kit) -> list[Clip]:
    """Clips that are not linked to a stage and belong to one recording with a linked one, from half an hour before it on.

    A certificate shown in file 1 serves the stage that goes on in file 3; one shown in the morning to somebody else does not.
    """
    linked = {clip.id for clip in clips}
    recorders = sorted({clip.recorder for clip in clips if clip.recorder})
    around = [each for recorder in recorders for each in kit.records.clips_around(recorder, stage.start - LEAD, stage.end)]
    joined = join_recordings({clip.id: clip for clip in [*around, *clips]}.values())
    return [
        clip
        for recording in joined
        if any(clip.id in linked for clip in recording.clips)
        for clip in recording.clips
        if clip.id not in linked and _near(clip, stage)
    ]


def _near(clip: Clip, stage: Stage) -> bool:
    return bool(clip.true_start and clip.true_end and stage.start - LEAD <= clip.true_end and clip.true_start <= stage.end)


def mark_asked(account: Account, segment: str, why: dict[str, str], kit: Kit) -> Mark:
    """The mark of a segment that a ledger asks for, required by the checklist or not."""
    required = next((mark for mark in account.marks if mark.segment == segment), None)
    clips = list(account.clips)
    return required or mark_of(segment, clips, kit.records.examinations(clips), why, kit)


def why_blind(kit: Kit) -> dict[str, str]:
    """In words: why a fault, or a segment without an installed check, makes the mark 无法判断."""
    reasons = {name: _without_check(ways(table)) for name, table in kit.segments.items()}
    notes = {name: f"听到疑似{table.get('name', name)}" for name, table in kit.segments.items() if table.get("against")}
    return FAULTS | reasons | notes | {"unheard": NO_SPEECH_MODEL, "fast": NOT_YET_THOROUGH}


def _without_check(proofs: tuple[str, ...]) -> str:
    """Why no check speaks for a segment, where none does."""
    if "printed" in proofs:
        return "片段未能抽检"
    return NO_SPEECH_MODEL if "spoken" in proofs else "只能由人工复核"
