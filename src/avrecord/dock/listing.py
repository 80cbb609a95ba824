"""What is on a card: listings that are proved, and files that are opened without following anything."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from avrecord.dock.volumes import present
from avrecord.errors import CardError, CardGone, CardReadError, SourceChanged
from avrecord.model.card import SourceFile, Volume
from avrecord.rules.settled import settled

MOST_FILES = 1_000_000
TRIES = 5
BLOCK = 1 << 20
LARGEST = 2**53 - 1  # bytes: what RFC 8785 can say


def list_files(volume: Volume) -> tuple[SourceFile, ...]:
    """Every regular file, sorted by path. Links and special files are never followed or opened.

    Raises CardGone when the volume was absent before or after: its listing then means nothing.
    """
    title = volume.label or volume.root
    if not present(volume):
        raise CardGone(card=title)
    try:
        found = sorted(_walk(os.fsencode(volume.root)))
    except OSError as error:
        if not present(volume):
            raise CardGone(card=title) from error
        raise CardError(card=title, detail=error.strerror or str(error)) from error
    if not present(volume):
        raise CardGone(card=title)
    return tuple(found)


def settled_files(volume: Volume, wait_s: float, sleep: Callable[[float], None] = time.sleep) -> tuple[SourceFile, ...]:
    """Files on which two listings, at least `wait_s` apart, agree (FAT's clock has 2-second steps).

    A file that keeps changing is left out; the next rescan asks again.
    """
    earlier = list_files(volume)
    for _ in range(TRIES):
        sleep(wait_s)
        later = list_files(volume)
        if earlier and not later:
            # A pulled card can look like this for a moment before sysfs says so.
            raise CardGone(card=volume.label or volume.root)
        if earlier == later:
            return later
        earlier, before = later, earlier
    return settled(before, later)


@dataclass(frozen=True, slots=True)
class OpenFile:
    """An open file of a card. Every error of reading it is the card's, never the reader's."""

    volume: Volume
    fd: int
    title: str

    def read(self, at: int, length: int) -> bytes:
        """Up to `length` bytes at an offset; none at the end.

        Raises CardGone when the card went away, CardReadError when only this part cannot be read.
        """
        try:
            return os.pread(self.fd, length, at)
        except OSError as error:
            if not present(self.volume):
                raise CardGone(card=self.volume.label or self.volume.root) from error
            raise CardReadError(card=self.title, detail=error.strerror or str(error)) from error

    def digest(self, size: int) -> str:
        """SHA-256 (hex) of the whole file. Raises CardGone, CardReadError, or SourceChanged when it ends early."""
        state, at = hashlib.sha256(), 0
        while at < size and (block := self.read(at, BLOCK)):
            state.update(block)
            at += len(block)
        if at != size:
            raise SourceChanged(card=self.title, detail=f"只读到 {at}/{size} 字节")
        return state.hexdigest()


@contextmanager
def opened(volume: Volume, file: SourceFile) -> Iterator[OpenFile]:
    """A file that is, before and after, what the listing said.

    Raises SourceChanged when it is not, CardGone when the card went away before or meanwhile.
    """
    gone = CardGone(card=volume.label or volume.root)
    title = f"{volume.label or volume.root}/{file.shown}"
    if not present(volume):
        raise gone
    try:
        fd = _open(os.fsencode(volume.root), file.path)
    except OSError as error:
        if not present(volume):
            raise gone from error
        raise SourceChanged(card=title, detail=error.strerror or str(error)) from error
    try:
        _same(fd, file, title)
        yield OpenFile(volume, fd, title)
        if not present(volume):
            raise gone
        _same(fd, file, title)
    finally:
        with suppress(OSError):  # closing a file of a dead FUSE mount fails, and would hide that the card is gone
            os.close(fd)


def _walk(root: bytes) -> Iterator[SourceFile]:
    """Every regular file below. A folder that cannot be read is listed itself, with a slash behind it:
    it cannot be taken, so the card is not complete and the folder is named, and the rest is taken."""
    folders, count = [b""], 0
    while folders:
        folder = folders.pop()
        try:
            found = list(_entries(root, folder))
        except OSError:
            if not folder:
                raise
            yield SourceFile(folder + b"/", 0, 0)
            continue
        for path, status in found:
            if stat.S_ISDIR(status.st_mode):
                folders.append(path)
            elif stat.S_ISREG(status.st_mode):
                count += 1
                if count > MOST_FILES:
                    raise OSError(f"more than {MOST_FILES} files")
                # A broken directory entry may claim more than any number in a statement can be: it is named, never taken.
                yield SourceFile(path, min(status.st_size, LARGEST), status.st_mtime_ns)


def _entries(root: bytes, folder: bytes) -> Iterator[tuple[bytes, os.stat_result]]:
    with os.scandir(os.path.join(root, folder)) as entries:
        for entry in entries:
            yield os.path.join(folder, entry.name), entry.stat(follow_symlinks=False)


def open_folder(root: bytes, path: bytes) -> int:
    """A folder below `root` as a descriptor, refusing a link at any step of the path."""
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    for folder in path.split(b"/") if path else []:
        try:
            below = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
        finally:
            os.close(at)
        at = below
    return at


def _open(root: bytes, path: bytes) -> int:
    """Open below `root`, refusing a link at any step of the path."""
    folder, _, name = path.rpartition(b"/")
    at = open_folder(root, folder)
    try:
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
    finally:
        os.close(at)


def _same(fd: int, file: SourceFile, title: str) -> None:
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        raise SourceChanged(card=title, detail="不再是普通文件")
    if (status.st_size, status.st_mtime_ns) != (file.size, file.mtime_ns):
        raise SourceChanged(card=title, detail=f"大小或时间变了（{file.size} → {status.st_size} 字节）")
