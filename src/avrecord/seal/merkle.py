"""The tree of RFC 6962 §2.1 (RFC 9162 §2.1): leaf and node hashes, and roots from a compact range."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class CompactRange:
    """The roots of the perfect subtrees that make up a tree of `size` leaves, largest first.

    One per set bit of `size`, so appending and asking for the root both cost O(log n).
    """

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        self.peaks.append(leaf)
        self.size += 1
        done = self.size
        while not done & 1:
            right, left = self.peaks.pop(), self.peaks.pop()
            self.peaks.append(node_hash(left, right))
            done >>= 1

    def root(self) -> bytes:
        """The tree's root; SHA-256 of nothing for an empty tree."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def copy(self) -> CompactRange:
        return CompactRange(self.size, list(self.peaks))


def subtree_root(leaves: list[bytes]) -> bytes:
    """The root over some hashes, as if they were a tree of their own."""
    whole = CompactRange()
    for leaf in leaves:
        whole.append(leaf)
    return whole.root()
