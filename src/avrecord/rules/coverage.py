"""覆盖 and 缺口: how much of a stage's window its linked clips record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from avrecord.model.case import Coverage, Gap, Stage
from avrecord.model.clip import Clip, Media
from avrecord.model.moments import since


def cover(stage: Stage, clips: Iterable[Clip], tolerance: timedelta) -> Coverage:
    """Union of the clips' times within the window. Gaps up to `tolerance` plus clock doubt are no gap.

    Only video and audio of known length cover time; a photo shows a moment.
    """
    spans = sorted(_spans(stage, clips))
    gaps, covered, at, doubt = [], timedelta(), stage.start, timedelta()
    for start, end, uncertainty in [*spans, (stage.end, stage.end, timedelta())]:
        if start - at > tolerance + max(doubt, uncertainty):
            gaps.append(Gap(at, start))
        covered += max(timedelta(), end - max(at, start))
        if end >= at:  # a clip inside a longer one says nothing about where that one ends
            at, doubt = end, uncertainty
    window = stage.end - stage.start
    return Coverage(round(window.total_seconds()), round(covered.total_seconds()), tuple(gaps))


def _spans(stage: Stage, clips: Iterable[Clip]) -> Iterable[tuple[datetime, datetime, timedelta]]:
    for clip in clips:
        start, end = clip.true_start, clip.true_end
        if clip.media not in (Media.VIDEO, Media.AUDIO) or start is None or end is None:
            continue
        start, end = max(start, stage.start), min(end, stage.end)
        if start < end:
            yield start, end, since(start, clip.uncertainty_ms) - start
