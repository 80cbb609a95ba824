"""The vault as a folder. The contract:

* `copy` leaves a part file that was read back from the disk, or nothing; the source is only read.
* `place` gives it its final name without ever replacing a file; after it returns, name and bytes
  survive a power cut. The same bytes are stored once.
* Nothing here deletes a stored clip.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from avrecord import durable
from avrecord.errors import CardReadError, NameTaken, NoSpace, ReadBackFailed
from avrecord.model.clip import ClipId
from avrecord.vault.digester import Digester
from avrecord.vault.names import with_digest
from avrecord.vault.readback import read_back

BLOCK = 1 << 20
SECTOR = 4096
MOST_IN_A_ROW = 2
SEAL_ENDING = ".sig"


@dataclass(frozen=True, slots=True)
class Copied:
    """A verified part file: not yet a clip. `unreadable` bytes of the source were kept as zeros."""

    id: ClipId
    size: int
    part: Path
    read_back: str
    unreadable: int


class Source(Protocol):
    """Something to copy from. `read(at, length)` raises CardReadError for a bad sector only."""

    def read(self, at: int, length: int) -> bytes: ...


class FolderVault:
    """Clips under `root`, part files under `incoming` on the same file system."""

    def __init__(self, root: Path, incoming: Path, reserve: int) -> None:
        self.root = root
        self.incoming = incoming
        self._reserve = reserve
        durable.make_folder(root)
        durable.make_folder(incoming)

    def free(self) -> int:
        """Bytes that may still be taken before the reserve is touched."""
        found = os.statvfs(self.root)
        return found.f_bavail * found.f_frsize - self._reserve

    def copy(self, source: Source, size: int, ticket: str, progress: Callable[[int], None] = lambda _: None) -> Copied:
        """Copy a source into a part file, hash it on the way, read it back from the disk.

        `ticket` names the part file: the same source gets the same ticket, so a part that a crash
        left behind is written over and never piles up. Raises NoSpace, ReadBackFailed, the source's
        CardError, or an OSError of the vault's own disk; the source is untouched in every case.
        """
        if size > self.free():
            raise NoSpace(needed=size, free=max(0, self.free()))
        part = self.incoming / f"{ticket}.part"
        try:
            digest, copied, unreadable = self._write(source, size, part, progress)
            found, method = read_back(part)
            if found != digest:
                raise ReadBackFailed(path=part)
        except BaseException as error:
            part.unlink(missing_ok=True)  # the card still holds the bytes; half a copy is worth nothing
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise NoSpace(needed=size, free=max(0, self.free())) from error
            raise
        return Copied(ClipId(digest), copied, part, method, unreadable)

    def place(self, copied: Copied, wanted: PurePosixPath, seal: str, before: Callable[[str], None]) -> str:
        """Give a part file its final name, its seal beside it; return the path within the vault.

        `before(stored)` runs before the name exists: the caller keeps its intent there, from which a
        crash anywhere between here and the log is mended. The rename claims the name; of two that
        want it, one goes on to the next, so nobody's seal is written over.
        """
        other = with_digest(wanted, copied.id.hex)
        # A folder of this card may have the name of a file of an earlier one: then a folder further up.
        higher = [PurePosixPath(*wanted.parts[:depth], other.name) for depth in reversed(range(len(wanted.parts) - 1))]
        for path in (wanted, other, *higher):
            stored, final = path.as_posix(), self.path(path.as_posix())
            try:
                durable.make_folder(final.parent)
            except (FileExistsError, NotADirectoryError):
                continue
            if self._holds(final, copied):
                before(stored)
                copied.part.unlink()
            else:
                if os.path.lexists(final):
                    continue
                before(stored)
                try:
                    durable.rename_new(copied.part, final)
                except FileExistsError:
                    continue
            self.finish(stored, seal)
            return stored
        raise NameTaken(path=wanted)

    def finish(self, stored: str, seal: str) -> None:
        """The last touches after the rename: read-only, sealed, durable. Doing it again changes nothing."""
        final = self.path(stored)
        final.chmod(0o440)
        seal_path = final.with_name(final.name + SEAL_ENDING)
        if not seal_path.exists():
            durable.replace_with(seal_path, seal.encode(), mode=0o440, workshop=self.incoming)
        durable.sync_folder(final.parent)

    def _holds(self, final: Path, copied: Copied) -> bool:
        """Whether these very bytes lie at a place already."""
        if not final.is_file() or final.is_symlink() or final.stat().st_size != copied.size:
            return False
        return read_back(final)[0] == copied.id.hex

    def path(self, stored: str) -> Path:
        """Where a stored path lies. Refuses to leave the vault whatever the path says."""
        path = self.root.joinpath(stored)
        if ".." in PurePosixPath(stored).parts or not path.is_relative_to(self.root):
            raise NameTaken(path=stored)
        return path

    def stored(self) -> Iterator[tuple[str, int]]:
        """Every file in the vault with its size, seals and all, in a stable order."""
        for folder, names, files in os.walk(self.root):
            names.sort()
            # A link to a folder is not walked into, but it is there, and nobody stated it.
            links = [name for name in names if Path(folder, name).is_symlink()]
            for name in sorted([*files, *links]):
                path = Path(folder, name)
                yield path.relative_to(self.root).as_posix(), path.lstat().st_size

    def _write(self, source: Source, size: int, part: Path, progress: Callable[[int], None]) -> tuple[str, int, int]:
        part.unlink(missing_ok=True)
        target = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            if size:
                os.posix_fallocate(target, 0, size)
            unreadable = 0
            with Digester() as digester:
                at = 0
                while block := _read_at(source, at, size):
                    unreadable += block[1]
                    digester.feed(block[0])
                    durable.write_all(target, block[0])
                    at += len(block[0])
                    progress(at)
            os.ftruncate(target, at)
            os.fsync(target)
        finally:
            os.close(target)
        return digester.hexdigest(), at, unreadable


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
            kept += source.read(sector, length)
            in_a_row = 0
        except CardReadError:
            in_a_row += 1
            if in_a_row > MOST_IN_A_ROW:
                raise error from None
            kept += bytes(length)
            lost += length
    return bytes(kept), lost
