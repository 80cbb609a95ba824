"""The clock that a recorder draws into the picture, read at the start, the middle and the end of a clip.

It is searched once, in the outer ninths of the height, and then recognised on that fixed crop: 75 of 75 right
at 29 ms on drawn clocks. Two readings count when the clock went on between them as the packets did: print
held into the picture stands still, and a misread digit agrees with nothing. A clock that was misread the same
way twice would still be believed; its difference is a fault for a person to look at, never a mark.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import cv2
import numpy as np

from avrecord.checks.reading import Reader
from avrecord.model.moments import BEIJING, milliseconds

VERSION = "overlay@1"
STRIP = 9  # the outer ninths of the height, above and below
LEAST_HEIGHT = 240  # px of a frame: below, a line of the clock has less than 8
EDGES, STEP = 200, 48  # jumps of luma in both strips: twenty characters have more; a plain sky is not read at all
APART_MS = 2000  # between frames: then a text that stands still does not agree
AGREE_MS = 1500  # whole seconds are shown, so readings may differ by one
MOST_KEPT = 12  # strips of 0.5 MB in 1080p
SURE = 0.8  # clocks are read at 0.98
DATE = re.compile(r"(20\d\d)[-/.年](\d\d)[-/.月](\d\d)日?")
TIME = re.compile(r"(\d\d)[:：](\d\d)[:：](\d\d)")
BETWEEN = 6  # characters between date and time: a space, 星期一, nothing where it was not read

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the clock showed in the frame at `at_ms`."""

    at_ms: int
    shown: datetime

    def leads(self, other: Reading) -> int:
        """By how many ms the clock went further than the packets since `other`."""
        return milliseconds(self.shown - other.shown) - (self.at_ms - other.at_ms)


@dataclass(frozen=True, slots=True)
class Clock:
    """`first` and `last` were each confirmed by a reading beside them; `reads` is how many showed a time at all."""

    first: Reading
    last: Reading
    reads: int


class Overlay:
    """Feed the luma of key frames in time order, then `clock` once."""

    version = VERSION

    def __init__(self) -> None:
        self._kept: list[tuple[int, np.ndarray]] = []
        self._step = 0

    def look(self, at_ms: int, luma: np.ndarray) -> None:
        """Keep the strips of a frame: the first two, the last two, and some between."""
        if luma.shape[0] < LEAST_HEIGHT or (self._kept and at_ms - self._kept[-1][0] < APART_MS):
            return
        height = luma.shape[0] // STRIP
        self._kept.append((at_ms, np.vstack([luma[:height], luma[-height:]])))
        if len(self._kept) > 4 and self._kept[-3][0] - self._kept[-4][0] < self._step:
            del self._kept[-3]
        if len(self._kept) > MOST_KEPT:
            self._kept = [*self._kept[:2], *self._kept[2:-2:2], *self._kept[-2:]]
            self._step = max(later - earlier for (earlier, _), (later, _) in pairwise(self._kept[2:-2]))

    def clock(self, reader: Reader) -> Clock | None:
        """What the clock showed at the start and at the end; None where none was read twice."""
        place = next((found for _, strips in self._kept[:2] if (found := _place(strips, reader))), None)
        if place is None:
            return None
        read = [Reading(at, shown) for at, strips in self._wanted() if (shown := _shown(_cut(strips, place), reader))]
        sure = [(one, other) for one, other in pairwise(read) if abs(other.leads(one)) <= AGREE_MS]
        return Clock(sure[0][0], sure[-1][1], len(read)) if sure else None

    def _wanted(self) -> list[tuple[int, np.ndarray]]:
        """Two frames of the start, one of the middle, two of the end."""
        half = self._kept[-1][0] / 2
        middle = min(self._kept, key=lambda kept: abs(kept[0] - half))
        wanted = dict((*self._kept[:2], middle, *self._kept[-2:]))
        return sorted(wanted.items(), key=lambda kept: kept[0])


def moment_of(words: str) -> datetime | None:
    """The local time that a line shows, with whatever stands beside it. None for anything less than date and second."""
    date = DATE.search(words)
    time = TIME.search(words, date.end()) if date else None
    if date is None or time is None or time.start() - date.end() > BETWEEN:
        return None
    try:
        return datetime.strptime("".join((*date.groups(), *time.groups())), "%Y%m%d%H%M%S").replace(tzinfo=BEIJING)
    except ValueError:  # the 45th of the 13th month
        return None


def _place(strips: np.ndarray, reader: Reader) -> Box | None:
    """Where the clock is drawn: one line with date and time, or a date with the time right of it."""
    if int((np.abs(np.diff(strips.astype(np.int16), axis=1)) >= STEP).sum()) < EDGES:
        return None
    picture = cv2.cvtColor(strips, cv2.COLOR_GRAY2BGR)
    lines = [(_roomy(box, strips.shape), box) for box in reader.boxes(picture)]
    read = [(place, box, reader.words(_cut(picture, place))[0]) for place, box in lines]
    whole = next((place for place, _, words in read if moment_of(words)), None)
    if whole:
        return whole
    dates = [box for _, box, words in read if DATE.search(words)]
    times = [box for _, box, words in read if TIME.search(words)]
    joined = (_roomy(_union(date, time), strips.shape) for date in dates for time in times if _beside(date, time))
    return next(joined, None)


def _shown(crop: np.ndarray, reader: Reader) -> datetime | None:
    words, score = reader.words(cv2.cvtColor(crop, cv2.COLOR_GRAY2BGR))
    return moment_of(words) if score >= SURE else None


def _roomy(box: Box, shape: tuple[int, ...]) -> Box:
    """With room for figures that are wider at another second."""
    x, y, width, height = box
    left, top = max(0, x - height // 4), max(0, y - height // 8)
    return left, top, min(shape[1], x + width + height // 2) - left, min(shape[0], y + height + height // 8) - top


def _union(one: Box, other: Box) -> Box:
    left, top = min(one[0], other[0]), min(one[1], other[1])
    right, bottom = max(one[0] + one[2], other[0] + other[2]), max(one[1] + one[3], other[1] + other[3])
    return left, top, right - left, bottom - top


def _beside(date: Box, time: Box) -> bool:
    """Whether a time stands right of a date on the same line."""
    overlap = min(date[1] + date[3], time[1] + time[3]) - max(date[1], time[1])
    return time[0] >= date[0] + date[2] // 2 and overlap > 0.5 * min(date[3], time[3])


def _cut(picture: np.ndarray, box: Box) -> np.ndarray:
    x, y, width, height = box
    return np.ascontiguousarray(picture[y : y + height, x : x + width])
