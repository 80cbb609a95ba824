"""Where a folder really lies: file system and path in it, whatever it is mounted or bound to. Names cannot tell.

The vault bound into a dock looks like a card; taking it grows it for ever, and a release would wipe the only copies.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from avrecord.dock import volumes

IN_MEMORY = ("tmpfs", "ramfs")
Place = tuple[str, PurePosixPath]


def place_of(path: str | Path) -> Place:
    """`major:minor` of the file system and the path within it, from mountinfo: a bind mount leads to what is bound."""
    point = os.path.realpath(path)
    mounts = volumes.mounts()
    above = [point, *map(str, PurePosixPath(point).parents)]
    for parent in above:
        if mount := mounts.get(os.fsencode(parent)):
            inside = PurePosixPath(point).relative_to(parent)
            return mount.device, PurePosixPath(mount.within) / inside
    return "", PurePosixPath(point)


def overlaps(path: str | Path, folders: Iterable[Path]) -> Path | None:
    """The first of `folders` that lies in `path`, is it, or holds it; None when they are all apart."""
    device, here = place_of(path)
    for folder in folders:
        other, there = place_of(folder)
        if device == other and (here.is_relative_to(there) or there.is_relative_to(here)):
            return folder
    return None


def is_in_memory(path: str | Path) -> bool:
    """Whether a path lies in a file system that a power cut empties."""
    point = os.path.realpath(path)
    mounts = volumes.mounts()
    for parent in [point, *map(str, PurePosixPath(point).parents)]:
        if mount := mounts.get(os.fsencode(parent)):
            return mount.filesystem in IN_MEMORY
    return False
