"""The object store, where stations and bureau meet. The contract, held by one suite over every kind of store:

* An object is made once and never changed. `put` and `put_file` make it, say False when these very bytes are there already,
  and raise ObjectDiffers when other bytes are: nothing is written over.
* The bytes' SHA-256 goes with them, and a store that received others keeps nothing.
* Only `replace` changes an object, and only a log's checkpoint is written with it.
* Only `remove` takes an object away, and only the probe calls it, on what it made itself.
"""

from __future__ import annotations

import errno
import hashlib
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Protocol

from avrecord import durable
from avrecord.errors import EvidenceError, KeyUnusable, ObjectDiffers, ObjectMissing, ObjectTooLarge, StoreProblem
from avrecord.vault.copying import BLOCK

MARK = "avrecord-store"
"""A file that says: this is the place, not the empty folder below a share that is not mounted."""

INCOMING = "incoming"  # below a folder store: uploads that are not whole yet

Pace = Callable[[int], None]
"""Told of bytes that were sent; may take its time, or raise to end an upload that goes on later."""


def unhurried(sent: int) -> None:
    """The `Pace` of those who have all the line for themselves."""


class Objects(Protocol):
    """Objects by key: `/`-separated names, as a station's own files lie in its folder."""

    @property
    def name(self) -> str:
        """Which store this is, as statements say it. Holds no secret."""
        ...

    def put(self, key: str, content: bytes) -> bool:
        """Make an object of `content`; False when it is there. Raises ObjectDiffers, StoreProblem."""
        ...

    def put_file(self, key: str, path: Path, digest: str, pace: Pace = unhurried) -> bool:
        """Make an object of a file whose SHA-256 is `digest`; an interrupted one goes on where it was.

        Raises EvidenceError when the file has other bytes than its digest says: then nothing becomes visible.
        """
        ...

    def replace(self, key: str, content: bytes) -> None:
        """Set an object that changes: a checkpoint."""
        ...

    def get(self, key: str, most: int) -> bytes:
        """A small object, whole. Raises ObjectMissing, and StoreProblem for one of more than `most` bytes."""
        ...

    def read(self, key: str, first: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """An object's bytes from `first` to before `stop`, in blocks. Raises ObjectMissing."""
        ...

    def size(self, key: str) -> int | None:
        """Bytes of an object; None when there is none."""
        ...

    def keys(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Every object whose key begins with `prefix`, and its size, by key."""
        ...

    def now(self) -> datetime | None:
        """The store's own clock; None: it has none. Locks are reckoned by it: a dock PC's may be years off."""
        ...

    def keep(self, key: str, until: datetime) -> datetime | None:
        """Have the store keep an object until a moment, or longer where it does already: a lock is never shortened.

        Return until when the store says that it keeps it; None: this kind of store has no locks. Raises ObjectMissing, and
        StoreProblem for a store that took the request and says otherwise.
        """
        ...

    def remove(self, key: str) -> None:
        """Take an object away. For the probe's own canary."""
        ...


class FolderObjects:
    """A folder as an object store: a share, or a disk that is carried to the bureau."""

    def __init__(self, root: Path, is_new: bool = True) -> None:
        """`is_new`: this place may be met for the first time; it is marked then. Raises StoreProblem when the folder is not
        there, or bears no mark though it was met before: a share that is not mounted is an empty folder, and would say of every
        clip that it is missing."""
        self.root = root
        try:
            if is_new and root.is_dir() and not self._is_there():
                durable.replace_with(root / MARK, b"avrecord object store\n", mode=0o444)
        except OSError as error:
            raise _explained(error) from error
        self._assert_there()

    @property
    def name(self) -> str:
        return str(self.root)

    def put(self, key: str, content: bytes) -> bool:
        part = self._part(hashlib.sha256(content).hexdigest())
        try:
            part.unlink(missing_ok=True)
            durable.write_new(part, content, mode=0o440)
            return self._place(part, key, hashlib.sha256(content).hexdigest())
        except OSError as error:
            raise _explained(error) from error

    def put_file(self, key: str, path: Path, digest: str, pace: Pace = unhurried) -> bool:
        if (there := self.size(key)) is not None:
            return _same(self, key, digest, there, path.stat().st_size)
        part, found = self._part(digest), hashlib.sha256()
        try:
            part.unlink(missing_ok=True)
            with durable.open_regular(path) as source, part.open("xb", buffering=0) as target:
                while block := source.read(BLOCK):
                    found.update(block)
                    durable.write_all(target.fileno(), block)
                    pace(len(block))
                os.fsync(target.fileno())
            if found.hexdigest() != digest:
                raise EvidenceError(detail=f"{path.name} 的内容与封存时不同，没有上传")
            part.chmod(0o440)
            return self._place(part, key, digest)
        except OSError as error:
            raise _explained(error) from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def replace(self, key: str, content: bytes) -> None:
        path = self._path(key)
        self._assert_there()
        try:
            durable.make_folder(path.parent)
            durable.replace_with(path, content)
        except OSError as error:
            raise _explained(error) from error

    def get(self, key: str, most: int) -> bytes:
        path = self._path(key)
        try:
            return durable.read_small(path, most)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise self._missing(key) from error
        except OSError as error:
            if error.errno == errno.EFBIG:
                raise ObjectTooLarge(detail=f"“{key[-80:]}”太大（多于 {most} 字节）") from error
            raise _explained(error) from error

    def read(self, key: str, first: int = 0, stop: int | None = None) -> Iterator[bytes]:
        try:
            with durable.open_regular(self._path(key)) as source:
                source.seek(first)
                while block := source.read(BLOCK if stop is None else min(BLOCK, stop - source.tell())):
                    yield block
        except (FileNotFoundError, NotADirectoryError) as error:
            raise self._missing(key) from error
        except OSError as error:
            raise _explained(error) from error

    def size(self, key: str) -> int | None:
        try:
            return self._path(key).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            self._assert_there()
            return None
        except OSError as error:
            raise _explained(error) from error

    def keys(self, prefix: str) -> Iterator[tuple[str, int]]:
        self._assert_there()
        found = []
        for folder, _, files in os.walk(self._path(prefix.rpartition("/")[0] or ".")):
            for name in files:
                path = Path(folder, name)
                key = path.relative_to(self.root).as_posix()
                if key.startswith(prefix) and not key.startswith(f"{INCOMING}/"):
                    found.append((key, path.stat().st_size))
        yield from sorted(found)

    def now(self) -> datetime | None:
        return None

    def keep(self, key: str, until: datetime) -> datetime | None:
        if self.size(key) is None:
            raise ObjectMissing(key=key)
        return None

    def remove(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def _missing(self, key: str) -> StoreProblem:
        """ObjectMissing, unless it is the whole place that is not there."""
        self._assert_there()
        return ObjectMissing(key=key)

    def _is_there(self) -> bool:
        return (self.root / MARK).is_file()

    def _assert_there(self) -> None:
        if not self._is_there():
            raise StoreProblem(detail=f"文件夹 {self.root} 不在，或不是先前用的那个（共享没有挂载，或磁盘没有插上）")

    def _place(self, part: Path, key: str, digest: str) -> bool:
        path = self._path(key)
        durable.make_folder(path.parent)
        try:
            durable.rename_new(part, path)
        except FileExistsError:
            size = part.stat().st_size
            part.unlink()
            return _same(self, key, digest, path.stat().st_size, size)
        durable.sync_folder(path.parent)
        return True

    def _part(self, digest: str) -> Path:
        self._assert_there()  # else an unmounted share's folder fills this disk
        folder = self.root / INCOMING
        durable.make_folder(folder)
        machine = platform.node() or "?"
        for left in folder.glob(f"{digest}.{machine}.*"):
            if not durable.is_alive(left.name.rpartition(".")[2]):  # a crash left it: this very upload begins anew
                left.unlink(missing_ok=True)
        return folder / f"{digest}.{machine}.{durable.owner()}"

    def _path(self, key: str) -> Path:
        """Never outside: keys come from statements, and those from cards."""
        if key.startswith("/") or ".." in PurePosixPath(key).parts or "\0" in key:
            raise KeyUnusable(detail=f"对象名 {key[:80]!r} 不能用")
        return self.root / key


def digest_of(objects: Objects, key: str, most: int | None = None) -> tuple[str, int]:
    """The SHA-256 and size of an object, by reading it, not much beyond `most` bytes. Raises ObjectMissing, StoreProblem."""
    found, size = hashlib.sha256(), 0
    for block in objects.read(key):
        found.update(block)
        size += len(block)
        if most is not None and size > most:
            break  # it is another one already, and may have no end
    return found.hexdigest(), size


def _same(objects: Objects, key: str, digest: str, there: int, size: int) -> bool:
    """False: these very bytes are there already. Raises ObjectDiffers."""
    if there != size or digest_of(objects, key, size)[0] != digest:
        raise ObjectDiffers(key=key)
    return False


def _explained(error: OSError) -> StoreProblem:
    return StoreProblem(detail=f"{error.strerror or error}（{error.filename or ''}）")
