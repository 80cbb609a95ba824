"""The stored hash tiles against what follows from the entries: proofs are made from tiles."""

from __future__ import annotations

from pathlib import Path

from avrecord.errors import LogBroken
from avrecord.model.finding import Finding
from avrecord.seal import tiles
from avrecord.seal.merkle import subtree_root


class TileCheck:
    """Feed leaf hashes in order with `add(0, hash)`; `finish` gives what was wrong."""

    def __init__(self, folder: Path, size: int) -> None:
        self._folder, self._size = folder, size
        self._levels: list[list[bytes]] = []
        self._done: list[int] = []
        self._found: list[Finding] = []

    def add(self, level: int, value: bytes) -> None:
        """One more hash of a level; a full tile rises as one hash."""
        if level == len(self._levels):
            self._levels.append([])
            self._done.append(0)
        self._levels[level].append(value)
        if len(self._levels[level]) == tiles.WIDTH:
            full, self._levels[level] = self._levels[level], []
            self._compare(level, full)
            self._done[level] += 1
            self.add(level + 1, subtree_root(full))

    def finish(self) -> list[Finding]:
        """Compare the partial tiles of the right edge; return all findings."""
        for level, hashes in enumerate(self._levels):
            if hashes:
                self._compare(level, hashes)
        return self._found

    def _compare(self, level: int, hashes: list[bytes]) -> None:
        number = self._done[level]
        try:
            same = tiles.read_tile(self._folder, level, number, len(hashes)) == hashes
            detail = "哈希瓦片与记录不符"
        except LogBroken as error:
            same, detail = False, str(error.facts["detail"])
        if not same:
            where = f"{detail}（第 {level} 层 {number} 号）"
            self._found.append(Finding("PROOF_INVALID", "log", number << 8 * (level + 1), detail=where))
