"""A month of a bureau, made up: who did what, who wore which recorder, what the clocks claimed, which cards never came.

The truth is known because it is made first: each clip was recorded at a true time, by an officer, for a stage or for none.
What a station sees of it is what the cards claim, the assignment table and the case table. Everything follows from a seed.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from avrecord.model.case import Assignment, Stage, StageId
from avrecord.model.clip import Clip, ClipId, Media

FIRST = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
"""Midnight of 1 November in Beijing."""
KINDS = (
    ("行政检查", "现场检查"),
    ("行政处罚", "调查取证"),
    ("行政处罚", "事先告知"),
    ("行政强制", "查封扣押财产"),
    ("行政处罚", "直接送达"),
)
BUFFER = timedelta(minutes=5)


@dataclass
class Month:
    """What the station sees, and the truth: clip and stage pairs that belong together."""

    stages: list[Stage] = field(default_factory=list)
    clips: list[Clip] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    belongs: set[tuple[ClipId, StageId]] = field(default_factory=set)
    untimed: set[ClipId] = field(default_factory=set)
    """Clips whose own time is of no use: reset clocks."""
    lost: int = 0
    """Clips on cards that never came."""


@dataclass(frozen=True)
class Shot:
    """One clip as it was: who wore the recorder, when, for which stage (none: footage of something else)."""

    officer: str
    recorder: str
    start: datetime
    seconds: int
    stage: Stage | None


def month(seed: int, officers: int = 40, days: int = 28) -> Month:
    """Officers work in pairs. Each tenth recorder is shared by two pairs, each eighth changes hands within the month."""
    chance = random.Random(seed)
    made = Month()
    numbers = [f"0410{n:02d}" for n in range(officers)]
    hands = _hands(numbers, days, chance, made)
    clocks = {recorder: _clock(chance) for recorder in sorted({each.recorder for each in made.assignments})}
    for day in range(days):
        midnight = FIRST + timedelta(days=day)
        shots = [
            shot for pair in range(0, officers, 2) for shot in _duty(numbers[pair : pair + 2], midnight, hands, chance, made)
        ]
        _dock(shots, midnight, clocks, chance, made)
    return made


def _hands(numbers: list[str], days: int, chance: random.Random, made: Month) -> dict[tuple[str, int], str]:
    """Who really wears which recorder on which day; the assignment table says it as a bureau keeps it, by dates."""
    hands = {}
    for n, officer in enumerate(numbers):
        recorder = f"Z3A{n:04d}"
        if n % 8 == 7:  # handed over at noon of a day in the middle: both days of the table cover it
            last = chance.randrange(days // 3, days - days // 3)
            other = f"Z3B{n:04d}"
            made.assignments.append(Assignment(recorder, officer, _day(0), _day(last)))
            made.assignments.append(Assignment(other, officer, _day(last), None))
            made.assignments.append(Assignment(recorder, f"0419{n:02d}", _day(last), None))  # somebody without cases gets it
            for day in range(days):
                hands[officer, day] = recorder if day <= last else other
        elif n % 10 == 4 and n + 4 < len(numbers):  # one recorder between two pairs, each on its own days, the table names both
            made.assignments.append(Assignment(recorder, officer, _day(0), None))
            made.assignments.append(Assignment(recorder, numbers[n + 4], _day(0), None))
            for day in range(days):
                hands[officer, day] = recorder if day % 2 == 0 else f"spare{n}"
                hands.setdefault((numbers[n + 4], day), recorder if day % 2 else f"Z3A{n + 4:04d}")
        else:
            made.assignments.append(Assignment(recorder, officer, _day(0), None))
            for day in range(days):
                hands.setdefault((officer, day), recorder)
    return hands


def _duty(
    pair: list[str], midnight: datetime, hands: dict[tuple[str, int], str], chance: random.Random, made: Month
) -> Iterator[Shot]:
    """A day of two officers: two to five stages, at times right after each other, and footage of something else between."""
    day = (midnight - FIRST).days
    at = midnight + timedelta(hours=8, minutes=chance.randrange(90))
    for _ in range(chance.randrange(2, 6)):
        kind, name = chance.choice(KINDS)
        length = timedelta(minutes=chance.randrange(5, 60))
        number = f"盘综执罚字〔2026〕{len(made.stages) + 1}号"
        stage = Stage(StageId(number, name), kind, name, "一中队", tuple(sorted(pair)), at, at + length)
        made.stages.append(stage)
        for officer in pair:
            if chance.random() < 0.9:  # else one of the two did not record
                yield from _recorded(officer, hands[officer, day], stage, chance)
        at = stage.end + timedelta(minutes=chance.choice((1, 3, 8, 30, 90)))
        if chance.random() < 0.3 and at - stage.end >= timedelta(minutes=30):
            odd = stage.end + timedelta(minutes=chance.randrange(12, 17))
            yield Shot(pair[0], hands[pair[0], day], odd, chance.randrange(30, 240), None)


def _recorded(officer: str, recorder: str, stage: Stage, chance: random.Random) -> Iterator[Shot]:
    """From shortly before to shortly after, in files of at most ten minutes; sometimes with a pause."""
    at = stage.start - timedelta(seconds=chance.randrange(0, 200))
    end = stage.end + timedelta(seconds=chance.randrange(-120, 150))
    while at < end:
        seconds = min(600, max(10, int((end - at).total_seconds())))
        yield Shot(officer, recorder, at, seconds, stage)
        at += timedelta(seconds=seconds + (chance.randrange(20, 90) if chance.random() < 0.1 else 0))


@dataclass(frozen=True)
class Clock:
    """Runs ahead by `ahead_ms`, is measured to within `known_ms` at docking; `resets` now and then."""

    ahead_ms: int
    known_ms: int
    resets: bool


def _clock(chance: random.Random) -> Clock:
    kind = chance.random()
    if kind < 0.6:
        return Clock(chance.randrange(-3000, 3000), 2000, False)
    if kind < 0.8:
        return Clock(chance.randrange(-50_000, 50_000), 60_000, False)  # no card tells: a minute of doubt, nothing measured
    if kind < 0.95:
        return Clock(chance.choice((-1, 1)) * chance.randrange(60_000, 8 * 3_600_000), 3000, False)  # far off, and measured
    return Clock(0, 2000, True)


def _dock(shots: list[Shot], midnight: datetime, clocks: dict[str, Clock], chance: random.Random, made: Month) -> None:
    """In the evening the cards come; each thirtieth never does."""
    for recorder in sorted({shot.recorder for shot in shots}):
        on_card = [shot for shot in shots if shot.recorder == recorder]
        clock = clocks.get(recorder)
        if chance.random() < 1 / 30 or clock is None:  # `spare…` recorders belong to nobody's table and never come
            made.lost += len(on_card)
            continue
        reset = clock.resets and chance.random() < 0.3
        sealed = midnight + timedelta(hours=20)
        for shot in sorted(on_card, key=lambda each: each.start):
            _clip(shot, clock, sealed, made, reset=reset)


def _clip(shot: Shot, clock: Clock, sealed: datetime, made: Month, *, reset: bool) -> None:
    claimed = shot.start + timedelta(milliseconds=clock.ahead_ms)
    measured = (
        0 if clock.known_ms == 60_000 else clock.ahead_ms + (clock.known_ms // 2 if shot.seconds % 2 else -clock.known_ms // 2)
    )
    name = f"{claimed:%H%M%S}_{len(made.clips)}"
    clip = Clip(
        id=ClipId(hashlib.sha256(f"{shot} {name}".encode()).hexdigest()),
        size=shot.seconds * 500_000,
        recorder=shot.recorder,
        name=f"{name}.mp4",
        stored=f"{sealed:%Y-%m-%d}/{shot.recorder}/{name}.mp4",
        media=Media.VIDEO,
        start=claimed if not reset else datetime(2016, 1, 1, tzinfo=UTC) + (shot.start - sealed) + timedelta(hours=12),
        sealed_at=sealed,
        duration_ms=shot.seconds * 1000,
        offset_ms=measured,
        uncertainty_ms=clock.known_ms,
        doubt="reset" if reset else None,
    )
    made.clips.append(clip)
    if reset:
        made.untimed.add(clip.id)
    end = shot.start + timedelta(seconds=shot.seconds)
    for stage in made.stages[-400:]:  # of the days just made
        shows = shot.start < stage.end and stage.start < end
        if shot.officer in stage.officers and (shows or stage is shot.stage):
            made.belongs.add((clip.id, stage.id))


def _day(n: int) -> str:
    return (FIRST + timedelta(days=n, hours=8)).strftime("%Y-%m-%d")
