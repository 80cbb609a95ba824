"""关联: which clips belong to a stage, by recorder, assignment and time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from avrecord.model.case import Assignment, Link, Stage
from avrecord.model.clip import Clip, Media
from avrecord.model.moments import beijing, milliseconds

LINKED_MEDIA = frozenset({Media.VIDEO, Media.AUDIO, Media.PHOTO})


def match_stage(stage: Stage, clips: Iterable[Clip], assignments: Iterable[Assignment], buffer: timedelta) -> tuple[Link, ...]:
    """Links of the clips that overlap the stage's window, widened by `buffer` on both sides.

    A clip counts when its recorder was, on the stage's day, in the hands of one of the stage's
    officers. Times are the station's: the recorder's claim less its measured offset. A clip whose
    uncertainty is larger than the buffer, or whose clock had started again, is not linked by rule: a wrong clock must
    not link silently.
    """
    day = beijing(stage.start, "%Y-%m-%d")
    recorders = {a.recorder for a in assignments if a.officer in stage.officers and a.covers(day)}
    links = (_link(stage, clip, buffer) for clip in clips if clip.recorder in recorders)
    return tuple(sorted((link for link in links if link), key=lambda link: link.clip.id))


def _link(stage: Stage, clip: Clip, buffer: timedelta) -> Link | None:
    start, end = clip.true_start, clip.true_end
    if clip.media not in LINKED_MEDIA or start is None or end is None:
        return None
    if clip.doubt or clip.uncertainty_ms > milliseconds(buffer):
        return None
    if end < stage.start - buffer or start > stage.end + buffer:
        return None
    overlap = min(end, stage.end) - max(start, stage.start)
    return Link(clip, stage.id, "assignment", max(0, milliseconds(overlap)), clip.uncertainty_ms)
