"""连续录像: which clips are one recording, split by the recorder at its file limit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from avrecord.model.clip import Clip, Media, Recording

REAL_GAP = timedelta(seconds=3)
"""Above this the recorder was off. FAT names have 1-second and its times 2-second steps, so less
than three seconds cannot be told from no gap at all."""


def join_recordings(clips: Iterable[Clip]) -> tuple[Recording, ...]:
    """Join consecutive video clips of each recorder whose gap is not real. Others are left out."""
    usable = [c for c in clips if c.media is Media.VIDEO and c.recorder and c.start and c.duration_ms]
    usable.sort(key=lambda clip: (clip.recorder, clip.true_start, clip.id))
    joined: list[list[Clip]] = []
    for clip in usable:
        last = joined[-1][-1] if joined else None
        if last and last.recorder == clip.recorder and _follows(last, clip):
            joined[-1].append(clip)
        else:
            joined.append([clip])
    return tuple(_recording(group) for group in joined)


def _follows(last: Clip, clip: Clip) -> bool:
    end, start = last.true_end, clip.true_start
    return end is not None and start is not None and start - end <= REAL_GAP


def _recording(clips: list[Clip]) -> Recording:
    starts = [clip.true_start for clip in clips if clip.true_start]
    ends = [clip.true_end for clip in clips if clip.true_end]
    return Recording(str(clips[0].recorder), tuple(clips), min(starts), max(ends))
