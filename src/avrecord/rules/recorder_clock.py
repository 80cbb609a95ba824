"""A recorder's clock: which reading of it is the best, for which claims it holds, and which claims cannot be true.

Nothing here guesses: where no reading is to be had the answer is None, which is not the same as no offset.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median

from avrecord.model.card import ClockReading, ClockStep, Oddity
from avrecord.model.moments import milliseconds

OUTSIDE = frozenset({"gps_line", "gps_name"})  # true time from the satellites; all others lean on somebody's own clock
DAY = timedelta(days=1)
DAY_MS = milliseconds(DAY)
RUNS_ON = timedelta(days=31)  # a clock that started again may run on so long before somebody sets it
SETTLED = timedelta(days=60)  # younger than this, a day on which clocks start again may also be just that day
STALE = timedelta(minutes=5)  # further behind, a line on a card is as likely an old line as a slow clock
WHOLE_SECOND_MS = 1000  # recorders write whole seconds
SENTENCE_MS = 1500  # that, and the part of a second by which an NMEA sentence follows its fix
ZONE_STEP_MS = 3_600_000
LONGEST_FILE_MS = 45 * 60_000  # a file is written for so long after the time in its name; FAT's clock, its end
EARLY_MS = -300_000  # recorders that buffer name a file after the key was pressed, and write it at once
LATEST_FIXES = 60


def best(readings: Iterable[ClockReading]) -> ClockReading | None:
    """Time from outside before any other, then the least uncertain."""
    return min(readings, key=lambda r: (r.method not in OUTSIDE, r.uncertainty_ms, r.method), default=None)


def doubt(start: datetime, now: datetime, plausible_from: datetime | None, resets: Iterable[datetime]) -> str | None:
    """Why a claimed start cannot be when this was recorded, a key of `words.CLAIM_DOUBTS`; None when it can."""
    if start > now + DAY:
        return "future"
    if any(day - DAY <= start < day + RUNS_ON for day in resets) and now - start > SETTLED:
        return "reset"
    if plausible_from and start < plausible_from:
        return "too_early"
    return None


def at_claim(
    start: datetime, doubtful: bool, clock: ClockReading | None, readings: Sequence[ClockReading], steps: Sequence[ClockStep]
) -> ClockReading | None:
    """What is known of the clock when a file was named.

    A clock that started again is off by years: that offset belongs to the files that say so, and to no others.
    Before a step the clock was off by what the step took away; after the last one the card's own reading stands.
    """
    if doubtful:
        return clock if clock and abs(clock.offset_ms) > DAY_MS else None
    dated = [(step, step.own, step.true) for step in steps if step.own and step.true]
    near = [r for r in readings if r.method in OUTSIDE and r.own and abs(r.own - start) <= DAY]
    same_run = [r for r in near if r.own and not any(_between(own, start, r.own) for _, own, _ in dated)]
    if same_run:
        return min(same_run, key=lambda r: abs((r.own or start) - start))
    for step, own, true in dated:
        if start <= own:
            # A fast clock goes over the same hours twice: was this before it was set back, or after?
            twice = abs(step.offset_ms) if true <= start else 0
            return ClockReading(step.offset_ms, max(WHOLE_SECOND_MS, twice), "device_log", own)
        if start < true and true - own > STALE:
            return None  # hours that the clock jumped over: this was recorded before it lost them
    return clock if clock and abs(clock.offset_ms) <= DAY_MS else None


def _between(moment: datetime, one: datetime, other: datetime) -> bool:
    return min(one, other) < moment <= max(one, other)


def from_steps(steps: Sequence[ClockStep], newest: datetime | None) -> ClockReading | None:
    """The offset that the last step took away, if nothing was recorded after it: then it is this docking's."""
    if not steps:
        return None
    last = steps[-1]
    if last.own and last.true and newest and newest > max(last.own, last.true):
        return None
    return ClockReading(last.offset_ms, WHOLE_SECOND_MS, "device_log", last.own)


def from_docking_line(
    own: datetime, docked: datetime, within_ms: int, newest: datetime | None
) -> tuple[ClockReading | None, Oddity | None]:
    """A line that the recorder wrote when it was docked, against the moment at which the station saw it come.

    A line far behind may be an old one; nothing on the card tells it from a slow clock, so it says nothing.
    """
    offset = own - docked
    if offset < -STALE or (newest and newest > own):
        return None, Oddity("old_docking_line", milliseconds(-offset))
    return ClockReading(milliseconds(offset), within_ms + WHOLE_SECOND_MS, "docking_line", own), None


def from_fixes(pairs: Sequence[tuple[datetime, datetime]], method: str = "gps_line") -> ClockReading | None:
    """The recorder's own time beside the satellites' in the same lines: the middle of the latest ones.

    `pairs`: own time, true time, in the order of the file. Lines that disagree make it uncertain.
    """
    latest = pairs[-LATEST_FIXES:]
    if not latest:
        return None
    offsets = [milliseconds(own - true) for own, true in latest]
    middle = round(median(offsets))
    spread = max(abs(offset - middle) for offset in offsets)
    return ClockReading(middle, SENTENCE_MS + spread, method, latest[-1][0])


def current(readings: Iterable[ClockReading], newest: datetime | None) -> list[ClockReading]:
    """Readings that speak for the clock at docking: a track of last week does not."""
    return [r for r in readings if not (newest and r.own and r.method in OUTSIDE and newest - r.own > DAY)]


def mtime_oddity(apart_ms: Sequence[int]) -> Oddity | None:
    """What modification times less claimed starts tell: a zone, or files that somebody wrote again. Never the offset.

    Both come from the recorder's one clock, so its being fast or slow shows in neither.
    """
    if not apart_ms:
        return None
    hours = round((median(apart_ms) - LONGEST_FILE_MS / 2) / ZONE_STEP_MS)
    fits = sum(EARLY_MS <= apart - hours * ZONE_STEP_MS <= LONGEST_FILE_MS + ZONE_STEP_MS / 4 for apart in apart_ms)
    if fits * 10 < len(apart_ms) * 9 or abs(hours) > 14:
        return Oddity("mtime_unrelated", len(apart_ms) - fits if abs(hours) <= 14 else len(apart_ms))
    return Oddity("zone_shift", hours) if hours else None


def ahead_oddity(newest: datetime | None, clock: ClockReading | None, now: datetime, tolerance: timedelta) -> Oddity | None:
    """A file from the future: the clock is fast by at least that much, and by how much nobody can say."""
    if newest is None:
        return None
    known = clock.offset_ms if clock and abs(clock.offset_ms) <= DAY_MS else 0  # one that started again named none of these
    ahead = newest - now - timedelta(milliseconds=known)
    return Oddity("clock_ahead", milliseconds(ahead)) if ahead > tolerance else None
