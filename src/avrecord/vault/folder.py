"""The vault as a folder. The contract:

* `write` leaves a hashed part file; `prove` makes it durable and reads it back from the disk. The source is only read.
* `place_all` gives proved parts their final names without ever replacing a file; after it returns, names, seals and
  bytes survive a power cut. The same bytes are stored once.
* Only `remove` takes a stored clip away, and only `pipeline.expiry` calls it: after the log says so.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from avrecord import durable
from avrecord.errors import NameTaken, NoSpace, ReadBackFailed
from avrecord.model.clip import ClipId
from avrecord.vault.copying import BLOCK, SECTOR, Part, Source, write_part
from avrecord.vault.names import with_digest
from avrecord.vault.readback import read_back

SEAL_ENDING = ".sig"
PART_ENDING = ".part"
FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Copied:
    """A verified part file: not yet a clip. `unreadable` bytes of the source were kept as zeros."""

    id: ClipId
    size: int
    part: Path
    read_back: str
    unreadable: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A proved part, the name that it should get, and the text of its seal."""

    copied: Copied
    path: PurePosixPath
    seal: str
    known: bool = False
    """The log says that these bytes lie at `path`: a seal that is there already is theirs."""


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

    def write(self, source: Source, size: int, ticket: str, progress: Callable[[int], None] = lambda _: None) -> Part:
        """Copy a source into a part file and hash it on the way.

        `ticket` names the part file: the same source gets the same ticket, so a part that a crash
        left behind is written over and never piles up. Raises NoSpace, the source's CardError, or an
        OSError of the vault's own disk; the source is untouched in every case.
        """
        if size > self.free():
            raise NoSpace(needed=size, free=max(0, self.free()))
        part = self.incoming / f"{ticket}{PART_ENDING}"
        with self._or_nothing(part, size):
            return write_part(source, size, part, progress)

    def prove(self, part: Part) -> Copied:
        """Make a part durable and read it back from the disk.

        Raises ReadBackFailed, NoSpace or an OSError; the part is gone then.
        """
        with self._or_nothing(part.path, part.size):
            durable.sync_file(part.path)
            found, method = read_back(part.path)
            if found != part.id.hex:
                raise ReadBackFailed(path=part.path)
        return Copied(part.id, part.size, part.path, method, part.unreadable)

    def copy(self, source: Source, size: int, ticket: str, progress: Callable[[int], None] = lambda _: None) -> Copied:
        """`write` and `prove` in one."""
        return self.prove(self.write(source, size, ticket, progress))

    def enclose(self, copied: Copied, seal: str) -> None:
        """Write the seal beside its part, so that placing both is two renames."""
        _seal_part(copied).unlink(missing_ok=True)
        durable.write_new(_seal_part(copied), seal.encode(), mode=0o440)

    def discard(self, copied: Copied) -> None:
        """Drop a part that got no name. What has its name is not reached by this."""
        self.drop(copied.part)

    def drop(self, part: Path) -> None:
        """Drop a part file, and its seal's."""
        for path in (part, part.with_name(part.name + SEAL_ENDING)):
            path.unlink(missing_ok=True)

    def place(self, copied: Copied, wanted: PurePosixPath, seal: str, before: Callable[[str], None]) -> str:
        """`place_all` for one part. Raises what kept it from its place."""
        [stored] = self.place_all([Wanted(copied, wanted, seal)], lambda names: before(names[0] or ""))
        if isinstance(stored, Exception):
            raise stored
        return stored

    def place_all(self, parts: Sequence[Wanted], before: Callable[[Sequence[str | None]], None]) -> list[str | Exception]:
        """Give part files their final names, their seals beside them; return the paths within the vault.

        `before(names)` runs before any name exists, with one name for each part (None: it has none): the caller
        keeps its intent there, from which a crash anywhere between here and the log is mended. The rename claims
        the name; of two that want it, one goes on to the next (and `before` is told again), so nobody's seal is
        written over. What keeps one part from its place (NameTaken, OSError) is returned in its stead.
        """
        names: list[str | Exception] = []
        for part in parts:
            names.append(self._choose(part, {name for name in names if isinstance(name, str)}))
        before([name if isinstance(name, str) else None for name in names])
        for at, part in enumerate(parts):
            while isinstance(stored := names[at], str):
                try:
                    self._claim(part, stored)
                    break
                except FileExistsError:
                    names[at] = self._choose(part, {name for name in names if isinstance(name, str)})
                    before([name if isinstance(name, str) else None for name in names])
                except OSError as error:
                    names[at] = error
        for folder in {self.path(name).parent for name in names if isinstance(name, str)}:
            durable.sync_folder(folder)
        return names

    def finish(self, stored: str, seal: str) -> None:
        """The last touches after the rename: read-only, sealed, durable. Doing it again changes nothing."""
        final = self.path(stored)
        final.chmod(0o440)
        seal_path = _seal_of(final)
        if not seal_path.exists():
            durable.replace_with(seal_path, seal.encode(), mode=0o440, workshop=self.incoming)
        durable.sync_folder(final.parent)

    def remove(self, stored: str) -> None:
        """Take a clip's bytes and then its seal away, durably. Doing it again changes nothing.

        The bytes first: a seal that a crash left alone accuses nobody, a clip without a seal would.
        """
        final = self.path(stored)
        for path in (final, _seal_of(final)):
            path.unlink(missing_ok=True)
        if final.parent.is_dir():
            durable.sync_folder(final.parent)

    def whereabouts(self, stored: str) -> str:
        """Where a clip lies, for people."""
        return str(self.path(stored))

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

    def _choose(self, part: Wanted, given: set[str]) -> str | Exception:
        """The first name that is free, or that these very bytes have already."""
        other = with_digest(part.path, part.copied.id.hex)
        # A folder of this card may have the name of a file of an earlier one: then a folder further up.
        higher = [PurePosixPath(*part.path.parts[:depth], other.name) for depth in reversed(range(len(part.path.parts) - 1))]
        try:
            for path in (part.path, other, *higher):
                stored, final = path.as_posix(), self.path(path.as_posix())
                try:
                    durable.make_folder(final.parent)
                except (FileExistsError, NotADirectoryError):
                    continue
                # Nobody else's seal becomes this clip's.
                free = not os.path.lexists(final) and (part.known or not os.path.lexists(_seal_of(final)))
                if stored not in given and (free or self._holds(final, part.copied)):
                    return stored
        except (NameTaken, OSError) as error:
            return error
        return NameTaken(path=part.path)

    def _claim(self, part: Wanted, stored: str) -> None:
        """Rename a part and its seal. Raises FileExistsError when somebody took the name meanwhile."""
        final, seal = self.path(stored), _seal_part(part.copied)
        if not seal.exists():
            self.enclose(part.copied, part.seal)
        if self._holds(final, part.copied):
            part.copied.part.unlink()
        else:
            durable.rename_new(part.copied.part, final)
        final.chmod(0o440)
        try:
            durable.rename_new(seal, _seal_of(final))
        except FileExistsError:
            seal.unlink()

    def _holds(self, final: Path, copied: Copied) -> bool:
        """Whether these very bytes lie at a place already. Where that cannot be read, no: a good copy is not refused for it."""
        try:
            status = final.lstat()
            if not stat.S_ISREG(status.st_mode) or status.st_size != copied.size:
                return False
            return read_back(final)[0] == copied.id.hex
        except OSError:
            return False

    @contextmanager
    def _or_nothing(self, part: Path, size: int) -> Iterator[None]:
        """Half a copy is worth nothing, and the card still holds the bytes: whatever raises, the part goes."""
        try:
            yield
        except BaseException as error:
            part.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno in FULL:
                raise NoSpace(needed=size, free=max(0, self.free())) from error
            raise


def _seal_of(final: Path) -> Path:
    return final.with_name(final.name + SEAL_ENDING)


def _seal_part(copied: Copied) -> Path:
    return copied.part.with_name(copied.part.name + SEAL_ENDING)


__all__ = ["BLOCK", "SECTOR", "Copied", "FolderVault", "Part", "Source", "Wanted"]
