"""What the log says of its own house: keys, configuration, clocks, gaps, scrubs, exports, anchors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from avrecord.model.statement.base import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChanged(Body):
    """A public key that signs from this leaf on. `role` is `clip`, `log` or `witness`.

    `endorsement`: the key before it, over the SHA-256 of `public` (SSHSIG, namespace `key@avrecord`); None for the
    first key, for log keys (the checkpoint over this leaf is the old key's word), and after a key was lost.
    """

    kind: ClassVar[str] = "key.changed"
    role: str
    key_id: str
    public: str
    reason: str
    endorsement: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStarted(Body):
    kind: ClassVar[str] = "service.started"
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigChanged(Body):
    """The configuration in force from here on (an attachment)."""

    kind: ClassVar[str] = "config.changed"
    config: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysListed(Body):
    """A root's key list that this station installed. `keylist` is an attachment: the list as signed."""

    kind: ClassVar[str] = "keys.listed"
    version: int
    root: str
    keylist: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentsLost(Body):
    """This station's disk does not have these attachments any more (`digests`), or has other bytes for them.

    Whoever indexes this log elsewhere waits for what leaves name until it comes, or until this says that it will not.
    """

    kind: ClassVar[str] = "attachments.lost"
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStepped(Body):
    """The station's clock jumped: by `by_ms` against `method` (`last_statement`, or `monotonic` while running)."""

    kind: ClassVar[str] = "clock.stepped"
    by_ms: int
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GapObserved(Body):
    """Something that should be there is not: a sequence number, a stretch of time, a file of an earlier manifest.

    `gap` is one of `words.GAPS`; `first` and `last` name its edges (numbers, moments, or the path), `clip_before`
    and `clip_after` the sealed clips beside it. It says that it is not there, never why.
    """

    kind: ClassVar[str] = "gap.observed"
    recorder: str
    gap: str
    first: str
    last: str
    missing: int
    clip_before: str | None
    clip_after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrubDone(Body):
    """Clips were read again from the disk. `results` is an attachment: clip, finding, for each that was read."""

    kind: ClassVar[str] = "scrub.done"
    clips: int
    bytes: int
    bad: int
    results: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportMade(Body):
    """Something left the station: what, how many rows, and the digest of the file."""

    kind: ClassVar[str] = "export.made"
    what: str
    rows: int
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipViewed(Body):
    """Somebody looked at a clip on the pages: `how` is `watched` (played, or a frame of it shown) or `taken` (the original
    left the station). `why` is an attachment with the purpose; taking without one is refused, watching needs none.

    Once for each login, clip and `how`. 《行政执法音像记录》 practice: who consults a recording is on record. `copy_of`: the
    station whose copy in the object store a bureau showed; the statement is in the log of the place where somebody looked.
    """

    kind: ClassVar[str] = "clip.viewed"
    clip: str
    how: str
    why: str | None
    copy_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor(Body):
    """Somebody outside cosigned our checkpoint: this leaf and later ones are not older than `cosigned_at`.

    `note` is an attachment: the cosigned checkpoint, which proves it without this log.
    """

    kind: ClassVar[str] = "anchor"
    witness: str
    witness_key: str
    size: int
    cosigned_at: str
    note: str
