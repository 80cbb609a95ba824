"""Reading a file back from the disk rather than from memory.

A plain re-read after a write is answered by the page cache and verifies nothing (a byte flipped on
disk under the mount went unnoticed). O_DIRECT goes past the cache. Where a file system refuses it,
the pages are dropped after the fsync and `mincore` says whether they really are gone.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
from collections.abc import Iterator
from pathlib import Path

from avrecord.durable import open_regular
from avrecord.vault.digester import Digester

BLOCK = 4 << 20  # one O_DIRECT request; smaller ones cost a third more time
PROT_READ, MAP_SHARED = 1, 1
_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]


def read_back(path: Path) -> tuple[str, str]:
    """The SHA-256 (hex) of a file that was fsynced, and how it was read.

    `direct`: O_DIRECT. `uncached`: no page was resident before reading. `cached`: neither was
    possible, so this proves only what memory holds; the statement says so.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECT | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    else:
        with os.fdopen(fd, "rb", buffering=0):
            return _digest(_direct(fd)), "direct"
    with open_regular(path) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        gone = resident_pages(file.fileno()) == 0
        return _digest(iter(lambda: file.read(BLOCK), b"")), "uncached" if gone else "cached"


def resident_pages(fd: int) -> int:
    """How many pages of an open file lie in the page cache."""
    size = os.fstat(fd).st_size
    if not size:
        return 0
    address = _libc.mmap(None, size, PROT_READ, MAP_SHARED, fd, 0)
    if address == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), "mmap")
    try:
        pages = ctypes.create_string_buffer(-(-size // mmap.PAGESIZE))
        if _libc.mincore(address, size, pages):
            raise OSError(ctypes.get_errno(), "mincore")
        return sum(page & 1 for page in pages.raw)
    finally:
        _libc.munmap(address, size)


def _direct(fd: int) -> Iterator[bytes]:
    with mmap.mmap(-1, BLOCK) as buffer:  # page-aligned, as O_DIRECT demands
        at = 0
        while count := os.preadv(fd, [buffer], at):
            yield buffer[:count]
            at += count


def _digest(blocks: Iterator[bytes]) -> str:
    with Digester() as digester:
        for block in blocks:
            digester.feed(block)
    return digester.hexdigest()
