"""Bytes of a card into a part file: one read of the source, hashed on the way, bad sectors kept as zeros."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from avrecord import durable
from avrecord.errors import CardReadError
from avrecord.model.clip import ClipId
from avrecord.vault.digester import Digester

BLOCK = 1 << 20
SECTOR = 4096
MOST_IN_A_ROW = 2
BEHIND = 8 << 20  # bytes written before the disk is asked to begin: the fsync then finds little left to do


@dataclass(frozen=True, slots=True)
class Part:
    """A part file as written. Not yet proved to be on the disk. `unreadable` bytes of the source are zeros."""

    id: ClipId
    size: int
    path: Path
    unreadable: int


class Source(Protocol):
    """Something to copy from. `read(at, length)` raises CardReadError for a bad sector only."""

    def read(self, at: int, length: int) -> bytes: ...


def write_part(source: Source, size: int, part: Path, progress: Callable[[int], None]) -> Part:
    """Write and hash `source`. Nothing is durable yet; what raises leaves the part file to the caller."""
    part.unlink(missing_ok=True)
    target = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        if size:
            os.posix_fallocate(target, 0, size)
        at = unreadable = 0
        with Digester() as digester:
            while block := _read_at(source, at, size):
                unreadable += block[1]
                digester.feed(block[0])
                durable.write_all(target, block[0])
                at += len(block[0])
                if at % BEHIND == 0:
                    # Starts writing back, and lets the pages go: 26 cards must not push everything else out of memory.
                    begun = max(0, at - 2 * BEHIND)
                    os.posix_fadvise(target, begun, at - begun, os.POSIX_FADV_DONTNEED)
                progress(at)
        os.ftruncate(target, at)
    finally:
        os.close(target)
    return Part(ClipId(digester.hexdigest()), at, part, unreadable)


def _read_at(source: Source, at: int, size: int) -> tuple[bytes, int] | None:
    """The next block and how many of its bytes could not be read; None at the end of the file.

    A bad sector fails the whole request: go on in sectors and keep what is readable, with zeros in
    place of what is not. Three failing sectors in a row are passed on: a dying card is not nursed.
    """
    if at >= size:  # a file that grows is not followed: it has changed, and that is said elsewhere
        return None
    try:
        block = source.read(at, min(BLOCK, size - at))
        return (block, 0) if block else None
    except CardReadError as error:
        return _salvage(source, at, min(size, at + BLOCK), error)


def _salvage(source: Source, at: int, end: int, error: CardReadError) -> tuple[bytes, int]:
    kept, lost, in_a_row = bytearray(), 0, 0
    for sector in range(at, end, SECTOR):
        length = min(SECTOR, end - sector)
        try:
            got = _whole(source, sector, length)
            kept += got + bytes(length - len(got))  # a sector that ends early must not move what follows it
            lost += length - len(got)
            in_a_row = 0
        except CardReadError:
            in_a_row += 1
            if in_a_row > MOST_IN_A_ROW:
                raise error from None
            kept += bytes(length)
            lost += length
    return bytes(kept), lost


def _whole(source: Source, at: int, length: int) -> bytes:
    """What a sector has: reads may be short."""
    got = b""
    while len(got) < length and (more := source.read(at + len(got), length - len(got))):
        got += more
    return got
