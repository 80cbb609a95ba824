"""What a card tells of its recorder: the clock by every method that works, battery, space, faults, and what is odd."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from avrecord.dock.profile import NO_FOOTAGE, Profile
from avrecord.dock.texts import LogReading, Read, logs
from avrecord.dock.tracks import read_tracks
from avrecord.model.card import CardFacts, Claim, ClockReading, ClockStep, Oddity, SourceFile
from avrecord.model.moments import milliseconds, since
from avrecord.rules.recorder_clock import (
    ahead_oddity,
    best,
    current,
    from_docking_line,
    from_steps,
    mtime_oddity,
)

WITHIN_MS = 30_000  # from plugging in to a disk: mode switch, some 5 s, and the system's own mounting
AHEAD = timedelta(seconds=60)  # less than this is a clock that is merely a little fast
MOST_FAULTS, MOST_USERS = 50, 20
HALF_DAY, WHOLE_DAY = 43_200, 86_400

Told = tuple[ClockReading | None, int | None, CardFacts]


def clock_and_facts(
    profile: Profile,
    files: tuple[SourceFile, ...],
    claims: dict[bytes, Claim],
    read: Read,
    now: datetime,
    docked: datetime | None,
) -> Told:
    """The best reading of the clock or None, the battery, and all the facts they come from."""
    footage = tuple(file for file in files if not claims[file.path].ignored)
    told = logs(profile.logs, footage, read)
    tracks = read_tracks(profile, footage, read, now)
    newest = max((c.start for c in claims.values() if c.start and not c.doubt), default=None)
    steps = steps_of(profile, told)
    stepped = from_steps(steps, newest)
    line, old = _docking_line(profile, told, docked, newest)
    readings = [reading for reading in (stepped, line, *(track.reading for track in tracks)) if reading]
    clock = best(current(readings, newest))
    oddities = (
        old,
        ahead_oddity(newest, clock, now, AHEAD),
        mtime_oddity(_apart(footage, claims)),
        _gps_against_log(readings),
        *_doubtful(claims),
        Oddity("logs_not_read", told.passed_over) if told.passed_over else None,
    )
    facts = CardFacts(
        readings=tuple(readings),
        steps=steps,
        clock_set=stepped is not None,
        free_mb=_free(told),
        users=tuple(dict.fromkeys(told.values("user")))[:MOST_USERS],
        faults=tuple(line.text.strip() for line in told.lines if "fault" in line.values)[-MOST_FAULTS:],
        tracks=tracks,
        oddities=tuple(oddity for oddity in oddities if oddity),
    )
    return clock, _battery(told), facts


def steps_of(profile: Profile, told: LogReading) -> tuple[ClockStep, ...]:
    """Each time that the recorder notes its own time and the one it was given.

    Times of day are enough: the difference is then taken modulo a day, within half a day either way, and the day is
    the one in the log's name, where it has one.
    """
    found = []
    for line in told.lines:
        own, true = line.values.get("clock_own"), line.values.get("clock_true")
        if not (own and true):
            continue
        before, after = profile.moment(own), profile.moment(true)
        if before and after:
            found.append(ClockStep(milliseconds(before - after), before, after))
        elif (first := _seconds(own)) is not None and (second := _seconds(true)) is not None:
            offset = ((first - second + HALF_DAY) % WHOLE_DAY - HALF_DAY) * 1000
            given = profile.moment((line.day or "") + true)
            found.append(ClockStep(offset, since(given, offset) if given else None, given))
    return tuple(found)


def _seconds(text: str) -> int | None:
    """A time of day at the end of a text, as seconds; None for 25:61:00."""
    digits = "".join(filter(str.isdecimal, text))[-6:]
    hours, minutes, seconds = (int(digits[n : n + 2] or 99) for n in (0, 2, 4))
    return hours * 3600 + minutes * 60 + seconds if hours < 24 and minutes < 60 and seconds < 60 else None


def _docking_line(
    profile: Profile, told: LogReading, docked: datetime | None, newest: datetime | None
) -> tuple[ClockReading | None, Oddity | None]:
    said = [moment for text in told.values("clock_docked") if (moment := profile.moment(text))]
    if not said or docked is None:
        return None, None
    return from_docking_line(said[-1], docked, WITHIN_MS, newest)


def _apart(files: Iterable[SourceFile], claims: dict[bytes, Claim]) -> list[int]:
    """Modification time less claimed start of each footage file, in ms."""
    found = []
    for file in files:
        claim = claims[file.path]
        if claim.start and not claim.doubt and claim.media not in NO_FOOTAGE:
            found.append(file.mtime_ns // 1_000_000 - milliseconds(claim.start - datetime.fromtimestamp(0, claim.start.tzinfo)))
    return found


def _gps_against_log(readings: list[ClockReading]) -> Oddity | None:
    """The satellites and the recorder's own note of being set right disagree: somebody set it to a wrong time."""
    by_method = {reading.method: reading for reading in readings}
    gps, noted = by_method.get("gps_line"), by_method.get("device_log")
    if not gps or not noted:
        return None
    apart = gps.offset_ms - noted.offset_ms
    return Oddity("gps_against_log", apart) if abs(apart) > gps.uncertainty_ms + noted.uncertainty_ms + 5000 else None


def _doubtful(claims: dict[bytes, Claim]) -> list[Oddity]:
    counted = Counter(claim.doubt for claim in claims.values() if claim.doubt)
    return [Oddity(f"clock_{reason}", count) for reason, count in sorted(counted.items())]


def _battery(told: LogReading) -> int | None:
    said = [int(text) for text in told.values("battery") if text.isascii() and text.isdigit()]
    return said[-1] if said and said[-1] <= 100 else None


def _free(told: LogReading) -> int | None:
    for line in reversed(told.lines):
        if text := line.values.get("free_mb") or line.values.get("free_gb"):
            try:
                return round(float(text) * (1 if "free_mb" in line.values else 1024))
            except (ValueError, OverflowError):
                continue
    return None
