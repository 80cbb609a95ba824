"""机型配置: one recorder family's layout, and what it reads from a path. Data that `profiles.py` loads."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from itertools import accumulate
from typing import Any

from avrecord.model.card import Claim, SourceFile, Volume
from avrecord.model.clip import Media

GENERIC = "generic"
CLAIMED_YEARS = range(1970, 2100)  # a reset clock says 1970 or 2000; year 1 or 9999 is no claim at all
ENDINGS = {
    Media.VIDEO: ("mp4", "mov", "avi", "mkv", "ts", "m4v", "3gp", "h264", "h265"),
    Media.AUDIO: ("m4a", "aac", "wav", "mp3", "amr"),
    Media.PHOTO: ("jpg", "jpeg", "png"),
    Media.LOG: ("log", "txt", "ini", "csv", "json", "nmea", "gpx"),
}
KIND_OF = {ending: kind for kind, endings in ENDINGS.items() for ending in endings}
MOST_DIGITS = 15
NO_FOOTAGE = frozenset({Media.LOG, Media.OTHER})

Pattern = Any
"""A compiled RE2 pattern: names and lines from cards are hostile, and RE2 takes linear time whatever it is fed."""


@dataclass(frozen=True)
class Seen:
    """What is on a card as profiles ask for it: worked out once, however many profiles ask."""

    files: tuple[SourceFile, ...]

    @cached_property
    def paths(self) -> tuple[str, ...]:
        return tuple(file.shown for file in self.files)

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder above a file, as paths."""
        direct = {path.rpartition("/")[0] for path in self.paths if "/" in path}
        return frozenset(folder for each in direct for folder in accumulate(each.split("/"), "{}/{}".format))


@dataclass(frozen=True, slots=True)
class MountTest:
    """What a card must show for a profile to apply at all. An empty test says nothing for or against."""

    files: tuple[Pattern, ...] = ()
    folders: tuple[Pattern, ...] = ()
    label: Pattern | None = None
    filesystems: tuple[str, ...] = ()

    @property
    def given(self) -> bool:
        return bool(self.files or self.folders or self.label or self.filesystems)

    def lacks(self, volume: Volume, seen: Seen) -> str | None:
        """The first condition that the card does not meet, in words; None when it meets all."""
        for pattern in self.files:
            if not any(pattern.search(path) for path in seen.paths):
                return f"没有文件 {pattern.pattern}"
        for pattern in self.folders:
            if not any(pattern.search(folder) for folder in seen.folders):
                return f"没有文件夹 {pattern.pattern}"
        if self.label and not self.label.search(volume.label or ""):
            return f"卷标 {volume.label or '（无）'} 不符合 {self.label.pattern}"
        # A plain folder has no file system of its own: a copied card still is of its family.
        if self.filesystems and volume.filesystem and volume.filesystem not in self.filesystems:
            return f"文件系统 {volume.filesystem} 不在 {'、'.join(self.filesystems)} 之列"
        return None


@dataclass(frozen=True, slots=True)
class TextRule:
    """Where facts stand in a text file on the card: path pattern, encoding, line patterns."""

    path: Pattern
    encoding: str
    lines: dict[str, Pattern]


@dataclass(frozen=True, slots=True)
class TrackRule:
    """Which files are GPS tracks. `own` finds the recorder's own time in a line beside the sentence."""

    path: Pattern
    form: str
    own: Pattern | None = None
    name_is_first_fix: bool = False
    """The time in the file's name is the recorder's when the first fix came, as its maker documents it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """How the recorder is known: a line of a file, or the volume's label. Without either: the names of its files."""

    text: TextRule | None = None
    label: Pattern | None = None
    unanimous: bool = False
    """By names only when all of them say the same: a tree into which several recorders were copied is nobody's."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One family. `names` are tried in order; named groups: device user date time sequence important."""

    name: str
    title: str
    zone: timezone
    names: tuple[Pattern, ...]
    mount: MountTest = MountTest()
    identity: Identity = Identity()
    logs: tuple[TextRule, ...] = ()
    tracks: tuple[TrackRule, ...] = ()
    important: tuple[Pattern, ...] = ()
    ignored: tuple[Pattern, ...] = ()
    endings: dict[str, Media] = field(default_factory=dict)
    plausible_from: datetime | None = None
    resets: tuple[datetime, ...] = ()

    def ignores(self, path: str) -> bool:
        """Whether no recorder made this: a computer's own folder. It is taken all the same."""
        return any(pattern.search(path) for pattern in self.ignored)

    def claim(self, file: SourceFile) -> Claim:
        """What the name says; an empty claim when no pattern fits or the date is impossible."""
        shown, media = file.shown, self.media_of(file)
        if self.ignores(shown):
            return Claim(media=media, ignored=True)
        marked = any(pattern.search(shown) for pattern in self.important)
        for pattern in self.names:
            if found := pattern.search(shown):
                groups = found.groupdict()
                return Claim(
                    start=self.moment((groups.get("date") or "") + (groups.get("time") or "")),
                    device=groups.get("device"),
                    user=groups.get("user"),
                    sequence=_number(groups.get("sequence")),
                    important=marked or bool(groups.get("important")),
                    by_profile=True,
                    media=media,
                )
        return Claim(important=marked, media=media)

    def device_in(self, file: SourceFile) -> str | None:
        """The device that the name of a footage file says: what `claim` finds, without the rest."""
        if not any("device" in pattern.groupindex for pattern in self.names):
            return None
        shown = file.shown
        found = next((match for pattern in self.names if (match := pattern.search(shown))), None)
        return found.groupdict().get("device") if found else None

    def media_of(self, file: SourceFile) -> Media:
        """The kind by the name's ending, as this family uses it."""
        return self.endings.get(ending_of(file)) or media_of(file)

    def moment(self, text: str) -> datetime | None:
        """Fourteen digits, whatever stands between them, by the recorder's zone; None for anything else."""
        digits = re.sub(r"\D", "", text)
        try:
            moment = datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=self.zone)
        except ValueError:
            return None
        return moment if len(digits) == 14 and moment.year in CLAIMED_YEARS else None


def _number(text: str | None) -> int | None:
    """A running number; none for letters, or for more digits than JSON's numbers hold."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def media_of(file: SourceFile) -> Media:
    """The kind by the name's ending alone: nothing from a card is opened in this process."""
    return KIND_OF.get(ending_of(file), Media.OTHER)


def ending_of(file: SourceFile) -> str:
    return file.name.rpartition(".")[2].lower()
