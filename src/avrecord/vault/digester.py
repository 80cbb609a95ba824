"""SHA-256 in a second thread, so that hashing overlaps with reading and writing.

hashlib releases the GIL; with a free core this gains a factor of 1.3-1.5 over one thread.
"""

from __future__ import annotations

import hashlib
import os
import queue
import threading
from pathlib import Path
from types import TracebackType

from avrecord.durable import open_regular

WAITING = 4  # blocks: bounds memory at a few MiB per copy


class Digester:
    """Feed blocks, then ask for the digest. Use as a context manager: the thread always ends."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._blocks: queue.Queue[bytes | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._work, name="digester", daemon=True)

    def __enter__(self) -> Digester:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._blocks.put(None)
        self._thread.join()

    def feed(self, block: bytes) -> None:
        """Hand over a block; waits while four are queued."""
        self._blocks.put(block)

    def hexdigest(self) -> str:
        """The digest of everything fed. Call it after the `with` block."""
        return self._hash.hexdigest()

    def _work(self) -> None:
        while (block := self._blocks.get()) is not None:
            self._hash.update(block)


def file_digest(path: Path) -> tuple[str, int]:
    """SHA-256 (hex) and size of a file, read once and in order. OSErrors are the caller's.

    What memory holds of it is let go first: of ten clips that rotted on the disk the page cache gave back ten sound ones.
    Pages that are not written yet stay, and say nothing about the disk either way.
    """
    with open_regular(path) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
        digest = hashlib.file_digest(file, "sha256")
        return digest.hexdigest(), file.tell()
