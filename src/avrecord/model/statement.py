"""Statements: what the log says. One class per kind; `docs/formats/statement.md` gives the bytes.

Fields hold text, whole numbers, booleans, None and tuples of these: RFC 8785 form without floats.
Names of people and parties never stand here; they live in attachments, named by their SHA-256.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The part of a statement that depends on its kind.

    A field with a default came later than its kind: it is written only where it says something else, so that statements
    made before it are the same bytes and are read as they were.
    """

    kind: ClassVar[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One leaf: who says it (`by`), where (`station`), at which index (`seq`) and claimed time (`at`)."""

    station: str
    seq: int
    at: str
    by: str
    body: Body


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
    """A copy of a clip was removed: `place` is `card` (after a release). The vault's copy is not touched by it."""

    kind: ClassVar[str] = "clip.removed"
    clip: str
    place: str
    docking: str
    path_raw: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipExamined(Body):
    """One examination (an attachment holds facts, observations and faults)."""

    kind: ClassVar[str] = "clip.examined"
    clip: str
    outcome: str
    reason: str | None
    attempt: int
    checks: tuple[str, ...]
    duration_ms: int | None
    examination: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipLinked(Body):
    """`method` is `assignment` (recorder, officer, time) or `person`."""

    kind: ClassVar[str] = "clip.linked"
    clip: str
    case: str
    stage: str
    method: str
    overlap_ms: int
    uncertainty_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipUnlinked(Body):
    kind: ClassVar[str] = "clip.unlinked"
    clip: str
    case: str
    stage: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkReviewed(Body):
    """A named person's decision about one item of a stage. `why` is an attachment: free text."""

    kind: ClassVar[str] = "mark.reviewed"
    case: str
    stage: str
    item: str
    decision: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseImported(Body):
    """`source` is the file as read, `rows` its stages in our form; both are attachments."""

    kind: ClassVar[str] = "case.imported"
    source: str
    rows: str
    stages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterImported(Body):
    kind: ClassVar[str] = "roster.imported"
    source: str
    rows: str
    officers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistAdopted(Body):
    kind: ClassVar[str] = "checklist.adopted"
    name: str
    version: str
    in_force_from: str
    checklist: str
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRegistered(Body):
    """Dates are `YYYY-MM-DD`, local; `service_life_months` counts from `bought_on`."""

    kind: ClassVar[str] = "device.registered"
    recorder: str
    model: str | None
    unit: str | None
    bought_on: str | None
    warranty_until: str | None
    service_life_months: int | None
    in_service: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAssigned(Body):
    """`officer` is the 执法证号. `until` is the last day, or None while it goes on."""

    kind: ClassVar[str] = "device.assigned"
    recorder: str
    officer: str
    since: str
    until: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEvent(Body):
    """`event` is one of `words.DEVICE_EVENTS`; both days count."""

    kind: ClassVar[str] = "device.event"
    recorder: str
    event: str
    since: str
    until: str | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportMade(Body):
    """Something left the station: what, how many rows, and the digest of the file."""

    kind: ClassVar[str] = "export.made"
    what: str
    rows: int
    file: str


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


KINDS: dict[str, type[Body]] = {
    cls.kind: cls
    for cls in (
        KeyChanged, ServiceStarted, ConfigChanged, CardSeen, ClipSealed, ClipSetAside,
        ClipSeenAgain, CardRemovedEarly, ClipExamined, ClipLinked, ClipUnlinked, MarkReviewed,
        CaseImported, RosterImported, ChecklistAdopted, DeviceRegistered, DeviceAssigned,
        DeviceEvent, ExportMade, Anchor, KeysListed, ClockStepped, GapObserved, ScrubDone, ReleaseGranted, ClipRemoved,
    )
}  # fmt: skip
"""Every kind that a log may hold. A reader that meets another one stops and names its index."""
