"""Clips are linked to stages by recorder, assignment and time; late cards find their stage by themselves."""

from __future__ import annotations

from datetime import timedelta

from avrecord.model.case import Assignment, Link, Stage
from avrecord.model.moments import beijing
from avrecord.model.statement import Body, ClipLinked, ClipUnlinked
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import state
from avrecord.rules.linking import match_stage


def link_all(kit: Kit) -> tuple[int, int]:
    """Bring the rule's links up to date; return how many were made and how many withdrawn.

    What a person linked or unlinked stays: no rule makes or takes it again.
    """
    assignments = kit.records.assignments()
    bodies = [body for stage in kit.records.stages() for body in _changes(stage, assignments, kit)]
    state(kit, bodies)
    made = sum(isinstance(body, ClipLinked) for body in bodies)
    return made, len(bodies) - made


def _changes(stage: Stage, assignments: list[Assignment], kit: Kit) -> list[Body]:
    wanted = {link.clip.id.hex: link for link in _by_rule(stage, assignments, kit)}
    existing = {clip.id.hex: method for clip, method in kit.records.linked(stage.id)}
    withheld = kit.records.unlinked_by_person(stage.id)
    made: list[Body] = [
        ClipLinked(
            clip=clip,
            case=stage.id.case,
            stage=stage.id.name,
            method=link.method,
            overlap_ms=link.overlap_ms,
            uncertainty_ms=link.uncertainty_ms,
        )
        for clip, link in sorted(wanted.items())
        if clip not in existing and clip not in withheld
    ]
    gone: list[Body] = [
        ClipUnlinked(clip=clip, case=stage.id.case, stage=stage.id.name, why="no longer matches")
        for clip, method in sorted(existing.items())
        if method == "assignment" and clip not in wanted
    ]
    return made + gone


def _by_rule(stage: Stage, assignments: list[Assignment], kit: Kit) -> tuple[Link, ...]:
    buffer = timedelta(seconds=kit.settings.link.buffer_seconds)
    day = beijing(stage.start, "%Y-%m-%d")
    recorders = sorted({a.recorder for a in assignments if a.officer in stage.officers and a.covers(day)})
    clips = [
        clip for recorder in recorders for clip in kit.records.clips_around(recorder, stage.start - buffer, stage.end + buffer)
    ]
    return match_stage(stage, clips, assignments, buffer)
