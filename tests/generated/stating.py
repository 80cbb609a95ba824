"""A generated month as statements, so that a real station holds it: rows only, no bytes."""

from __future__ import annotations

import base64

from avrecord.model.case import Assignment, Stage
from avrecord.model.clip import Clip
from avrecord.model.moments import utc_text
from avrecord.model.observation import Examination, Facts
from avrecord.model.statement import Body, CaseImported, ClipExamined, ClipSealed, DeviceAssigned
from avrecord.pipeline.kit import Kit
from avrecord.store import documents


def sealed(clip: Clip) -> ClipSealed:
    return ClipSealed(
        clip=clip.id.hex,
        size=clip.size,
        docking="0" * 16,
        recorder=clip.recorder,
        path=clip.name,
        path_raw=base64.b64encode(clip.name.encode()).decode(),
        mtime="0",
        media=clip.media.value,
        stored=clip.stored,
        claimed_start=utc_text(clip.start) if clip.start else None,
        clock_offset_ms=clip.offset_ms,
        clock_uncertainty_ms=clip.uncertainty_ms,
        user=clip.user,
        sequence=clip.sequence,
        important=clip.important,
        read_back="direct",
        key_id="0" * 16,
        claim_doubt=clip.doubt,
    )


def looked_at(clip: Clip, kit: Kit) -> ClipExamined:
    """Gone through, nothing seen: what gives the index the clip's length."""
    found = Examination(clip.id.hex, "complete", None, ("id_shown@3",), ("id_shown",), Facts(duration_ms=clip.duration_ms))
    document = kit.attachments.put(documents.examination(found))
    return ClipExamined(
        clip=clip.id.hex,
        outcome="complete",
        reason=None,
        attempt=1,
        checks=found.checks,
        duration_ms=clip.duration_ms,
        examination=document,
    )


def imported(stages: list[Stage], kit: Kit) -> CaseImported:
    rows = kit.attachments.put(documents.stages(stages))
    return CaseImported(source=rows, rows=rows, stages=len(stages))


def assigned(each: Assignment) -> Body:
    return DeviceAssigned(recorder=each.recorder, officer=each.officer, since=each.since, until=each.until)
