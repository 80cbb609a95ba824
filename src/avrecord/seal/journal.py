"""The checkpoints that a station published: the head, and the journal of all before it.

Keys change: the older checkpoints are signed by older keys. A key counts when the reader trusts it, or when
a checkpoint by a key that counts covers the leaf that announced it. So trust runs from one rotation to the
next, and a key that only a thief's own tree names never counts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from avrecord.durable import read_small
from avrecord.errors import LogBroken
from avrecord.model.finding import Finding
from avrecord.seal import note, tiles
from avrecord.seal.log import SEPARATOR
from avrecord.seal.note import BadNote, Checkpoint, NoteKey

LARGEST_NOTE = 1 << 20  # bytes of a checkpoint with a hundred signatures: far below


@dataclass(slots=True)
class ReadJournal:
    """Head and journal as they lie on the disk. Nothing is believed before `authenticate`."""

    head: str = ""
    size: int | None = None
    """The size that the head claims; None when there is no readable head."""
    records: list[str] = field(default_factory=list)
    sizes: frozenset[int] = frozenset()
    findings: list[Finding] = field(default_factory=list)
    head_key: NoteKey | None = None
    """The key behind the head, once it is believed."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint and the key that signed it."""

    checkpoint: Checkpoint
    key: NoteKey


def read(folder: Path, origin: str) -> ReadJournal:
    """Read both files of a log folder. What cannot be read is a finding.

    The journal is written first. Where it goes further than the head and the entries are there, its last record is what
    was published: a power cut, or a station at work, came between the two files.
    """
    kept = ReadJournal()
    head = None
    try:
        kept.head = read_small(folder / "checkpoint", LARGEST_NOTE).decode("utf-8")
        head = _claimed(kept.head, origin)
    except OSError:
        kept.findings.append(_invalid(0, "没有检查点，或读不出"))
    except (BadNote, UnicodeDecodeError) as error:
        kept.findings.append(_invalid(0, f"检查点签名或格式不符（{error}）"))
    try:
        kept.records = (folder / "checkpoints.txt").read_bytes().decode("utf-8").split(SEPARATOR)[:-1]
    except (OSError, UnicodeDecodeError):
        kept.findings.append(_invalid(0, "检查点簿不见了或读不出"))
    claimed = {}
    for record in kept.records:
        with suppress(BadNote):  # said when it is authenticated
            claimed[record] = _claimed(record, origin).size
    if head and kept.head in claimed and kept.records:
        last = kept.records[-1]
        if claimed.get(last, 0) > head.size and _has_entries(folder, claimed[last]):
            kept.head, head = last, _claimed(last, origin)
    kept.size = head.size if head else None
    kept.sizes = frozenset({*claimed.values(), *([head.size] if head else [])})
    return kept


def _has_entries(folder: Path, size: int) -> bool:
    try:
        number, width = divmod(size, tiles.WIDTH)
        tiles.read_bundle(folder, number if width else number - 1, width or tiles.WIDTH)
    except LogBroken:
        return False
    return True


def authenticate(
    kept: ReadJournal,
    trusted: Sequence[NoteKey],
    announced: list[tuple[int, NoteKey]],
    roots: dict[int, bytes],
    refused: Collection[NoteKey] = (),
) -> tuple[list[Finding], dict[int, str]]:
    """Check every signature, and every signed root against the stored entries' (`roots`, by size).

    `announced`: the log keys that the entries name, with the leaf. `refused`: revoked keys, which no chain admits.
    Returns findings and the believed records by size; `kept.head_key` is the key behind the head, None when it is not believed.
    """
    opened = _opened(kept, trusted, announced, roots, refused)
    findings, by_size, signed = [], dict[int, str](), dict[int, bytes]()
    for record in dict.fromkeys(kept.records):
        found = opened[record]
        if isinstance(found, str):
            findings.append(_invalid(0, f"检查点簿中有无效的检查点（{found}）"))
            continue
        size, root = found.checkpoint.size, found.checkpoint.root
        by_size.setdefault(size, record)
        if signed.setdefault(size, root) != root:
            findings.append(Finding("LOG_FORK", "log", size, detail="同一长度有两个签过名的检查点"))
        elif size in roots and roots[size] != root:
            findings.append(Finding("LOG_FORK", "log", size, root.hex(), roots[size].hex(), "与当时发布的检查点不符"))
    return findings + _of_head(kept, opened[kept.head], by_size, roots), by_size


def _of_head(kept: ReadJournal, head: Signed | str, by_size: dict[int, str], roots: dict[int, bytes]) -> list[Finding]:
    if isinstance(head, str):
        return [_invalid(0, f"检查点签名或格式不符（{head}）")]
    kept.head_key, checkpoint = head.key, head.checkpoint
    size = checkpoint.size
    findings = []
    if size in roots and roots[size] != checkpoint.root:  # without a root the entries could not be read, which was said
        expected, found = checkpoint.root.hex(), roots[size].hex()
        findings.append(Finding("CHECKPOINT_INVALID", "log", size, expected, found, "记录与检查点不符"))
    if by_size and kept.head not in by_size.values():
        findings.append(_invalid(size, "检查点簿中没有已发布的检查点"))
    if by_size and max(by_size) > size:
        findings.append(Finding("LOG_TRUNCATED", "log", max(by_size), found=str(size), detail="检查点簿中有更长的日志"))
    return findings


def _opened(
    kept: ReadJournal,
    trusted: Sequence[NoteKey],
    announced: list[tuple[int, NoteKey]],
    roots: dict[int, bytes],
    refused: Collection[NoteKey],
) -> dict[str, Signed | str]:
    """Each text with its checkpoint and key, or why it is not believed. Grows until no checkpoint vouches for another key."""
    origin, known = trusted[0].name, [key for key in trusted if key not in refused]
    found: dict[str, Signed | str] = {}
    while True:
        for text in dict.fromkeys([kept.head, *kept.records]):
            if not isinstance(found.get(text), Signed):
                found[text] = _try(text, known, origin)
        believed = [each for each in found.values() if isinstance(each, Signed) and _fits(each, roots)]
        covered = max((each.checkpoint.size for each in believed), default=0)
        named = [key for index, key in announced if index < covered and key.name == origin]
        more = [key for key in dict.fromkeys(named) if key not in known and key not in refused]
        if not more:
            return {text: _in_time(each, believed, announced) for text, each in found.items()}
        known += more


def _in_time(each: Signed | str, believed: list[Signed], announced: list[tuple[int, NoteKey]]) -> Signed | str:
    """A key that was replaced signs nothing after its successor's first checkpoint: whoever stole the old one cannot go on."""
    if isinstance(each, str):
        return each
    order = [key for _, key in announced]
    last = max((n for n, key in enumerate(order) if key == each.key), default=None)
    if last is None:
        return each
    later = set(order[last + 1 :]) - {each.key}
    first = min((other.checkpoint.size for other in believed if other.key in later), default=None)
    if first is not None and each.checkpoint.size > first:
        return "signed by a log key that had been replaced"
    return each


def _fits(each: Signed, roots: dict[int, bytes]) -> bool:
    return roots.get(each.checkpoint.size) == each.checkpoint.root


def _try(text: str, keys: list[NoteKey], origin: str) -> Signed | str:
    reason = "no key is trusted"
    for key in keys:
        try:
            checkpoint = Checkpoint.parse(note.open_note(text, [key]))
        except BadNote as error:
            reason = str(error)
            continue
        return Signed(checkpoint, key) if checkpoint.origin == origin else "another log's checkpoint"
    return reason


def _claimed(text: str, origin: str) -> Checkpoint:
    """What a note says before anybody checked who says it."""
    checkpoint = Checkpoint.claimed(text)
    if checkpoint.origin != origin:
        raise BadNote("another log's checkpoint")
    return checkpoint


def _invalid(index: int, detail: str) -> Finding:
    return Finding("CHECKPOINT_INVALID", "log", index, detail=detail)
