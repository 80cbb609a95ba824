"""Cards: what a docked recorder shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Volume:
    """Where a card appears and what proves that it is still the same one.

    `mount_id` and `device` (major:minor) come from mountinfo; a plain folder has neither and is
    known by its inode. Both go stale the moment a card is pulled, which is what they are for.
    """

    root: str
    kind: str
    mount_id: int | None = None
    device: str | None = None
    inode: int | None = None
    filesystem: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class SourceFile:
    """One regular file on a card. `path` is relative and verbatim: bytes, whatever they are."""

    path: bytes
    size: int
    mtime_ns: int

    @property
    def shown(self) -> str:
        """The path as a person reads it: UTF-8, else GB 18030 as recorders write it, else escaped."""
        for encoding in ("utf-8", "gb18030"):
            try:
                return self.path.decode(encoding)
            except UnicodeDecodeError:
                continue
        return self.path.decode("utf-8", "backslashreplace")

    @property
    def name(self) -> str:
        return self.shown.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class ClockReading:
    """How far a recorder's clock was ahead of true time, in milliseconds, and how we know."""

    offset_ms: int
    uncertainty_ms: int
    method: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What a file's name says by its recorder's profile. None of it is trusted alone."""

    start: datetime | None = None
    device: str | None = None
    user: str | None = None
    sequence: int | None = None
    important: bool = False
    by_profile: bool = False
    """The name followed one of the profile's patterns."""


@dataclass(frozen=True, slots=True)
class Card:
    """A docked card: its volume, what its profile read, and the listing it was read from."""

    volume: Volume
    profile: str
    recorder: str | None
    files: tuple[SourceFile, ...]
    clock: ClockReading | None = None
    battery: int | None = None
    claims: dict[bytes, Claim] = field(default_factory=dict, compare=False)

    @property
    def title(self) -> str:
        """What messages call it."""
        return self.recorder or self.volume.label or self.volume.root
