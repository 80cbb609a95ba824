"""Clips: what was taken from a card, and what is known of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from avrecord.model.moments import since


@dataclass(frozen=True, slots=True, order=True)
class ClipId:
    """The SHA-256 of a clip's bytes, 64 lower-case hexadecimal digits. Not a `str` on purpose."""

    hex: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9a-f]{64}", self.hex):
            raise ValueError(f"not a clip id: {self.hex!r}")

    @property
    def digest(self) -> bytes:
        """The 32 bytes that are signed."""
        return bytes.fromhex(self.hex)

    @property
    def short(self) -> str:
        """Twelve digits: what tables show."""
        return self.hex[:12]

    def __str__(self) -> str:
        return self.hex


class Media(StrEnum):
    """What kind of file it is, by its name alone: nothing from a card is opened to find out."""

    VIDEO = "video"
    AUDIO = "audio"
    PHOTO = "photo"
    LOG = "log"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Clip:
    """One sealed file. `start` is the recorder's claim, `duration_ms` what the packets show."""

    id: ClipId
    size: int
    recorder: str | None
    name: str
    stored: str
    media: Media
    start: datetime | None
    sealed_at: datetime
    duration_ms: int | None = None
    offset_ms: int = 0
    """How far the recorder's clock ran ahead of the station's when the card was docked."""
    uncertainty_ms: int = 0
    set_aside: str | None = None
    important: bool = False
    """Marked on the recorder (重点)."""
    sequence: int | None = None
    """The number that the recorder gave the file, where its names carry one."""
    user: str | None = None
    """The officer's number that the file's own name claims. Never believed alone: the assignment table decides."""
    doubt: str | None = None
    """Why the claimed start cannot be when it was recorded: a key of `words.CLAIM_DOUBTS`."""

    @property
    def true_start(self) -> datetime | None:
        """The start by the station's clock: the recorder's claim less its measured offset."""
        return since(self.start, -self.offset_ms) if self.start else None

    @property
    def true_end(self) -> datetime | None:
        """The end by the station's clock. A clip of unknown length ends where it starts."""
        return since(self.true_start, self.duration_ms or 0) if self.true_start else None


@dataclass(frozen=True, slots=True)
class Recording:
    """连续录像: consecutive clips of one recorder without a real gap between them."""

    recorder: str
    clips: tuple[Clip, ...]
    start: datetime
    end: datetime
