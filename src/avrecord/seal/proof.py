"""Inclusion and consistency proofs (RFC 9162 §2.1.3-2.1.4) from tiles, and `tlog-proof` files (C2SP).

Proofs are made from the hash tiles alone; making one reads O(log n) tiles.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from avrecord.seal import tiles
from avrecord.seal.merkle import EMPTY_ROOT, node_hash, subtree_root
from avrecord.seal.note import canonical_base64, tree_size

HEADER = "c2sp.org/tlog-proof@v1"
LONGEST_PATH = 63

Hashes = Callable[[int, int], bytes]
"""`(level, index)` → the root of the perfect subtree of 2^level leaves that starts at index · 2^level."""


class BadProof(ValueError):
    """The proof does not lead from the leaf, or from the older root, to the root."""


def inclusion(index: int, size: int, hashes: Hashes) -> list[bytes]:
    """The path from leaf `index` to the root of the first `size` leaves, the leaf's sibling first."""
    if not 0 <= index < size:
        raise BadProof("index outside the tree")
    return _path(index, 0, size, hashes)


def root_of(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """The root that an inclusion path leads to. Raises BadProof for a path of the wrong length."""
    if not 0 <= index < size:
        raise BadProof("index outside the tree")
    at, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            raise BadProof("path too long")
        if at & 1 or at == last:
            found = node_hash(step, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    if last:
        raise BadProof("path too short")
    return found


def consistency(old: int, new: int, hashes: Hashes) -> list[bytes]:
    """The proof that the tree of `old` leaves is a prefix of that of `new`; empty for equal sizes."""
    if not 0 < old <= new:
        raise BadProof("sizes")
    return [] if old == new else _consistency(old, 0, new, hashes, whole=True)


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raises BadProof unless the proof shows that the older tree is a prefix of the newer one."""
    if old > new or old < 0:
        raise BadProof("sizes")
    if old == new or old == 0:
        # Nothing to prove: equal trees have equal roots, and the empty tree is a prefix of each.
        if proof or (old == new and old_root != new_root) or (old == 0 and old_root != EMPTY_ROOT):
            raise BadProof("roots differ, or hashes where none belong")
        return
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not steps:
        raise BadProof("proof too short")
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise BadProof("proof too long")
        if at & 1 or at == last:
            older, newer = node_hash(step, older), node_hash(step, newer)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            newer = node_hash(newer, step)
        at, last = at >> 1, last >> 1
    if last or older != old_root or newer != new_root:
        raise BadProof("the older tree is not a prefix of the newer")


def hashes_of(folder: Path, size: int) -> Hashes:
    """Subtree roots from the tiles of a log of `size` leaves, each tile read once."""
    read: dict[tuple[int, int], list[bytes]] = {}

    def tile(level: int, number: int) -> list[bytes]:
        if (level, number) not in read:
            width = min(tiles.WIDTH, (size >> 8 * level) - number * tiles.WIDTH)
            read[level, number] = tiles.read_prefix(folder, level, number, width)
        return read[level, number]

    def subtree(level: int, index: int) -> bytes:
        row, height = divmod(level, 8)
        first = index << height
        within = tile(row, first // tiles.WIDTH)
        start = first % tiles.WIDTH
        return subtree_root(within[start : start + (1 << height)])

    return subtree


def peaks(size: int, hashes: Hashes) -> list[bytes]:
    """The perfect subtrees that make up the first `size` leaves, the largest first: what a `CompactRange` goes on from."""
    found, at = [], 0
    for bit in reversed(range(size.bit_length())):
        if size >> bit & 1:
            found.append(hashes(bit, at >> bit))
            at += 1 << bit
    return found


@dataclass(frozen=True, slots=True)
class LogProof:
    """A detached proof: leaf index, path, and the checkpoint (a signed note, verbatim)."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str

    @property
    def text(self) -> str:
        lines = [HEADER, f"index {self.index}", *(base64.b64encode(step).decode() for step in self.path)]
        return "\n".join(lines) + "\n\n" + self.checkpoint

    @classmethod
    def parse(cls, text: str) -> LogProof:
        """Read a `.tlog-proof` file. An `extra` line is passed over and never trusted.

        Raises BadProof or BadNote. The checkpoint is not looked at: that is `open_note`'s.
        """
        head, gap, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if not gap or lines[0] != HEADER:
            raise BadProof("not a tlog-proof")
        if len(lines) > 1 and lines[1].startswith("extra "):
            canonical_base64(lines.pop(1).removeprefix("extra "))
        if len(lines) < 2 or not lines[1].startswith("index ") or len(lines) - 2 > LONGEST_PATH:
            raise BadProof("no index, or too many hashes")
        index = tree_size(lines[1].removeprefix("index "))
        path = tuple(canonical_base64(line) for line in lines[2:])
        if any(len(step) != tiles.HASH for step in path):
            raise BadProof("a hash has not 32 bytes")
        return cls(index, path, checkpoint)


def _path(index: int, start: int, size: int, hashes: Hashes) -> list[bytes]:
    """RFC 9162 PATH for leaf `index` of the `size` leaves from `start`."""
    if size == 1:
        return []
    half = _split(size)
    if index < half:
        return [*_path(index, start, half, hashes), _range_root(start + half, size - half, hashes)]
    return [*_path(index - half, start + half, size - half, hashes), _range_root(start, half, hashes)]


def _consistency(old: int, start: int, size: int, hashes: Hashes, *, whole: bool) -> list[bytes]:
    """RFC 9162 SUBPROOF; `whole` says whether the older tree's root is known to the reader."""
    if old == size:
        return [] if whole else [_range_root(start, size, hashes)]
    half = _split(size)
    if old <= half:
        left = _consistency(old, start, half, hashes, whole=whole)
        return [*left, _range_root(start + half, size - half, hashes)]
    right = _consistency(old - half, start + half, size - half, hashes, whole=False)
    return [*right, _range_root(start, half, hashes)]


def _range_root(start: int, size: int, hashes: Hashes) -> bytes:
    """The root over `size` leaves from `start`, where `start` is a multiple of the next power of two."""
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return hashes(level, start >> level)
    half = _split(size)
    return node_hash(_range_root(start, half, hashes), _range_root(start + half, size - half, hashes))


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)
