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
        if joined and joined[-1][0].recorder == clip.recorder and _follows(joined[-1], clip):
            joined[-1].append(clip)
        else:
            joined.append([clip])
    return tuple(_recording(group) for group in joined)


def _follows(group: list[Clip], clip: Clip) -> bool:
    """Whether a clip goes on where the group, not merely its latest clip, ends."""
    end = max(one.true_end for one in group if one.true_end)
    return clip.true_start is not None and clip.true_start - end <= REAL_GAP


def _recording(clips: list[Clip]) -> Recording:
    starts = [clip.true_start for clip in clips if clip.true_start]
    ends = [clip.true_end for clip in clips if clip.true_end]
    return Recording(str(clips[0].recorder), tuple(clips), min(starts), max(ends))
