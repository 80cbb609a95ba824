"""GPS tracks: the only true time on a card that comes from outside.

NMEA sentences count only with their checksum, fixes only with status A. Before a receiver has its almanac it may be
off by the leap seconds (18 s), and one whose week counter rolled over by 1024 weeks: the latter is seen, the former not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import reduce

from avrecord.dock.profile import Profile, TrackRule
from avrecord.dock.texts import HEAD, TAIL, Read, lines_of
from avrecord.model.card import ClockReading, SourceFile, Track
from avrecord.rules.recorder_clock import from_fixes

GPX_TIME = re.compile(rb"<time>\s*(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z\s*</time>")  # fixed widths: linear
EARLIEST = datetime(2015, 1, 1, tzinfo=UTC)  # before any recorder with GPS that is in use: a rolled-over week counter
FUTURE = timedelta(days=366)  # the station may be wrong as well, and the satellites are what tells
MOST_TRACKS = 50  # read of one card, the newest by name


def read_tracks(profile: Profile, files: tuple[SourceFile, ...], read: Read, now: datetime) -> tuple[Track, ...]:
    """First and last fix of each track, and the recorder's clock where the track tells it."""
    found = []
    for rule in profile.tracks:
        named = sorted((f for f in files if f.size and rule.path.search(f.shown)), key=lambda f: f.shown)
        found += [_track(rule, profile, file, read, now) for file in named[-MOST_TRACKS:]]
    return tuple(found)


def _track(rule: TrackRule, profile: Profile, file: SourceFile, read: Read, now: datetime) -> Track:
    if rule.form == "gpx":
        fixes, bad = _gpx(file, read)
        pairs: list[tuple[datetime, datetime]] = []
    else:
        fixes, pairs, bad = _nmea(rule, profile, file, read)
    credible = [fix for fix in fixes if EARLIEST <= fix <= now + FUTURE]
    bad += len(fixes) - len(credible)
    kept = set(credible)
    reading = from_fixes([(own, true) for own, true in pairs if true in kept]) or _by_name(rule, profile, file, fixes, kept)
    return Track(file.shown, min(credible, default=None), max(credible, default=None), bad, reading)


def _by_name(
    rule: TrackRule, profile: Profile, file: SourceFile, fixes: list[datetime], kept: set[datetime]
) -> ClockReading | None:
    """A file that is named by the recorder's time at its first fix, where the maker says that it is."""
    start = profile.claim(file).start
    if not rule.name_is_first_fix or start is None or not fixes or fixes[0] not in kept:
        return None
    return from_fixes([(start, fixes[0])], "gps_name")


def _gpx(file: SourceFile, read: Read) -> tuple[list[datetime], int]:
    """Times of track points. Looked for as bytes: an XML reader would follow what a hostile file tells it to."""
    content = read(file, 0, HEAD + TAIL)
    if file.size > len(content):
        content += read(file, max(len(content), file.size - TAIL), TAIL)
    fixes, bad = [], 0
    # The metadata's own time is when the file was made, by whichever clock; points come after it.
    begins = content.find(b"<trkpt")
    for found in GPX_TIME.finditer(content, begins) if begins >= 0 else ():
        try:
            fixes.append(datetime.strptime(found[1].decode(), "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC))
        except ValueError:
            bad += 1
    return fixes, bad


def _nmea(
    rule: TrackRule, profile: Profile, file: SourceFile, read: Read
) -> tuple[list[datetime], list[tuple[datetime, datetime]], int]:
    fixes, pairs, bad = [], [], 0
    for line in lines_of(file, "latin-1", read):
        for sentence in _sentences(line):
            fix = rmc(sentence)
            if fix is None:
                bad += "RMC" in sentence[:6]
                continue
            fixes.append(fix)
            found = rule.own.search(line) if rule.own else None
            own = _own(profile, found["clock_own"], fix) if found else None
            if own:
                pairs.append((own, fix))
    return fixes, pairs, bad


def _own(profile: Profile, text: str, fix: datetime) -> datetime | None:
    """The recorder's time beside a fix; a time of day is the one nearest to it, within half a day either way."""
    if full := profile.moment(text):
        return full
    local = fix.astimezone(profile.zone)
    near = profile.moment(f"{local:%Y%m%d}{text}")
    days = (near and [near + timedelta(days=n) for n in (-1, 0, 1)]) or []
    return min(days, key=lambda day: abs(day - local), default=None)


def _sentences(line: str) -> Iterator[str]:
    """Whatever begins with a dollar: other text of the recorder may stand before it, or another sentence."""
    for part in line.split("$")[1:]:
        if part[2:5] == "RMC":
            yield part


def rmc(sentence: str) -> datetime | None:
    """Date and time of an RMC sentence (without its dollar) that is whole and holds a fix; None for any other.

    >>> rmc("GNRMC,010000.00,A,4107.1,N,12204.2,E,0.1,,161126,,,A*69")
    datetime.datetime(2026, 11, 16, 1, 0, tzinfo=datetime.timezone.utc)
    """
    body, star, check = sentence.partition("*")
    if not star or not re.match(r"[0-9A-Fa-f]{2}", check) or not body.isascii():
        return None
    if reduce(lambda total, byte: total ^ byte, body.encode(), 0) != int(check[:2], 16):
        return None
    fields = body.split(",")
    if len(fields) < 10 or fields[0][2:] != "RMC" or fields[2] != "A":
        return None
    if not re.fullmatch(r"\d{6}(?:\.\d{1,6})?", fields[1]) or not re.fullmatch(r"\d{6}", fields[9]):
        return None
    whole, _, part = fields[1].partition(".")
    try:
        moment = datetime.strptime(fields[9][:4] + "20" + fields[9][4:] + whole, "%d%m%Y%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment.replace(microsecond=int(part.ljust(6, "0"))) if part else moment
