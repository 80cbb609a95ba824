"""A disk of the station's own: an ext4 image on a loop device, which can be filled, and altered underneath the mount."""

from __future__ import annotations

import mmap
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from avrecord import station
from fire.cards import loudly, quietly


@dataclass(frozen=True)
class Disk:
    """A mounted file system and the image it lives in."""

    image: Path
    mount: Path

    @property
    def root(self) -> Path:
        """The station on it."""
        return self.mount / "station"

    def flip(self, content: bytes) -> bool:
        """Flip one bit in the middle of `content` where it lies in the image; the file system is not asked.
        False when it is not on the disk yet."""
        with self.image.open("r+b") as image, mmap.mmap(image.fileno(), 0) as bytes_on_disk:
            found = bytes_on_disk.find(content)
            if found < 0:
                return False
            bytes_on_disk[found + len(content) // 2] ^= 1
            bytes_on_disk.flush()
        return True

    def free(self) -> int:
        found = os.statvfs(self.mount)
        return found.f_bavail * found.f_frsize


@contextmanager
def disk_with_station(folder: Path, mebibytes: int, reserve: int = 0) -> Iterator[Disk]:
    """An ext4 disk of this size with a fresh station on it; unmounted afterwards, whatever happened."""
    disk = Disk(folder / "disk.img", folder / "disk")
    disk.mount.mkdir()
    with disk.image.open("wb") as image:
        image.truncate(mebibytes << 20)
    # Blocks as large as memory's pages, as on any disk of a station: a small image would get 1 KiB ones, and with those
    # SQLite, which allocates its shared-memory file page by page, dies by SIGBUS when the disk is full.
    loudly("mkfs.ext4", "-q", "-F", "-m", "0", "-b", "4096", disk.image)
    loudly("mount", "-o", "loop", disk.image, disk.mount)
    try:
        station.create(disk.root, "station-01", "测试采集站")
        settings = disk.root / "station.toml"
        text = settings.read_text("utf-8").replace("settle_seconds = 2.0", "settle_seconds = 0.0")
        text = text.replace("rescan_seconds = 5.0", "rescan_seconds = 0.3")
        settings.write_text(text.replace("reserve_mib = 512", f"reserve_mib = {reserve}"), "utf-8")
        yield disk
    finally:
        quietly("umount", disk.mount) or quietly("umount", "-l", disk.mount)


def fill(disk: Disk, leave: int) -> Path:
    """Ballast that leaves about this many bytes free."""
    ballast = disk.mount / "ballast"
    os.sync()  # what memory holds back would take its room afterwards
    subprocess.run(["fallocate", "-l", str(max(4096, disk.free() - leave)), ballast], check=False, capture_output=True)
    assert disk.free() <= leave + (1 << 20)
    return ballast
