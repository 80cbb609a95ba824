"""Volumes on Linux: which ones are docked, and whether one is still there.

A yanked FAT card lists as empty without an error, its mount stays in mountinfo and cached pages go
on reading; only `/sys/dev/block/<major:minor>` tells the truth. So presence is proved before and
after each listing and each file. A seam: another system gives the same two functions.
"""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from avrecord.model.card import Volume

MOUNTINFO = Path("/proc/self/mountinfo")
BLOCK_DEVICES = Path("/sys/dev/block")
UDEV = Path("/run/udev/data")


def docked(roots: Iterable[Path]) -> list[Volume]:
    """Cards below the dock roots: each mounted volume and each plain folder that holds anything."""
    known = mounts()
    found = []
    for root in roots:
        try:
            real = os.path.realpath(root)
            children = sorted(entry.path for entry in os.scandir(real) if entry.is_dir(follow_symlinks=False))
        except OSError:  # a root that is not there yet has no cards; the next scan asks again
            continue
        found += [volume for child in children if (volume := _docked_at(child, known)) and not _bare(volume)]
    return found


def _docked_at(child: str, known: dict[bytes, Mount]) -> Volume | None:
    """A mounted card is told from mountinfo alone: one whose driver hangs would hold whoever looks at it, and the scan
    looks for all cards."""
    mount = known.get(os.fsencode(child))
    return volume_at(child, known) if mount is None else _mounted(child, mount)


def volume_at(path: str | Path, known: dict[bytes, Mount] | None = None) -> Volume | None:
    """The volume or folder at a path, or None when there is no folder."""
    point = os.path.realpath(path)
    try:
        status = os.stat(point)
    except OSError:
        return None
    if not os.path.isdir(point):
        return None
    mount = (mounts() if known is None else known).get(os.fsencode(point))
    if mount is None:
        return Volume(point, "folder", device=_device(status), inode=status.st_ino, label=shown(os.path.basename(point)))
    return _mounted(point, mount)


def _device(status: os.stat_result) -> str:
    """`major:minor`. The roots of two file systems may share an inode number: a card mounted over a folder is not the folder."""
    return f"{os.major(status.st_dev)}:{os.minor(status.st_dev)}"


def _mounted(point: str, mount: Mount) -> Volume:
    own, appeared_us = _told_by_udev(mount.device)
    label = own or shown(os.path.basename(point))
    return Volume(point, "mount", mount.id, mount.device, None, mount.filesystem, label, appeared_us)


def appeared(volume: Volume, now: datetime) -> datetime | None:
    """When the card came, by the clock that says `now`; None for a folder, or where udev does not run."""
    if volume.appeared_us is None:
        return None
    return now - timedelta(microseconds=max(0, time.monotonic_ns() // 1000 - volume.appeared_us))


def shown(path: str) -> str:
    """A path of the operating system as text that can be written anywhere: odd bytes are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def present(volume: Volume) -> bool:
    """Whether this very volume is still docked. A folder must still be the same folder."""
    if volume.kind == "folder":
        try:
            status = os.stat(volume.root)
            return (status.st_ino, _device(status)) == (volume.inode, volume.device)
        except OSError:
            return False
    now = mounts().get(os.fsencode(volume.root))
    if now is None or (now.id, now.device) != (volume.mount_id, volume.device):
        return False
    try:
        # A FUSE driver that died leaves its mount, and stat and reads from memory; this one it must answer.
        os.statvfs(volume.root)
    except OSError as error:
        if error.errno in (errno.ENOTCONN, errno.ECONNABORTED):
            return False
    # Major 0 (network, FUSE, tmpfs) has no block device to ask for.
    return str(volume.device).startswith("0:") or (BLOCK_DEVICES / str(volume.device)).exists()


def _told_by_udev(device: str) -> tuple[str | None, int | None]:
    """The file system's own label, and when the device came (microseconds, monotonic), from udev's record of it.

    The mount point's name is no label: a second CAM01 is mounted as CAM011 by desktops, which is another recorder's name.
    """
    try:
        lines = (UDEV / f"b{device}").read_bytes().splitlines()
    except OSError:
        return None, None
    said = dict(line.partition(b"=")[::2] for line in lines if line.startswith(b"E:"))
    label = re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), said.get(b"E:ID_FS_LABEL_ENC", b""))
    since = next((line[2:] for line in lines if line.startswith(b"I:")), b"")
    return shown(os.fsdecode(label)).strip() or None, int(since) if since.isdigit() else None


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo. `within`: which folder of the file system is seen there; `/` unless something is bound."""

    id: int
    device: str
    filesystem: str
    within: str


def mounts() -> dict[bytes, Mount]:
    """Every mount by its point. Later mounts hide earlier ones."""
    found = {}
    for line in MOUNTINFO.read_bytes().splitlines():
        words = line.split(b" ")
        within, point = (re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8)]), word) for word in words[3:5])
        filesystem = words[words.index(b"-") + 1].decode("utf-8", "replace")
        found[point] = Mount(int(words[0]), words[2].decode(), filesystem, os.fsdecode(within))
    return found


def _bare(volume: Volume) -> bool:
    """An empty plain folder is an empty slot, not a card."""
    if volume.kind == "mount":
        return False
    try:
        with os.scandir(volume.root) as entries:
            return next(entries, None) is None
    except OSError:
        return True
