"""Reading a log as an auditor does: bytes first, then meaning; nothing is taken from the database.

Steps, so that they can be ticked off:
1. the checkpoint is signed by a log key that the caller trusts, or by one that such a key's tree names;
2. the tree over the stored entries has the checkpoint's root, and every earlier checkpoint in the
   journal is a signed prefix of it;
3. each entry parses strictly;
4. for each clip: bytes, seal, key (in `clips`).
Without a checkpoint from elsewhere none of this shows a log that its station cut or rebuilt.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from avrecord.errors import LogBroken
from avrecord.model.finding import Finding
from avrecord.model.statement import (
    Anchor,
    ClipRemoved,
    ClipSeenAgain,
    ClockStepped,
    ExpiryListed,
    ExpiryUndone,
    HoldLifted,
    HoldSet,
    KeyChanged,
    KeysListed,
    Statement,
    Taken,
)
from avrecord.rules.times import backward
from avrecord.seal import journal, sshsig, tiles
from avrecord.seal.codec import decode
from avrecord.seal.journal import ReadJournal
from avrecord.seal.keys import endorsed_digest
from avrecord.seal.merkle import EMPTY_ROOT, CompactRange, leaf_hash
from avrecord.seal.note import BadNote, NoteKey
from avrecord.seal.tilecheck import TileCheck

ATTACHED = (
    "manifest", "facts", "left", "receipt", "examination", "source", "rows", "checklist", "config", "why", "note", "keylist",
    "results", "population", "seed", "sample", "details", "evidence", "listed", "signature", "letter",
)  # fmt: skip
"""Fields of statements that may name an attachment; what is no digest there is plain text."""
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Span:
    """The leaves for which a clip key signs: from `since` to `until`, both included; None while it goes on."""

    since: int = 0
    until: int | None = None


ALWAYS = Span()


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf that seals a clip: where it stands, the time it claims, what it says."""

    index: int
    at: str
    body: Taken


@dataclass(frozen=True, slots=True)
class Removal:
    """A leaf that says that the vault gave a clip up, and the list that it rests on."""

    index: int
    at: str
    body: ClipRemoved
    list_at: str | None
    listed: str | None
    """The attachment of the list; None where no such list stands before it."""
    undone: bool
    """Somebody objected after that list."""
    held: bool = False
    """A hold of this very clip stood open."""


@dataclass(slots=True)
class ReadLog:
    """What a log says, and the findings about the log itself."""

    size: int = 0
    findings: list[Finding] = field(default_factory=list)
    taken: dict[str, Leaf] = field(default_factory=dict)
    """By stored path: the leaf that seals what lies there."""
    clip_keys: dict[bytes, Span] = field(default_factory=dict)
    """Public clip keys that the log announced."""
    unendorsed: list[tuple[int, bytes]] = field(default_factory=list)
    """Clip keys that came without the word of the key before: (index, public key)."""
    log_keys: list[tuple[int, NoteKey]] = field(default_factory=list)
    """Log keys that the log announced, with the leaf that did."""
    roots: dict[int, bytes] = field(default_factory=dict)
    """Roots of the tree over the stored entries, at the sizes that were asked for."""
    journal: dict[int, str] = field(default_factory=dict)
    """Signed checkpoints of the journal by size: the other half of a fork's evidence."""
    head: str = ""
    head_key: NoteKey | None = None
    """The key that signed the head; None when it is not believed."""
    examinations: set[str] = field(default_factory=set)
    """Those of them that are examinations, which name further ones."""
    attachments: dict[str, int] = field(default_factory=dict)
    """Digests of the attachments that the log names, with the first index that does."""
    anchors: list[tuple[int, Anchor]] = field(default_factory=list)
    lists: list[tuple[int, KeysListed]] = field(default_factory=list)
    removed: dict[str, Removal] = field(default_factory=dict)
    """By clip: that its bytes were removed from the vault, unless they came again after it."""
    expiry_lists: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Lists of what is to be removed: leaf → claimed time, attachment."""
    undone: dict[str, int] = field(default_factory=dict)
    """By clip: the latest objection."""
    clip_holds: dict[int, str] = field(default_factory=dict)
    """Open holds of single clips: leaf → clip."""
    steps: list[tuple[int, str]] = field(default_factory=list)
    """Leaves that say that the station's clock was set, with the time that it shows from there on."""
    backward: set[int] = field(default_factory=set)
    """Leaves that claim a time before an earlier leaf's, with no statement of a clock step between."""


def read_log(
    folder: Path, trusted: NoteKey | Sequence[NoteKey], sizes: Collection[int] = (), refused: Collection[NoteKey] = ()
) -> ReadLog:
    """Check a log folder against the keys the caller trusts (of one origin) and collect what it says of clips.

    `refused`: revoked log keys. A head that only they signed is read, and REVOKED_KEY says on whose word.
    `sizes`: tree sizes whose roots the caller wants, to compare them with evidence from outside.

    Never raises for a bad log: what is wrong is a finding, and what can still be read is read.
    """
    keys = [trusted] if isinstance(trusted, NoteKey) else list(trusted)
    kept = journal.read(folder, keys[0].name)
    read = ReadLog(findings=kept.findings, head=kept.head)
    read.roots[0] = EMPTY_ROOT
    if kept.size is None:
        return read
    read.size = kept.size
    clocks: list[tuple[int, str, bool]] = []
    try:
        for statement in _entries(folder, kept, frozenset(sizes), read):
            _note(statement, read)
            clocks.append((statement.seq, statement.at, isinstance(statement.body, ClockStepped)))
    except LogBroken as error:
        _found(read, "CHECKPOINT_INVALID", error.facts["index"], detail=str(error.facts["detail"]))
    read.backward = backward(clocks)
    found, read.journal = journal.authenticate(kept, keys, read.log_keys, read.roots, refused)
    if kept.head_key is None and refused:
        again, by_size = journal.authenticate(kept, [*keys, *refused], read.log_keys, read.roots)
        if kept.head_key:
            found, read.journal = again, by_size
            found.append(Finding("REVOKED_KEY", "log", kept.size, detail="检查点由已吊销的日志密钥签名"))
    read.findings += found
    read.head_key = kept.head_key
    if kept.head_key:
        return read
    # No key that is trusted, or that a trusted one vouched for, signed the head: nothing it says counts.
    return ReadLog(findings=read.findings, head=read.head, roots={0: EMPTY_ROOT})


def check_seal(seal_text: str, digest: bytes, index: int, known: Mapping[bytes, Span], stored: str) -> Finding | None:
    """Step 4 for one clip: what is wrong with its seal, or None.

    `digest` is that of the bytes as the log states them, so an altered clip is not reported twice.
    """
    try:
        seal = sshsig.parse(seal_text)
    except sshsig.Malformed as error:
        return Finding("BAD_SIGNATURE", stored, index, detail=str(error))
    span = known.get(seal.public)
    if span is None:
        return Finding("UNKNOWN_KEY", stored, index, detail="签名所用的公钥不在日志中")
    if seal.namespace != sshsig.NAMESPACE or index < span.since:
        return Finding("WRONG_KEY", stored, index, detail="密钥用途或启用时间不符")
    if span.until is not None and index > span.until:
        return Finding("EXPIRED_KEY", stored, index, detail=f"签名密钥已在日志第 {span.until} 条更换")
    if seal.hash_name != sshsig.HASH:
        return Finding("BAD_SIGNATURE", stored, index, detail="封存签名应以 SHA-256 为准，这个签名用的是别的散列")
    if not sshsig.verify(seal, digest):
        return Finding("BAD_SIGNATURE", stored, index, detail="签名与日志所记内容不符")
    return None


def _entries(folder: Path, kept: ReadJournal, sizes: frozenset[int], read: ReadLog) -> Iterator[Statement]:
    """Statements in order, while roots are taken at every size that a checkpoint speaks of."""
    tree, hashes, wanted = CompactRange(), TileCheck(folder, read.size), sizes | kept.sizes
    for index, entry in tiles.entries(folder, 0, read.size, read.size):
        leaf = leaf_hash(entry)
        tree.append(leaf)
        hashes.add(0, leaf)
        if tree.size in wanted:
            read.roots[tree.size] = tree.root()
        try:
            yield decode(entry, index)
        except LogBroken as error:
            read.findings.append(Finding("MALFORMED", "log", index, detail=str(error.facts["detail"])))
    read.findings += hashes.finish()


def _note(statement: Statement, read: ReadLog) -> None:
    body = statement.body
    for name in ATTACHED:
        digest = getattr(body, name, None)
        if isinstance(digest, str) and DIGEST.fullmatch(digest):
            read.attachments.setdefault(digest, statement.seq)
            if name == "examination":
                read.examinations.add(digest)
    match body:
        case KeyChanged():
            _note_key(body, statement.seq, read)
        case Anchor():
            read.anchors.append((statement.seq, body))
        case KeysListed():
            read.lists.append((statement.seq, body))
        case ExpiryListed():
            read.expiry_lists[statement.seq] = (statement.at, body.listed)
        case ExpiryUndone():
            read.undone[body.clip] = statement.seq
        case ClipRemoved(place="vault"):
            listed = body.listed if body.listed is not None else -1
            list_at, attached = read.expiry_lists.get(listed, (None, None))
            undone = read.undone.get(body.clip, -1) > listed
            held = body.clip in read.clip_holds.values()
            read.removed[body.clip] = Removal(statement.seq, statement.at, body, list_at, attached, undone, held)
        case ClipSeenAgain():
            if read.removed.pop(body.clip, None):
                read.undone[body.clip] = statement.seq  # a list of before says nothing of bytes that came again
        case HoldSet(clip=str()):
            read.clip_holds[statement.seq] = str(body.clip)
        case HoldLifted():
            read.clip_holds.pop(body.hold, None)
        case ClockStepped():
            read.steps.append((statement.seq, statement.at))
        case Taken() if not DIGEST.fullmatch(body.clip) or "\0" in body.stored:
            read.findings.append(Finding("MALFORMED", "log", statement.seq, detail="封存记录的摘要或存放位置不成样子"))
        case Taken():
            if body.stored in read.taken:
                read.findings.append(Finding("MALFORMED", body.stored, statement.seq, detail="同一位置封存了两次"))
            read.taken.setdefault(body.stored, Leaf(statement.seq, statement.at, body))


def _note_key(body: KeyChanged, index: int, read: ReadLog) -> None:
    try:
        if body.role == "log":
            read.log_keys.append((index, NoteKey.parse(body.public)))
        elif body.role == "clip" and (public := sshsig.public_of(body.public)) not in read.clip_keys:
            _succeed(public, body, index, read)
    except (BadNote, sshsig.Malformed) as error:
        _found(read, "UNKNOWN_KEY", index, detail=f"日志宣布的公钥不可用（{error}）")


def _succeed(public: bytes, body: KeyChanged, index: int, read: ReadLog) -> None:
    """A clip key takes over from the one before, which must have said so."""
    for before, span in read.clip_keys.items():
        if span.until is None:
            read.clip_keys[before] = Span(span.since, index)
            if not _endorsed(body, before):
                read.unendorsed.append((index, public))
    read.clip_keys[public] = Span(index)


def _endorsed(body: KeyChanged, before: bytes) -> bool:
    try:
        word = sshsig.parse(body.endorsement or "")
    except sshsig.Malformed:
        return False
    return word.public == before and sshsig.verify(word, endorsed_digest(body.public), sshsig.KEY_NAMESPACE)


def _found(read: ReadLog, code: str, index: object, detail: str) -> None:
    read.findings.append(Finding(code, "log", int(str(index)), detail=detail))
