"""Cards: what a docked recorder shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from avrecord.model.clip import Media


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
    appeared_us: int | None = None
    """When its block device came, in microseconds of the system's monotonic clock; None where nothing tells."""


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
    """How far a recorder's clock was ahead of true time, in milliseconds, and how we know.

    `method` is one of `words.CLOCK_METHODS`; `own`: what the recorder's clock said then, where it said a date.
    """

    offset_ms: int
    uncertainty_ms: int
    method: str
    own: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClockStep:
    """A recorder was set right: its own time then, and the one it was given. A time of day has no date."""

    offset_ms: int
    own: datetime | None
    true: datetime | None


@dataclass(frozen=True, slots=True)
class Track:
    """A GPS track: its first and last fix (UTC, by the satellites) and how many lines held none or were damaged."""

    path: str
    first: datetime | None
    last: datetime | None
    bad: int
    reading: ClockReading | None = None


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something about a card that a person should see: `kind` is one of `words.CARD_ODDITIES`, `amount` counts or measures it."""

    kind: str
    amount: int


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
    media: Media = Media.OTHER
    ignored: bool = False
    """No recorder made it (a computer's own folder): taken like any file, but last, and it counts for nothing."""
    doubt: str | None = None
    """Why the start cannot be a time at which this was recorded: one of `words.CLAIM_DOUBTS`."""


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card told beside its identity: every clock reading, logs, tracks, and what is odd."""

    identity_from: str | None = None
    readings: tuple[ClockReading, ...] = ()
    steps: tuple[ClockStep, ...] = ()
    clock_set: bool = False
    """The recorder was set right at this docking: its clock stands at true time from here on."""
    free_mb: int | None = None
    users: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    tracks: tuple[Track, ...] = ()
    oddities: tuple[Oddity, ...] = ()


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
    facts: CardFacts = CardFacts()

    @property
    def title(self) -> str:
        """What messages call it."""
        return self.recorder or self.volume.label or self.volume.root
