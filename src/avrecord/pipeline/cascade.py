"""From cheap to thorough: what is done with the frames of one clip, why, and how often each stage was entered.

Fast tier, on each key frame: thumbnail (nothing to see, or nothing new) → stroke map → detector on up to two small
crops and the three tallest lines there → the whole frame, if they share characters with what is looked for. What a
stage passes over is noted for the thorough tier, which reads it before anything may be called not seen. A doubt is
looked at again, in the sharpest frames of its own group. Where key frames are too far apart for a certificate of two
seconds, the thorough tier decodes the beginning second by second.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import av
import cv2
import numpy as np

from avrecord.checks.protocol import Found, WordsCheck
from avrecord.checks.reading import Line, Reader
from avrecord.checks.strokes import Place, peaks, promising, stroke_map
from avrecord.checks.wording import fold
from avrecord.media.clipfile import ClipFile, Frame, thumbnail
from avrecord.media.closer import frames_in, sharpness
from avrecord.media.shape import Shape
from avrecord.model.observation import Observation
from avrecord.pipeline.extras import Extras
from avrecord.pipeline.stills import write_crop
from avrecord.pipeline.technical import Technical

VERSION = "cascade@2"  # what is read in which frames; the words that count are the checks' own
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 85]
MOST_DOUBTS = 3
CROPS = 2  # per frame; a third finds nothing more on the labelled clips and costs 10 ms
ENOUGH = 2  # whole frames read for the sake of the same words
SAME = 6  # levels of any of 64×36 averaged blocks: below it nothing was shown or taken away since the last look
AROUND_MS = 1200  # a closer look: one group of pictures of a recorder with a key frame each two seconds
SHARPEST = 3
DENSE_STEP_MS = 1000  # what is shown for two seconds is seen once at least, and once again if blurred


@dataclass(slots=True)
class Look:
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
    """Key frames that the fast tier passed over while an item was open."""
    places: dict[int, list[Place]] = field(default_factory=dict)
    """Where the key frames that were read in vain look most like text, by their time."""
    promised: Counter[str] = field(default_factory=Counter)
    """Words for whose sake a whole frame was read in the fast tier, and how often."""
    dense_to_ms: int = 0
    """The clip was gone through second by second from its beginning to here."""
    _last: np.ndarray | None = None

    @property
    def open(self) -> list[WordsCheck]:
        """Checks whose segment is not proved yet."""
        return [check for check in self.checks if check.segment not in self.certain]

    def is_same(self, luma: np.ndarray) -> bool:
        """Whether a frame shows what the last one that was read showed."""
        small = thumbnail(luma).astype(np.int16)
        if self._last is not None and int(np.abs(small - self._last).max()) < SAME:
            return True
        self._last = small
        return False


def fast_pass(state: Look, every_ms: int) -> None:
    """Every key frame through the technical checks, and the ones that look like text to the reader."""
    for frame in state.clip.key_frames(every_ms, hear=state.technical.hear):
        state.cost["key_frames_decoded"] += 1
        shows = state.technical.look(frame.at_ms, frame.luma)
        state.extras.look(frame, shows)
        if not shows:
            state.cost["nothing_to_see"] += 1
        elif state.open:
            _sift(state, frame)


def _sift(state: Look, frame: Frame) -> None:
    state.cost["stroke_maps"] += 1
    places = peaks(stroke_map(frame.luma), state.gate, CROPS)
    if not places:
        state.cost["without_strokes"] += 1
        state.later.add(frame.at_ms)
    elif state.is_same(frame.luma):
        state.cost["same_as_before"] += 1
        state.later.add(frame.at_ms)
    elif not _promises(state, state.reader.near(frame.bgr(), places)):
        state.cost["without_words"] += 1
        state.later.add(frame.at_ms)
    else:
        _read_key_frame(state, frame)


def _read_key_frame(state: Look, frame: Frame) -> None:
    """Read it; where that was in vain, note where it looks like text, for the look at full size."""
    read(state, frame)
    if state.open and (places := promising(frame.luma)):
        state.places[frame.at_ms] = places


def _promises(state: Look, lines: list[Line]) -> bool:
    """Whether any open check would have the whole frame read. A line that could not be read promises nothing.

    A shop sign that has been looked at twice is left to the thorough tier: it comes by in a hundred frames.
    """
    hinting = {fold(line.words) for line in lines if any(check.hints([line]) for check in state.open)}
    fresh = {words for words in hinting if state.promised[words] < ENOUGH}
    state.promised.update(fresh)
    return bool(fresh)


def thorough_pass(state: Look) -> None:
    """Read the frames that the fast tier passed over, while an item is open."""
    if not state.open or not state.later:
        return
    packets = state.clip.packets
    for frame in state.clip.key_frames(every_ms=0, only=frozenset(state.later)):
        state.cost["thorough_frames"] += 1
        _read_key_frame(state, frame)
        if not state.open:
            break
    state.clip.packets = packets


def closer_look(state: Look) -> None:
    """Around each doubt: the sharpest frames near it. A smeared card is often held still a moment later."""
    for doubt in list(state.doubts):
        if doubt.segment in state.certain:
            continue
        for frame in _sharpest(state, doubt.at_ms):
            state.cost["closer_frames"] += 1
            read(state, frame)
            if doubt.segment in state.certain:
                break


def dense_pass(state: Look, seconds: int) -> None:
    """Second by second through the beginning of a clip, while an item is open."""
    end, step, best = seconds * 1000, 0, None
    try:
        for frame in frames_in(state.clip.path, 0, end):
            state.cost["dense_decoded"] += 1
            if frame.at_ms // DENSE_STEP_MS == step:
                best = _better(best, frame)
                continue
            _read_dense(state, best)
            step, best = frame.at_ms // DENSE_STEP_MS, _better(None, frame)
            if not state.open:
                return
        _read_dense(state, best)
    except av.error.FFmpegError:
        return


def _read_dense(state: Look, best: tuple[float, Frame] | None) -> None:
    if best is None:
        return
    state.dense_to_ms = best[1].at_ms + DENSE_STEP_MS
    if not state.is_same(best[1].luma):
        state.cost["dense_frames"] += 1
        read(state, best[1])


def _better(best: tuple[float, Frame] | None, frame: Frame) -> tuple[float, Frame]:
    """The sharper one, held as a copy: the decoder uses its pictures again."""
    sharp = sharpness(frame.luma)
    return best if best and best[0] >= sharp else (sharp, replace(frame, luma=frame.luma.copy()))


def _sharpest(state: Look, at_ms: int) -> list[Frame]:
    best: list[tuple[float, Frame]] = []
    try:
        for frame in frames_in(state.clip.path, at_ms - AROUND_MS, at_ms + AROUND_MS):
            state.cost["closer_decoded"] += 1
            best = sorted([*best, _better(None, frame)], key=lambda pair: -pair[0])[:SHARPEST]
    except av.error.FFmpegError:
        return []
    return [frame for _, frame in best]


def read(state: Look, frame: Frame) -> None:
    """Read the lines of a frame and ask every open check."""
    picture = frame.bgr()
    heed(state, state.reader.read(picture), frame, picture)


def heed(state: Look, lines: list[Line], frame: Frame, picture: np.ndarray) -> None:
    """Ask every open check about lines read in a frame."""
    for check in state.open:
        found = check.read(lines)
        if found is None or (found.doubtful and len(state.doubts) >= MOST_DOUBTS):
            continue
        observation = _observation(state, check, found, frame, picture)
        if found.doubtful:
            state.doubts.append(observation)
        else:
            state.certain[check.segment] = observation


def _observation(state: Look, check: WordsCheck, found: Found, frame: Frame, picture: np.ndarray) -> Observation:
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
