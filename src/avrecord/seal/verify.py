"""Reading a log as an auditor does: bytes first, then meaning; nothing is taken from the database.

Steps, so that they can be ticked off:
1. the checkpoint is signed by the log key that the caller trusts;
2. the tree over the stored entries has the checkpoint's root, and every earlier checkpoint in the
   journal is a signed prefix of it;
3. each entry parses strictly;
4. for each clip: bytes, seal, key (in `clips`).
Without a checkpoint from elsewhere none of this shows a log that its station cut or rebuilt.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from avrecord.errors import LogBroken
from avrecord.model.finding import Finding
from avrecord.model.statement import KeyChanged, Statement, Taken
from avrecord.seal import note, sshsig, tiles
from avrecord.seal.codec import decode
from avrecord.seal.log import SEPARATOR
from avrecord.seal.merkle import EMPTY_ROOT, CompactRange, leaf_hash, subtree_root
from avrecord.seal.note import BadNote, Checkpoint, NoteKey

ATTACHED = ("manifest", "left", "examination", "source", "rows", "checklist", "config", "why", "note")
"""Fields of statements that may name an attachment; what is no digest there is plain text."""
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(slots=True)
class ReadLog:
    """What a log says, and the findings about the log itself."""

    size: int = 0
    findings: list[Finding] = field(default_factory=list)
    taken: dict[str, tuple[int, Taken]] = field(default_factory=dict)
    """By stored path: the leaf's index and what it says."""
    clip_keys: dict[bytes, int] = field(default_factory=dict)
    """Public clip keys that the log announced, with the index from which they sign."""
    roots: dict[int, bytes] = field(default_factory=dict)
    """Roots of the tree over the stored entries, at the sizes that were asked for."""
    journal: dict[int, str] = field(default_factory=dict)
    """Signed checkpoints of the journal by size: the other half of a fork's evidence."""
    head: str = ""
    attachments: dict[str, int] = field(default_factory=dict)
    """Digests of the attachments that the log names, with the first index that does."""


def read_log(folder: Path, trusted: NoteKey, sizes: Collection[int] = ()) -> ReadLog:
    """Check a log folder against the key the caller trusts and collect what it says of clips.

    `sizes`: tree sizes whose roots the caller wants, to compare them with evidence from outside.

    Never raises for a bad log: what is wrong is a finding, and what can still be read is read.
    """
    read = ReadLog()
    head = _opened(folder / "checkpoint", trusted, read)
    read.roots[0] = EMPTY_ROOT
    earlier = _journal(folder / "checkpoints.txt", trusted, read)
    if head is None:
        return read
    read.size = head.size
    try:
        for statement in _entries(folder, head, earlier, frozenset(sizes), read):
            _note(statement, read)
    except LogBroken as error:
        _found(read, "CHECKPOINT_INVALID", str(error.facts["index"]), detail=str(error.facts["detail"]))
    if earlier and read.head not in read.journal.values():
        _found(read, "CHECKPOINT_INVALID", str(head.size), detail="检查点簿中没有已发布的检查点")
    if earlier and max(earlier) > head.size:
        _found(read, "LOG_TRUNCATED", str(max(earlier)), found=str(head.size), detail="检查点簿中有更长的日志")
    return read


def check_seal(seal_text: str, digest: bytes, index: int, known: dict[bytes, int], stored: str) -> Finding | None:
    """Step 4 for one clip: what is wrong with its seal, or None.

    `digest` is that of the bytes as the log states them, so an altered clip is not reported twice.
    """
    try:
        seal = sshsig.parse(seal_text)
    except sshsig.Malformed as error:
        return Finding("BAD_SIGNATURE", stored, index, detail=str(error))
    if seal.hash_name != sshsig.HASH:
        return Finding("BAD_SIGNATURE", stored, index, detail="封存签名所用的哈希不是 SHA-256")
    if seal.public not in known:
        return Finding("UNKNOWN_KEY", stored, index, detail="签名所用的公钥不在日志中")
    if seal.namespace != sshsig.NAMESPACE or known[seal.public] > index:
        return Finding("WRONG_KEY", stored, index, detail="密钥用途或启用时间不符")
    if not sshsig.verify(seal, digest):
        return Finding("BAD_SIGNATURE", stored, index, detail="签名与日志所记内容不符")
    return None


def _entries(
    folder: Path, head: Checkpoint, earlier: dict[int, bytes], sizes: frozenset[int], read: ReadLog
) -> Iterator[Statement]:
    """Statements in order, while the tree over them is compared with every checkpoint passed."""
    tree, hashes = CompactRange(), _TileCheck(folder, head.size, read)
    for index, entry in tiles.entries(folder, 0, head.size, head.size):
        leaf = leaf_hash(entry)
        tree.append(leaf)
        hashes.add(0, leaf)
        if tree.size in sizes:
            read.roots[tree.size] = tree.root()
        root = earlier.get(tree.size)
        if root is not None and root != tree.root():
            _found(read, "LOG_FORK", str(tree.size), root.hex(), tree.root().hex(), "与当时发布的检查点不符")
        try:
            yield decode(entry, index)
        except LogBroken as error:
            read.findings.append(Finding("MALFORMED", "log", index, detail=str(error.facts["detail"])))
    hashes.finish()
    if tree.root() != head.root:
        _found(read, "CHECKPOINT_INVALID", str(head.size), head.root.hex(), tree.root().hex(), "记录与检查点不符")


class _TileCheck:
    """Compares the stored hash tiles with what follows from the entries: proofs are made from tiles."""

    def __init__(self, folder: Path, size: int, read: ReadLog) -> None:
        self._folder, self._size, self._read = folder, size, read
        self._levels: list[list[bytes]] = []
        self._done: list[int] = []

    def add(self, level: int, value: bytes) -> None:
        if level == len(self._levels):
            self._levels.append([])
            self._done.append(0)
        self._levels[level].append(value)
        if len(self._levels[level]) == tiles.WIDTH:
            full, self._levels[level] = self._levels[level], []
            self._compare(level, full)
            self._done[level] += 1
            self.add(level + 1, subtree_root(full))

    def finish(self) -> None:
        for level, hashes in enumerate(self._levels):
            if hashes:
                self._compare(level, hashes)

    def _compare(self, level: int, hashes: list[bytes]) -> None:
        number = self._done[level]
        try:
            same = tiles.read_tile(self._folder, level, number, len(hashes)) == hashes
            detail = "哈希瓦片与记录不符"
        except LogBroken as error:
            same, detail = False, str(error.facts["detail"])
        if not same:
            _found(self._read, "PROOF_INVALID", str(number << 8 * (level + 1)), detail=f"{detail}（第 {level} 层 {number} 号）")


def _note(statement: Statement, read: ReadLog) -> None:
    body = statement.body
    for name in ATTACHED:
        digest = getattr(body, name, None)
        if isinstance(digest, str) and DIGEST.fullmatch(digest):
            read.attachments.setdefault(digest, statement.seq)
    if isinstance(body, KeyChanged) and body.role == "clip":
        read.clip_keys.setdefault(sshsig_public(body.public), statement.seq)
    elif isinstance(body, Taken):
        if body.stored in read.taken:
            read.findings.append(Finding("MALFORMED", body.stored, statement.seq, detail="同一位置封存了两次"))
        read.taken.setdefault(body.stored, (statement.seq, body))


def sshsig_public(line: str) -> bytes:
    """The 32 bytes behind an OpenSSH public key line; empty when it is not one."""
    try:
        return note.canonical_base64(line.split()[1])[-32:]
    except (IndexError, BadNote):
        return b""


def _opened(path: Path, trusted: NoteKey, read: ReadLog) -> Checkpoint | None:
    try:
        read.head = path.read_bytes().decode("utf-8")
        return _checkpoint(read.head, trusted)
    except OSError:
        _found(read, "CHECKPOINT_INVALID", "0", detail="没有检查点，或读不出")
    except (BadNote, UnicodeDecodeError) as error:
        _found(read, "CHECKPOINT_INVALID", "0", detail=f"检查点签名或格式不符（{error}）")
    return None


def _journal(path: Path, trusted: NoteKey, read: ReadLog) -> dict[int, bytes]:
    """Size → root of every checkpoint ever published. Two roots for one size are a fork."""
    roots: dict[int, bytes] = {}
    try:
        records = path.read_bytes().decode("utf-8").split(SEPARATOR)[:-1]
    except (OSError, UnicodeDecodeError):
        _found(read, "CHECKPOINT_INVALID", "0", detail="检查点簿不见了或读不出")
        return roots
    for record in records:
        try:
            checkpoint = _checkpoint(record, trusted)
        except BadNote as error:
            _found(read, "CHECKPOINT_INVALID", "0", detail=f"检查点簿中有无效的检查点（{error}）")
            continue
        read.journal.setdefault(checkpoint.size, record)
        if roots.setdefault(checkpoint.size, checkpoint.root) != checkpoint.root:
            _found(read, "LOG_FORK", str(checkpoint.size), detail="同一长度有两个签过名的检查点")
    return roots


def _checkpoint(signed: str, trusted: NoteKey) -> Checkpoint:
    checkpoint = Checkpoint.parse(note.open_note(signed, [trusted]))
    if checkpoint.origin != trusted.name:
        raise BadNote("another log's checkpoint")
    return checkpoint


def _found(read: ReadLog, code: str, index: str, expected: str | None = None, found: str | None = None, detail: str = "") -> None:
    read.findings.append(Finding(code, "log", int(index), expected, found, detail))
