"""The station's log: appended to in one durable step, and never signed against its own past.

Order of an append: entry bundles durable → hash tiles durable → checkpoint in the journal
(`checkpoints.txt`) durable → `checkpoint` published. A checkpoint therefore never leaves before its
leaves, and after any crash the journal's last whole record is what was last published: equivocation
by accident (an honest dock that signs another tree after a power cut) would look like fraud.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from avrecord import durable
from avrecord.errors import LogBroken
from avrecord.seal import note, tiles
from avrecord.seal.merkle import CompactRange, leaf_hash, subtree_root
from avrecord.seal.note import BadNote, Checkpoint, NoteKey
from avrecord.seal.signer import Signer

SEPARATOR = "---\n"


@dataclass(slots=True)
class _Edge:
    """The right edge of the tree: what an append must know."""

    size: int = 0
    entries: list[bytes] = field(default_factory=list)
    levels: list[list[bytes]] = field(default_factory=list)

    def copy(self) -> _Edge:
        return _Edge(self.size, list(self.entries), [list(hashes) for hashes in self.levels])

    def root(self) -> bytes:
        peaks: list[bytes] = []
        for hashes in reversed(self.levels):
            at = 0
            for bit in reversed(range(8)):
                if len(hashes) >> bit & 1:
                    peaks.append(subtree_root(hashes[at : at + (1 << bit)]))
                    at += 1 << bit
        return CompactRange(self.size, peaks).root()


class Log:
    """One station's append-only log. Safe for several threads and processes: one lock for all."""

    def __init__(self, folder: Path, key: Signer, origin: str, retired: Sequence[NoteKey] = ()) -> None:
        """`retired`: keys of earlier, which signed the older checkpoints; nothing new is signed with them."""
        self.folder = folder
        self._key = key
        self._verifier = NoteKey(origin, key.public)
        self._accepted = [self._verifier, *retired]
        self._thread_lock = threading.RLock()
        self._edge = _Edge()
        self._last = ""
        self._doubtful = False
        self._depth = 0
        durable.make_folder(folder)
        with self.writing():
            self._load()

    @property
    def size(self) -> int:
        """Leaves published, as far as this process knows."""
        return self._edge.size

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock, against other threads and processes. May be nested."""
        with self._thread_lock:
            if self._depth:
                yield
                return
            with durable.locked(self.folder / ".lock"):
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1

    def append(self, make: Callable[[int], list[bytes]]) -> range:
        """Append what `make(first index)` returns, publish one checkpoint, return the indices.

        When this returns, the leaves and the checkpoint are durable. When it raises, nothing was
        published and the same statements may be appended again.
        """
        with self.writing():
            self._notice()
            before, first = self._edge.copy(), self._edge.size
            try:
                self._extend(make(first))
                if self._edge.size > first:
                    self._publish()
            except BaseException:
                # What was half done is unknown: forget it, and let the disk say at the next use what was published.
                self._edge, self._doubtful = before, True
                raise
            return range(first, self._edge.size)

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Published entries with their indices."""
        return tiles.entries(self.folder, start, self.size if stop is None else min(stop, self.size), self.size)

    def checkpoint(self) -> str:
        """The published checkpoint, a signed note; empty for a log without leaves."""
        path = self.folder / "checkpoint"
        return path.read_bytes().decode("utf-8", "replace") if path.exists() else ""

    def refresh(self) -> int:
        """Notice what other processes published; return the size."""
        with self.writing():
            self._notice()
            return self._edge.size

    def _notice(self) -> None:
        """Read the edge again when another process published; refuse a log that went back meanwhile."""
        signed = self.checkpoint()
        if signed == self._last and not self._doubtful:
            return
        if signed != self._last and self._last and (not signed or self._opened(signed).size <= self._opened(self._last).size):
            journal = self._heal_journal()
            if not journal or journal[-1] != self._last:
                raise LogBroken(index=self._opened(self._last).size, detail="日志在运行中被换成了较旧的一份")
        self._load()

    def _extend(self, entries: list[bytes]) -> None:
        edge, first = self._edge, self._edge.size
        self._write_bundles(entries)
        touched: dict[int, list[tuple[int, list[bytes]]]] = {}
        for entry in entries:
            self._push(0, leaf_hash(entry), touched)
            edge.size += 1
        for level, full in touched.items():
            for number, hashes in full:
                tiles.write_tile(self.folder, level, number, hashes)
        for level, hashes in enumerate(edge.levels):
            changed = first >> 8 * level != edge.size >> 8 * level
            if hashes and changed:
                tiles.write_tile(self.folder, level, edge.size >> 8 * (level + 1), hashes)

    def _push(self, level: int, value: bytes, touched: dict[int, list[tuple[int, list[bytes]]]]) -> None:
        """Add a hash at a level; a tile that is full is noted for writing and rises as one hash."""
        edge = self._edge
        if level == len(edge.levels):
            edge.levels.append([])
        hashes = edge.levels[level]
        hashes.append(value)
        if len(hashes) == tiles.WIDTH:
            number = edge.size >> 8 * (level + 1)
            touched.setdefault(level, []).append((number, list(hashes)))
            edge.levels[level] = []
            self._push(level + 1, subtree_root(hashes), touched)

    def _write_bundles(self, entries: list[bytes]) -> None:
        edge = self._edge
        number = edge.size // tiles.WIDTH
        waiting = [*edge.entries, *entries]
        while len(waiting) >= tiles.WIDTH:
            tiles.write_bundle(self.folder, number, waiting[: tiles.WIDTH])
            waiting, number = waiting[tiles.WIDTH :], number + 1
        if waiting:
            tiles.write_bundle(self.folder, number, waiting)
        edge.entries = waiting

    def _publish(self) -> None:
        text = Checkpoint(self._verifier.name, self._edge.size, self._edge.root()).text
        signed = note.sign(text, self._key, self._verifier.name)
        durable.append_to(self.folder / "checkpoints.txt", (signed + SEPARATOR).encode())
        self._last = signed
        # From here on the append has happened: were this to raise, the caller would say it all again.
        # A checkpoint that could not be written (disk full) is published by the next load.
        with suppress(OSError):
            durable.replace_with(self.folder / "checkpoint", signed.encode())

    def _load(self) -> None:
        """Read the right edge from disk and refuse to go on from anything that contradicts it."""
        records = self._heal_journal()
        journal = records[-1] if records else ""
        published = self.checkpoint()
        if published and published not in records:
            raise LogBroken(index=self._opened(published).size, detail="已发布的检查点不在检查点簿中")
        if journal != published:
            # A crash, or a full disk, between journal and publication.
            durable.replace_with(self.folder / "checkpoint", journal.encode())
        self._last = journal
        if not journal:
            self._refuse_a_second_beginning()
            self._edge = _Edge()
            return
        checkpoint = self._opened(journal)
        self._edge = self._read_edge(checkpoint.size)
        if self._edge.root() != checkpoint.root:
            raise LogBroken(index=checkpoint.size, detail="日志内容与最后发布的检查点不符")
        self._doubtful = False

    def _refuse_a_second_beginning(self) -> None:
        """Entries without any checkpoint: somebody took the checkpoints away.

        A crash in the very first append leaves a bundle of the station's two keys, and no more.
        """
        bundles = [path for path in (self.folder / "tile" / "entries").rglob("*") if path.is_file()]
        if any(path.parent.name != "000.p" or path.name not in ("1", "2") for path in bundles):
            raise LogBroken(index=0, detail="日志有记录而没有任何检查点，检查点可能被删除")

    def _read_edge(self, size: int) -> _Edge:
        edge = _Edge(size=size)
        level = 0
        while size >> 8 * level:
            width = (size >> 8 * level) % tiles.WIDTH
            number = size >> 8 * (level + 1)
            edge.levels.append(tiles.read_tile(self.folder, level, number, width) if width else [])
            level += 1
        if width := size % tiles.WIDTH:
            edge.entries = tiles.read_bundle(self.folder, size // tiles.WIDTH, width)
            if [leaf_hash(entry) for entry in edge.entries] != edge.levels[0]:
                raise LogBroken(index=size - width, detail="记录与哈希瓦片不符")
        return edge

    def _heal_journal(self) -> list[str]:
        """The journal's whole records; a torn tail, which was never published, is cut off."""
        path = self.folder / "checkpoints.txt"
        if not path.exists():
            return []
        *records, torn = path.read_bytes().split(SEPARATOR.encode())
        if torn:
            durable.replace_with(path, b"".join(record + SEPARATOR.encode() for record in records))
        return [record.decode("utf-8", "replace") for record in records]

    def _opened(self, signed: str) -> Checkpoint:
        try:
            checkpoint = Checkpoint.parse(note.open_note(signed, self._accepted))
        except BadNote as error:
            raise LogBroken(index=0, detail=f"检查点无效（{error}）") from error
        if checkpoint.origin != self._verifier.name:
            raise LogBroken(index=0, detail="检查点属于另一个采集站")
        return checkpoint
