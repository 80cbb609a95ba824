"""Frames for a person to look at, where no check can speak: which there are, and where they lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from avrecord.errors import EvidenceError
from avrecord.model.clip import Clip
from avrecord.model.observation import Offered
from avrecord.pipeline.kit import Kit


def offered_in(clips: Iterable[Clip], kit: Kit) -> Iterator[tuple[Clip, Offered, Path]]:
    """The offered frames of clips, in their order. An examination that is gone offers none: verify reports it."""
    for clip in clips:
        try:
            examination = kit.records.full_examination(clip.id)
        except EvidenceError:
            continue
        for each in examination.offered if examination else ():
            yield clip, each, kit.attachments.path(each.digest)
