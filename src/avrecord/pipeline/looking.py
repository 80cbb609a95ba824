"""What the isolated child does with one media file: the cascade, from cheap to thorough.

1. packets: key frames, gaps, sizes; sound by the second: silent, overdriven, only wind;
2. each key frame: dark, covered, overexposed, blurred, frozen;
3. the stroke map decides which frames are read first; an item that is proved is not looked for again;
4. the thorough pass reads every key frame that is left, before anything may be called not seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from avrecord.checks.damaged import UNINDEXED
from avrecord.checks.protocol import Found, WordsCheck
from avrecord.checks.reading import Reader
from avrecord.checks.strokes import stroke_score
from avrecord.checks.words_shown import checks_of
from avrecord.media.clipfile import ClipFile, Frame
from avrecord.media.shape import Shape, shape_of
from avrecord.model.observation import Facts, Observation
from avrecord.pipeline import extras
from avrecord.pipeline.extras import Extras
from avrecord.pipeline.stills import write_crop
from avrecord.pipeline.technical import VERSIONS, Technical, unopened

JPEG = [cv2.IMWRITE_JPEG_QUALITY, 85]
MOST_DOUBTS = 3


@dataclass(slots=True)
class _Look:
    """State of one examination."""

    clip: ClipFile
    folder: Path
    checks: list[WordsCheck]
    gate: float
    shape: Shape = field(default_factory=Shape)
    reader: Reader = field(default_factory=Reader)
    technical: Technical = field(default_factory=Technical)
    extras: Extras = field(default_factory=Extras)
    certain: dict[str, Observation] = field(default_factory=dict)
    doubts: list[Observation] = field(default_factory=list)
    cost: Counter[str] = field(default_factory=Counter)
    later: set[int] = field(default_factory=set)

    @property
    def open(self) -> list[WordsCheck]:
        """Checks whose segment is not proved yet."""
        return [check for check in self.checks if check.segment not in self.certain]


def look(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Examine `request['path']`. Evidence frames go into `folder`; the answer is plain JSON.

    Request: path, media (video, audio, photo), segments (table of segments.toml), gate, every_ms,
    thorough. Raises nothing for bad media: an unreadable file is an answer, too.
    """
    cv2.setNumThreads(1)
    clip = ClipFile(Path(request["path"]), photo=request["media"] == "photo")
    state = _Look(clip, folder, list(checks_of(request["segments"])), request["gate"])
    try:
        state.shape = shape_of(state.clip.path)
        _fast_pass(state, request["every_ms"])
        facts = _facts(state, request["media"])
        if request["thorough"]:
            _thorough_pass(state)
    except (av.error.FFmpegError, ValueError, MemoryError, OSError) as error:
        return _unreadable(state, UNINDEXED if state.shape.unindexed else _cause(error))
    return _answer(state, facts, request)


def _fast_pass(state: _Look, every_ms: int) -> None:
    for frame in state.clip.key_frames(every_ms, hear=state.technical.hear):
        state.cost["key_frames_decoded"] += 1
        shows = state.technical.look(frame.at_ms, frame.luma)
        state.extras.look(frame, shows)
        if not shows or not state.open:
            continue
        state.cost["stroke_maps"] += 1
        if stroke_score(frame.luma) < state.gate:
            state.later.add(frame.at_ms)
            continue
        _read(state, frame)


def _thorough_pass(state: _Look) -> None:
    """Read the frames that the stroke map passed over, while an item is open."""
    if not state.open or not state.later:
        return
    packets = state.clip.packets
    for frame in state.clip.key_frames(every_ms=0, only=frozenset(state.later)):
        state.cost["thorough_frames"] += 1
        _read(state, frame)
        if not state.open:
            break
    state.clip.packets = packets


def _read(state: _Look, frame: Frame) -> None:
    picture = frame.bgr()
    lines = state.reader.read(picture)
    for check in state.open:
        found = check.read(lines)
        if found is None or (found.doubtful and len(state.doubts) >= MOST_DOUBTS):
            continue
        observation = _observation(state, check, found, frame, picture)
        if found.doubtful:
            state.doubts.append(observation)
        else:
            state.certain[check.segment] = observation


def _observation(state: _Look, check: WordsCheck, found: Found, frame: Frame, picture: np.ndarray) -> Observation:
    """With the evidence frame written: the box drawn on a copy, never on the clip."""
    marked = picture.copy()
    cv2.polylines(marked, [found.line.corners.astype(np.int32)], True, (0, 0, 255), 3)
    name = f"{check.segment}-{frame.at_ms}.jpg"
    cv2.imwrite(str(state.folder / name), marked, JPEG)
    return Observation(
        segment=check.segment,
        check=check.version,
        at_ms=frame.at_ms,
        score=found.score,
        words=found.words[:60],
        evidence=name,
        box=found.line.box,
        crop=write_crop(picture, found.line.box, state.folder / f"{check.segment}-{frame.at_ms}-crop.jpg"),
        doubtful=found.doubtful,
    )


def _facts(state: _Look, media: str) -> Facts:
    packets = state.clip.packets
    end = packets.last_ms if packets.last_ms is not None else packets.sound_ms
    marks = [*packets.keys, end or 0]
    gaps = [later - earlier for earlier, later in pairwise(marks)]
    return Facts(
        duration_ms=None if media == "photo" else end,
        claimed_ms=packets.claimed_ms,
        width=packets.width,
        height=packets.height,
        video_codec=packets.video_codec,
        audio_codec=packets.audio_codec,
        frames=packets.frames,
        key_frames=len(packets.keys),
        longest_gap_ms=max(gaps, default=None) if packets.keys and media == "video" else None,
        decode_errors=packets.errors,
        **state.extras.facts(state.reader),
    )


def _answer(state: _Look, facts: Facts, request: dict[str, Any]) -> dict[str, Any]:
    media = request["media"]
    decoded = state.cost["key_frames_decoded"]
    faults = state.technical.faults(state.clip.packets, facts, media, state.shape, decoded)
    kinds = {fault.kind for fault in faults}
    looked = [check.segment for check in state.checks] if facts.video_codec and request["thorough"] else []
    doubts = [doubt for doubt in state.doubts if doubt.segment not in state.certain]
    observations = sorted([*state.certain.values(), *doubts], key=lambda o: (o.segment, o.at_ms))
    outcome = "unreadable" if "unreadable" in kinds else "partial" if "damaged" in kinds else "complete"
    state.cost["frames_read"] = state.reader.detected
    state.cost["lines_read"] = state.reader.recognised
    return {
        "outcome": outcome,
        "reason": next((fault.detail for fault in faults if fault.kind == "unreadable"), None),
        "checks": _versions(state.checks),
        "looked": looked,
        "facts": asdict(facts),
        "observations": [asdict(observation) for observation in observations],
        "faults": [asdict(fault) for fault in faults],
        "cost": dict(state.cost),
        "offered": state.extras.offered(state.folder) if media == "video" else [],
    }


def _unreadable(state: _Look, reason: str) -> dict[str, Any]:
    return {
        "outcome": "unreadable",
        "reason": reason,
        "checks": _versions(state.checks),
        "looked": [],
        "facts": asdict(Facts()),
        "observations": [],
        "faults": [asdict(fault) for fault in unopened(reason, state.shape)],
        "cost": dict(state.cost),
        "offered": [],
    }


def _cause(error: BaseException) -> str:
    """The decoder's complaint without the file's path: a statement names no place of a machine."""
    if isinstance(error, ValueError) and not isinstance(error, av.error.FFmpegError):
        return str(error)[:200]  # ours
    return f"解码器报告 {type(error).__name__}: {getattr(error, 'strerror', None) or error}"[:200]


def _versions(checks: Iterable[WordsCheck]) -> list[str]:
    return [*(check.version for check in checks), *VERSIONS, *extras.VERSIONS]
