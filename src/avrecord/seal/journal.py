"""The checkpoints that a station published: the head, and the journal of all before it.

Keys change: the older checkpoints are signed by older keys. A key counts when the reader trusts it, or when
a checkpoint by a key that counts covers the leaf that announced it. So trust runs from one rotation to the
next, and a key that only a thief's own tree names never counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from avrecord.model.finding import Finding
from avrecord.seal import note
from avrecord.seal.log import SEPARATOR
from avrecord.seal.note import BadNote, Checkpoint, NoteKey


@dataclass(slots=True)
class ReadJournal:
    """Head and journal as they lie on the disk. Nothing is believed before `authenticate`."""

    head: str = ""
    size: int | None = None
    """The size that the head claims; None when there is no readable head."""
    records: list[str] = field(default_factory=list)
    sizes: frozenset[int] = frozenset()
    findings: list[Finding] = field(default_factory=list)
    head_opened: bool = False


def read(folder: Path, origin: str) -> ReadJournal:
    """Read both files of a log folder. What cannot be read is a finding."""
    kept = ReadJournal()
    try:
        kept.head = (folder / "checkpoint").read_bytes().decode("utf-8")
        kept.size = _claimed(kept.head, origin).size
    except OSError:
        kept.findings.append(_invalid(0, "没有检查点，或读不出"))
    except (BadNote, UnicodeDecodeError) as error:
        kept.findings.append(_invalid(0, f"检查点签名或格式不符（{error}）"))
    try:
        kept.records = (folder / "checkpoints.txt").read_bytes().decode("utf-8").split(SEPARATOR)[:-1]
    except (OSError, UnicodeDecodeError):
        kept.findings.append(_invalid(0, "检查点簿不见了或读不出"))
    sizes = {kept.size} if kept.size is not None else set()
    for record in kept.records:
        try:
            sizes.add(_claimed(record, origin).size)
        except BadNote:
            continue  # said when it is authenticated
    kept.sizes = frozenset(sizes)
    return kept


def authenticate(
    kept: ReadJournal, trusted: Sequence[NoteKey], announced: list[tuple[int, NoteKey]], roots: dict[int, bytes]
) -> tuple[list[Finding], dict[int, str]]:
    """Check every signature, and every signed root against the stored entries' (`roots`, by size).

    `announced`: the log keys that the entries name, with the leaf. Returns findings and the believed records by size;
    `kept.head_opened` says whether the head is believed.
    """
    opened = _opened(kept, trusted, announced, roots)
    findings, by_size, signed = [], dict[int, str](), dict[int, bytes]()
    for record in dict.fromkeys(kept.records):
        checkpoint = opened.get(record)
        if not isinstance(checkpoint, Checkpoint):
            findings.append(_invalid(0, f"检查点簿中有无效的检查点（{checkpoint}）"))
            continue
        size, root = checkpoint.size, checkpoint.root
        by_size.setdefault(size, record)
        if signed.setdefault(size, root) != root:
            findings.append(Finding("LOG_FORK", "log", size, detail="同一长度有两个签过名的检查点"))
        elif size in roots and roots[size] != root:
            findings.append(Finding("LOG_FORK", "log", size, root.hex(), roots[size].hex(), "与当时发布的检查点不符"))
    return findings + _of_head(kept, opened.get(kept.head), by_size, roots), by_size


def _of_head(kept: ReadJournal, head: Checkpoint | str | None, by_size: dict[int, str], roots: dict[int, bytes]) -> list[Finding]:
    if not isinstance(head, Checkpoint):
        return [_invalid(0, f"检查点签名或格式不符（{head}）")]
    kept.head_opened, size = True, head.size
    findings = []
    if size in roots and roots[size] != head.root:  # without a root the entries could not be read, which was said
        findings.append(Finding("CHECKPOINT_INVALID", "log", size, head.root.hex(), roots[size].hex(), "记录与检查点不符"))
    if by_size and kept.head not in by_size.values():
        findings.append(_invalid(size, "检查点簿中没有已发布的检查点"))
    if by_size and max(by_size) > size:
        findings.append(Finding("LOG_TRUNCATED", "log", max(by_size), found=str(size), detail="检查点簿中有更长的日志"))
    return findings


def _opened(
    kept: ReadJournal, trusted: Sequence[NoteKey], announced: list[tuple[int, NoteKey]], roots: dict[int, bytes]
) -> dict[str, Checkpoint | str]:
    """Each text with its checkpoint, or why it is not believed. Grows until no checkpoint vouches for another key."""
    origin, known = trusted[0].name, list(trusted)
    found: dict[str, Checkpoint | str] = {}
    while True:
        for text in dict.fromkeys([kept.head, *kept.records]):
            if not isinstance(found.get(text), Checkpoint):
                found[text] = _try(text, known, origin)
        believed = [each for each in found.values() if isinstance(each, Checkpoint) and roots.get(each.size) == each.root]
        covered = max((each.size for each in believed), default=0)
        more = [key for index, key in announced if index < covered and key.name == origin and key not in known]
        if not more:
            return found
        known += more


def _try(text: str, keys: list[NoteKey], origin: str) -> Checkpoint | str:
    try:
        checkpoint = Checkpoint.parse(note.open_note(text, keys))
    except BadNote as error:
        return str(error)
    return checkpoint if checkpoint.origin == origin else "another log's checkpoint"


def _claimed(text: str, origin: str) -> Checkpoint:
    """What a note says before anybody checked who says it."""
    checkpoint = Checkpoint.parse(text.rpartition("\n\n")[0] + "\n")
    if checkpoint.origin != origin:
        raise BadNote("another log's checkpoint")
    return checkpoint


def _invalid(index: int, detail: str) -> Finding:
    return Finding("CHECKPOINT_INVALID", "log", index, detail=detail)
