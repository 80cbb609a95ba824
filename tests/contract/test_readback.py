"""Reading back from the disk, on a disk of our own whose bits we flip underneath the mount.

A plain re-read after a write is answered from memory and proves nothing: the control below shows it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

from avrecord.errors import NoSpace, ReadBackFailed
from avrecord.vault import readback
from avrecord.vault.folder import FolderVault
from avrecord.vault.readback import read_back, resident_pages
from conftest import pattern


@dataclass(frozen=True)
class Disk:
    """A mounted file system and the image it lives in."""

    image: Path
    mount: Path

    def flip(self, content: bytes) -> None:
        """Flip one bit of `content` where it lies in the image: the file system is not asked."""
        with self.image.open("r+b") as image:
            place = image.read().index(content) + len(content) // 2
            image.seek(place)
            byte = image.read(1)[0]
            image.seek(place)
            image.write(bytes([byte ^ 1]))
            os.fsync(image.fileno())


@pytest.fixture
def disk(tmp_path) -> Iterator[Disk]:
    """An ext4 disk of 12 MiB. Skips, and says so, where mounting is not allowed."""
    tool = shutil.which("mkfs.ext4")
    if os.geteuid() or tool is None or shutil.which("losetup") is None:
        pytest.skip("!!! flipping bits under a mount needs root, losetup and mkfs.ext4 !!!")
    found = Disk(tmp_path / "disk.img", tmp_path / "mount")
    found.mount.mkdir()
    with found.image.open("wb") as image:
        image.truncate(12 << 20)
    subprocess.run([tool, "-q", "-O", "^has_journal", found.image], check=True, capture_output=True)
    mounted = subprocess.run(["mount", "-o", "loop", found.image, found.mount], capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"!!! mounting an image does not work here: {mounted.stderr.strip()} !!!")
    try:
        yield found
    finally:
        subprocess.run(["umount", found.mount], check=True)


@dataclass(frozen=True)
class Memory:
    content: bytes

    def read(self, at: int, length: int) -> bytes:
        return self.content[at : at + length]


def written(path: Path, content: bytes) -> Path:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return path


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("size", [0, 1, 511, 512, 4096, 4097, readback.BLOCK, readback.BLOCK + 1])
def test_a_file_of_any_length_is_read_back_whole(tmp_path, size):
    content = pattern(size)
    assert read_back(written(tmp_path / "clip", content))[0] == sha256(content)


def test_a_bit_flipped_on_the_disk_after_the_write_is_found(disk):
    content = pattern(300_000)
    clip = written(disk.mount / "clip.mp4", content)
    assert read_back(clip) == (sha256(content), "direct")
    disk.flip(content[:4096])
    assert clip.read_bytes() == content, "control: memory still answers with what was written"
    found, method = read_back(clip)
    assert method == "direct"
    assert found != sha256(content)


def test_a_bit_flipped_on_the_disk_is_found_without_direct_reading_too(disk, monkeypatch):
    """Where O_DIRECT is refused, pages are dropped, and `mincore` says whether they really are gone."""
    content = pattern(300_000)
    clip = written(disk.mount / "clip.mp4", content)
    disk.flip(content[:4096])
    monkeypatch.setattr(os, "open", refusing(os.open))
    found, method = read_back(clip)
    assert method == "uncached"
    assert found != sha256(content)


def test_a_copy_that_the_disk_did_not_keep_does_not_enter_the_vault(disk, monkeypatch):
    vault = FolderVault(disk.mount / "vault", disk.mount / "incoming", 0)
    content = pattern(300_000)
    real = FolderVault.write

    def write_on_a_bad_disk(self: FolderVault, *arguments: object) -> object:
        written = real(self, *arguments)
        os.sync()  # the bytes get their place on the disk
        disk.flip(content[:4096])
        return written

    monkeypatch.setattr(FolderVault, "write", write_on_a_bad_disk)
    with pytest.raises(ReadBackFailed):
        vault.copy(Memory(content), len(content), "ticket")
    assert list(vault.stored()) == []


def test_a_full_disk_stops_the_copy_and_leaves_nothing_behind(disk):
    vault = FolderVault(disk.mount / "vault", disk.mount / "incoming", -(1 << 40))
    with pytest.raises(NoSpace):
        vault.copy(Memory(pattern(20 << 20)), 20 << 20, "ticket")
    assert list(vault.incoming.iterdir()) == []
    small = vault.copy(Memory(b"footage"), 7, "ticket")
    assert vault.place(small, PurePosixPath("a.mp4"), "seal\n", lambda stored: None) == "a.mp4"


def test_pages_that_stay_in_memory_are_said_to_be_cached(tmp_path, monkeypatch):
    clip = written(tmp_path / "clip", pattern(20_000))
    monkeypatch.setattr(os, "open", refusing(os.open))
    monkeypatch.setattr(os, "posix_fadvise", lambda *arguments: None)
    clip.read_bytes()
    assert read_back(clip) == (sha256(pattern(20_000)), "cached")


def test_what_lies_in_memory_is_counted_in_pages(tmp_path):
    clip = written(tmp_path / "clip", pattern(5 * 4096))
    with clip.open("rb") as file:
        file.read()
        assert resident_pages(file.fileno()) == 5
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        assert resident_pages(file.fileno()) == 0


def test_a_file_that_cannot_be_opened_is_an_error_and_not_a_digest(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_back(tmp_path / "nothing")


def refusing(real):
    """`os.open` on a file system that knows no O_DIRECT."""

    def open_without_direct(path: Path, flags: int, *more: int) -> int:
        if flags & os.O_DIRECT:
            raise OSError(22, "Invalid argument")
        return real(path, flags, *more)

    return open_without_direct
