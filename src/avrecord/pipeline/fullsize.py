"""The last look, before anything may be called not seen: the most promising places at full size, and out of the noise.

The frame as a whole is found at half its size, where characters below 13 px fall through. So the places that look most
like text, one for each few seconds, are cut out and read a quarter larger than they are; in the dark, several frames
of the place are made one first.
"""

from __future__ import annotations

import av
import numpy as np

from avrecord.checks.reading import cut_out
from avrecord.checks.strokes import Place
from avrecord.media.clipfile import Frame
from avrecord.media.stacking import stacked
from avrecord.pipeline.cascade import Look, heed

APART_MS = 2000  # one frame for each such span, the most promising one
NOISY = 90  # mean luma: below it the recorder has turned its gain up


def full_size_pass(state: Look, most: int) -> None:
    """Read up to `most` frames' places at full size, the most promising first, while an item is open."""
    packets = state.clip.packets
    for at_ms in _chosen(state.places, most):
        if not state.open:
            break
        for frame in state.clip.key_frames(every_ms=0, only=frozenset({at_ms})):
            state.cost["full_size_frames"] += 1
            for place in state.places[at_ms]:
                _read(state, frame, place)
    state.clip.packets = packets


def _chosen(places: dict[int, list[Place]], most: int) -> list[int]:
    """Times of frames: the most promising one of each span, best first."""

    def worth(at_ms: int) -> tuple[float, int]:
        return -places[at_ms][0].score, at_ms

    spans: dict[int, list[int]] = {}
    for at_ms in places:
        spans.setdefault(at_ms // APART_MS, []).append(at_ms)
    return sorted((min(times, key=worth) for times in spans.values()), key=worth)[:most]


def _read(state: Look, frame: Frame, place: Place) -> None:
    picture = frame.bgr()
    crop, offset = cut_out(picture, place.x, place.y)
    heed(state, state.reader.at_full_size(crop, offset), frame, picture)
    if state.open and frame.luma.mean() < NOISY:
        state.cost["stacked"] += 1
        try:
            clear = stacked(state.clip.path, frame.at_ms, lambda whole: _cut(whole, place))
        except av.error.FFmpegError:
            return
        if clear is not None and clear.shape == crop.shape:
            heed(state, state.reader.at_full_size(clear, offset), frame, picture)


def _cut(picture: np.ndarray, place: Place) -> np.ndarray:
    return cut_out(picture, place.x, place.y)[0]
