"""机型配置: one recorder family's layout as data. A new recorder is a TOML file, not code."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from avrecord.errors import ConfigError
from avrecord.model.card import Card, Claim, ClockReading, SourceFile, Volume
from avrecord.model.clip import Media

GENERIC = "generic"
CLAIMED_YEARS = range(1970, 2100)  # a reset clock says 1970 or 2000; year 1 or 9999 is no claim at all
LARGEST_TEXT = 4 << 20  # bytes read of a device log; a recorder's is far below
ENDINGS = {
    Media.VIDEO: ("mp4", "mov", "avi", "mkv", "ts", "m4v", "3gp", "h264", "h265"),
    Media.AUDIO: ("m4a", "aac", "wav", "mp3", "amr"),
    Media.PHOTO: ("jpg", "jpeg", "png"),
    Media.LOG: ("log", "txt", "ini", "csv", "json", "nmea", "gpx"),
}
KIND_OF = {ending: kind for kind, endings in ENDINGS.items() for ending in endings}

ReadText = Callable[[SourceFile, int], bytes]


@dataclass(frozen=True, slots=True)
class TextRule:
    """Where a fact stands in a text file on the card: path pattern, encoding, line patterns."""

    path: re.Pattern[str]
    encoding: str
    lines: dict[str, re.Pattern[str]]


@dataclass(frozen=True, slots=True)
class Profile:
    """One family. `names` are tried in order; named groups: device user date time sequence important."""

    name: str
    title: str
    zone: timezone
    names: tuple[re.Pattern[str], ...]
    identity: TextRule | None
    logs: tuple[TextRule, ...]

    def claim(self, file: SourceFile) -> Claim:
        """What the name says; an empty claim when no pattern fits or the date is impossible."""
        for pattern in self.names:
            if found := pattern.search(file.shown):
                groups = found.groupdict()
                return Claim(
                    start=self._moment(groups.get("date"), groups.get("time")),
                    device=groups.get("device"),
                    user=groups.get("user"),
                    sequence=int(groups["sequence"]) if groups.get("sequence") else None,
                    important=bool(groups.get("important")),
                    by_profile=True,
                )
        return Claim()

    def _moment(self, day: str | None, time: str | None) -> datetime | None:
        digits = re.sub(r"\D", "", (day or "") + (time or ""))
        try:
            moment = datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=self.zone)
        except ValueError:
            return None
        return moment if moment.year in CLAIMED_YEARS else None


def media_of(file: SourceFile) -> Media:
    """The kind by the name's ending alone: nothing from a card is opened in this process."""
    return KIND_OF.get(file.name.rpartition(".")[2].lower(), Media.OTHER)


def load(folder: Path) -> tuple[Profile, ...]:
    """All profiles of a folder, by file name; `generic` must be among them and comes last."""
    profiles = [_read(path) for path in sorted(folder.glob("*.toml"))]
    profiles.sort(key=lambda profile: profile.name == GENERIC)
    if not profiles or profiles[-1].name != GENERIC:
        raise ConfigError(path=folder, detail="缺少机型配置 generic.toml")
    return tuple(profiles)


def identify(volume: Volume, files: tuple[SourceFile, ...], profiles: tuple[Profile, ...], read: ReadText) -> Card:
    """Match a profile and read the recorder's identity, clock and battery.

    The first profile that yields an identity wins. The generic one yields none: the card is still
    taken, as an unknown device to be assigned later.
    """
    for profile in profiles:
        claims = {file.path: profile.claim(file) for file in files}
        recorder = _identity(profile, files, claims, read)
        if recorder and _others(recorder, files, profiles, read):
            recorder = None  # several recorders' cards in one folder: nobody's footage may become another's
        if recorder or profile.name == GENERIC:
            facts = _log_facts(profile, files, read)
            return Card(volume, profile.name, recorder, files, _clock(facts), _battery(facts), claims)
    raise ConfigError(path="devices", detail="缺少机型配置 generic.toml")


def _others(recorder: str, files: tuple[SourceFile, ...], profiles: tuple[Profile, ...], read: ReadText) -> set[str]:
    """Recorders other than `recorder` to whom a folder below this one belongs as a card of its own."""
    below: dict[bytes, list[SourceFile]] = {}
    for file in files:
        folder, slash, _ = file.path.partition(b"/")
        if slash:
            below.setdefault(folder, []).append(file)
    found = set()
    for folder, inside in below.items():
        moved = {SourceFile(file.path[len(folder) + 1 :], file.size, file.mtime_ns): file for file in inside}

        def read_inside(file: SourceFile, most: int, moved: dict[SourceFile, SourceFile] = moved) -> bytes:
            return read(moved[file], most)

        for profile in profiles:
            claims = {file.path: profile.claim(file) for file in moved}
            if serial := _identity(profile, tuple(moved), claims, read_inside):
                found.add(serial)
                break
    return found - {recorder}


def _identity(profile: Profile, files: tuple[SourceFile, ...], claims: dict[bytes, Claim], read: ReadText) -> str | None:
    if rule := profile.identity:
        for values in _matches(rule, files, read):
            if serial := values.get("serial"):
                return serial
        return None
    named = Counter(claim.device for claim in claims.values() if claim.device)
    if not named:
        return None
    serial, count = named.most_common(1)[0]
    return serial if count * 2 > named.total() else None


def _log_facts(profile: Profile, files: tuple[SourceFile, ...], read: ReadText) -> dict[str, str]:
    """The last value of each named group in the card's logs, the newest log last."""
    facts: dict[str, str] = {}
    for rule in profile.logs:
        for values in _matches(rule, sorted(files, key=lambda file: file.shown), read):
            facts |= values
    return facts


def _matches(rule: TextRule, files: tuple[SourceFile, ...] | list[SourceFile], read: ReadText) -> list[dict[str, str]]:
    found = []
    for file in files:
        if rule.path.search(file.shown) and 0 < file.size <= LARGEST_TEXT:
            text = read(file, LARGEST_TEXT).decode(rule.encoding, "replace")
            for line in text.splitlines():
                for pattern in rule.lines.values():
                    if match := pattern.search(line):
                        found.append({k: v for k, v in match.groupdict().items() if v})
    return found


def _clock(facts: dict[str, str]) -> ClockReading | None:
    """The offset from a line in which the recorder notes its own time and the true one.

    Times of day are enough: the difference is taken modulo a day, within half a day either way.
    """
    try:
        own, true = (_seconds(facts[name]) for name in ("clock_own", "clock_true"))
    except (KeyError, ValueError):
        return None
    offset = (own - true + 43_200) % 86_400 - 43_200
    return ClockReading(offset * 1000, 1000, "device_log")


def _seconds(text: str) -> int:
    hours, minutes, seconds = (int(part) for part in text.rpartition(" ")[2].split(":"))
    return hours * 3600 + minutes * 60 + seconds


def _battery(facts: dict[str, str]) -> int | None:
    value = facts.get("battery", "")
    return int(value) if value.isdigit() and int(value) <= 100 else None


def _read(path: Path) -> Profile:
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        hours = timedelta(hours=float(table.get("utc_offset_hours", 8)))
        return Profile(
            name=table["name"],
            title=table["title"],
            zone=timezone(hours),
            names=tuple(re.compile(pattern) for pattern in table.get("names", [])),
            identity=_rule(table["identity"]) if "identity" in table else None,
            logs=tuple(_rule(rule) for rule in table.get("logs", [])),
        )
    except (OSError, ValueError, KeyError, TypeError, re.error) as error:
        raise ConfigError(path=path, detail=f"机型配置读不懂（{error}）") from error


def _rule(table: dict[str, object]) -> TextRule:
    lines = table["lines"]
    if not isinstance(lines, dict):
        raise TypeError("lines")
    return TextRule(
        re.compile(str(table["path"])),
        str(table.get("encoding", "gb18030")),
        {name: re.compile(pattern) for name, pattern in lines.items()},
    )
