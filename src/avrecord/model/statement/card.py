"""What the log says of cards and of the files taken from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from avrecord.model.statement.base import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSeen(Body):
    """A card and the manifest (an attachment) of every file on it, read before anything was taken."""

    kind: ClassVar[str] = "card.seen"
    docking: str
    recorder: str | None
    profile: str
    volume: str
    filesystem: str | None
    manifest: str
    files: int
    bytes: int
    clock_offset_ms: int | None
    clock_uncertainty_ms: int | None
    clock_method: str | None
    battery_percent: int | None
    facts: str | None = None
    """An attachment: every clock reading, what logs and tracks told, what is odd."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken(Body):
    """What `clip.sealed` and `clip.set_aside` both say of one file taken from a card."""

    clip: str
    size: int
    docking: str
    recorder: str | None
    path: str
    path_raw: str
    """The path on the card, base64 of its bytes."""
    mtime: str
    media: str
    stored: str
    """Where the bytes lie, relative to the vault."""
    claimed_start: str | None
    clock_offset_ms: int | None
    clock_uncertainty_ms: int | None
    user: str | None
    sequence: int | None
    important: bool
    read_back: str
    """How the copy was compared with the disk: `direct`, `uncached`, or `cached` where neither works."""
    key_id: str
    claim_doubt: str | None = None
    """Why `claimed_start` cannot be when it was recorded: `reset`, `too_early`, `future`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSealed(Taken):
    kind: ClassVar[str] = "clip.sealed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSetAside(Taken):
    """Sealed like any other; `reason` says why a person should look."""

    kind: ClassVar[str] = "clip.set_aside"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSeenAgain(Body):
    """Bytes that are sealed already were presented again, here or under another name."""

    kind: ClassVar[str] = "clip.seen_again"
    clip: str
    size: int
    docking: str
    recorder: str | None
    path: str
    path_raw: str
    mtime: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRemovedEarly(Body):
    """The card went away before all of its manifest was taken. `left` is an attachment: the paths."""

    kind: ClassVar[str] = "card.removed_early"
    docking: str
    recorder: str | None
    left: str
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseGranted(Body):
    """The recorder's copies of these clips may be wiped. `receipt` is an attachment: every file with its digest and proofs.

    `rule` is the policy in words of the settings: `cosigned`, `copy`, and the least age of a seal in hours.
    """

    kind: ClassVar[str] = "release.granted"
    docking: str
    recorder: str
    rule: str
    receipt: str
    files: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipRemoved(Body):
    """A copy of a clip was removed: `place` is `card` (after a release) or `vault` (its time of keeping was over).

    In the vault: stated before the bytes go, `path_raw` is the stored path, `listed` the index of the `expiry.listed`
    that named the clip, and `due` the last local day on which the rule kept it.
    """

    kind: ClassVar[str] = "clip.removed"
    clip: str
    place: str
    docking: str
    path_raw: str
    rule: str
    listed: int | None = None
    due: str | None = None
