"""What the product's check finds in a labelled clip, and how the product's own rule would mark it."""

from __future__ import annotations

import hashlib
import tempfile
import time
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from avrecord.media.worker import Outcome
from avrecord.model.case import MarkKind
from avrecord.model.clip import Clip, ClipId, Media
from avrecord.model.observation import Examination, Observation
from avrecord.pipeline.examine import read_outcome, request_for
from avrecord.pipeline.looking import look
from avrecord.rules.judging import judge
from avrecord.settings import CheckTable
from avrecord.station import shipped

SEGMENTS = tomllib.loads((shipped("config") / "segments.toml").read_text("utf-8"))
SEGMENT_OF = {"cert": "id_shown", "notice": "notice_given"}
TIERS = ("fast", "thorough")
SLACK = 0.5  # seconds around a shown event in which it is coming in or leaving
ANY_TIME = datetime(2026, 9, 3, 2, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Looked:
    """One clip in one tier: the examination, the mark of each segment by the picture alone, CPU seconds."""

    tier: str
    examination: Examination
    marks: dict[str, str]
    cpu_s: float

    def certain(self, segment: str, first: float, last: float) -> list[Observation]:
        """Certain observations of a segment between two seconds of the clip."""
        return [o for o in self.sure if o.segment == segment and first - SLACK <= o.at_ms / 1000 <= last + SLACK]

    @property
    def sure(self) -> list[Observation]:
        return [o for o in self.examination.observations if not o.doubtful]


def asked(path: Path, tier: str) -> dict[str, Any]:
    """What the child is asked."""
    return request_for(path, "video", SEGMENTS, CheckTable(), tier)


def looked(path: Path, tier: str) -> Looked:
    """Examine one clip in this process."""
    started = time.process_time()
    clip_id = hashlib.sha256(path.name.encode()).hexdigest()
    with tempfile.TemporaryDirectory() as folder:
        answer = look(asked(path, tier), Path(folder))
        outcome = Outcome(answer, None, Path(folder))
        found = read_outcome(clip_id, outcome, lambda frame: hashlib.sha256(frame).hexdigest())
    return Looked(tier, found, marks_of(path, clip_id, found), time.process_time() - started)


def marks_of(path: Path, clip_id: str, found: Examination) -> dict[str, str]:
    """Each printed segment's mark. By the picture alone: these clips have no sound, which would hide `not_seen`."""
    clip = Clip(ClipId(clip_id), path.stat().st_size, None, path.name, path.name, Media.VIDEO, None, ANY_TIME)
    return {name: judge(name, [clip], {clip_id: found}, {}, ("printed",)).mark.value for name in SEGMENT_OF.values()}


def verdict(seen: Looked, segment: str, hit: bool) -> str:
    """`found`, or what a missed event was marked as. A mark that rests on something else is `elsewhere`."""
    if hit:
        return "found"
    mark = seen.marks[segment]
    return "elsewhere" if mark == MarkKind.SEEN.value else mark
