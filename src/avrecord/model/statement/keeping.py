"""What the log says of keeping: holds, what is about to expire, year's end, and copies at the bureau."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from avrecord.model.statement.base import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldSet(Body):
    """冻结: nothing that this covers may expire. Exactly one of `clip`, `case`, `recorder` says what; `why` is an attachment."""

    kind: ClassVar[str] = "hold.set"
    clip: str | None
    case: str | None
    recorder: str | None
    since: str | None
    until: str | None
    """Local days of a recorder's footage, both counted; None is open."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLifted(Body):
    """`hold` is the index of the `hold.set` that ends here."""

    kind: ClassVar[str] = "hold.lifted"
    hold: int
    clip: str | None
    case: str | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryListed(Body):
    """`listed` is an attachment: every clip that is to be removed, its rule and the last day on which it is kept."""

    kind: ClassVar[str] = "expiry.listed"
    listed: str
    clips: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryUndone(Body):
    """A listed clip is kept on until a local day; after it the clip has to be listed again."""

    kind: ClassVar[str] = "expiry.undone"
    clip: str
    until: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveMade(Body):
    """Year's end: a unit's bag. `bag` is the digest of its tag manifest, `receipt` an attachment: what is to be signed.

    `copy_of`: the station whose clips they are, where the bureau made the bag from their copies in the object store.
    """

    kind: ClassVar[str] = "archive.made"
    unit: str
    year: int
    clips: int
    bytes: int
    bag: str
    receipt: str
    copy_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveReceived(Body):
    """The receiving side signed the receipt. `signature` is an attachment, `key` the public key that it was verified with."""

    kind: ClassVar[str] = "archive.received"
    unit: str
    year: int
    bag: str
    receipt: str
    signature: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipsUploaded(Body):
    """An object store acknowledged clips and their seals. That it still holds them is the bureau's to say: `ReceiptTaken`."""

    kind: ClassVar[str] = "clips.uploaded"
    store: str
    clips: tuple[str, ...]
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipsLocked(Body):
    """A store said, asked for it after the request, that nobody removes these clips there before `until` (a UTC moment)."""

    kind: ClassVar[str] = "clips.locked"
    store: str
    until: str
    clips: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptTaken(Body):
    """The bureau read clips back and signed for them. `receipt` is an attachment that names each, `signature` an SSHSIG over it
    with namespace `receipt@avrecord`, `key` the public key (OpenSSH's first two words) that it was verified with."""

    kind: ClassVar[str] = "receipt.taken"
    store: str
    clips: int
    receipt: str
    signature: str
    key: str
