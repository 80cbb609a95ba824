"""Bytes that change on the disk while the page cache goes on telling what was written.

The station lies on an ext4 of its own; bits are flipped in the image underneath, between a copy and its read-back and
in clips that were sealed long ago. Controls: a reader that asks memory sees nothing; an intake that does lets rot in.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import avrecord, pattern
from fire.cards import EXT4, why_not
from fire.disks import Disk, disk_with_station
from fire.drill import FULL, tell
from fire.standing import account, bad, clean, findings

CLIPS = 200 if FULL else 20
FILES = 4
INTAKE = "import sys; from avrecord.__main__ import main; main()"
# Holds each direct read, so that there is a moment in which the bytes are on the disk and not read back yet.
HELD = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=preadv,preadv2", "-e", "inject=preadv,preadv2:delay_enter=700000"]
FROM_MEMORY = (
    "import hashlib, pathlib; from avrecord.vault import folder;"
    "folder.read_back = lambda path: (hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest(), 'cached'); " + INTAKE
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(why_not(EXT4) is not None, reason=f"!!! no disk to alter: {why_not(EXT4)} !!!"),
]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with disk_with_station(tmp_path, 48) as made:  # small: it is searched while the intake waits
        yield made


def name(n: int) -> str:
    return f"VIDEO/{n // 3600:02d}{n // 60 % 60:02d}{n % 60:02d}.mp4"


def rot_while_taken(disk: Disk, card: Path, victim: bytes, code: str) -> int:
    """Take a card, flipping a bit of one clip as soon as it is on the disk; the intake's exit code."""
    command = [*HELD, sys.executable, "-c", code, "--root", disk.root, "-q", "ingest", "--no-check", card]
    child = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    flipped, deadline = False, time.monotonic() + 60
    while child.poll() is None and time.monotonic() < deadline and not flipped:
        flipped = disk.flip(victim[:4096])
        time.sleep(0.01)
    assert flipped, "the bytes were never seen on the disk"
    return child.wait(60)


@pytest.mark.skipif(shutil.which("strace") is None, reason="!!! strace is not installed: no flip before the read-back !!!")
def test_a_bit_that_flips_between_the_copy_and_its_read_back_keeps_the_file_out_and_the_next_docking_takes_it(disk, dcam, tell):
    contents = {name(n): pattern(200_000 + n, n) for n in range(FILES)}
    card, victim = dcam(contents), contents[name(2)]
    assert rot_while_taken(disk, card, victim, INTAKE) == 20
    before = account(disk.root, [content for content in contents.values() if content != victim])
    assert clean(before), bad(disk.root)
    assert avrecord("ingest", "--no-check", card, root=disk.root).returncode == 0
    after = account(disk.root, contents.values())
    tell(f"one bit flipped on the disk after the write: read-back kept 1 of {FILES} out, {before}; docked again {after}")
    assert clean(after), bad(disk.root)


def test_an_intake_that_reads_back_from_memory_lets_the_rot_in(disk, dcam, tell):
    """The control: the same flip, and the station seals what the disk does not hold."""
    contents = {name(n): pattern(200_000 + n, n) for n in range(FILES)}
    assert rot_while_taken(disk, dcam(contents), contents[name(2)], FROM_MEMORY) == 0
    subprocess.run(["umount", disk.mount], check=True)
    subprocess.run(["mount", "-o", "loop", disk.image, disk.mount], check=True)
    found = dict(findings(disk.root))
    tell(f"control, read-back from memory: sealed, and after a remount {found}")
    assert found == {"ALTERED": 1}


def test_bits_that_flip_in_sealed_clips_are_found_though_memory_still_has_the_right_ones(disk, dcam, tell):
    contents = {name(n): pattern(50_000 + n, n) for n in range(CLIPS)}
    card = dcam(contents)
    assert avrecord("ingest", "--no-check", card, root=disk.root, timeout=600).returncode == 0
    stored = sorted(path for path in (disk.root / "vault").rglob("*.mp4"))
    assert len(stored) == CLIPS
    memory = {path: path.read_bytes() for path in stored}
    victims = stored[::2]
    for path in victims:
        assert disk.flip(memory[path][:4096])
    naive = sum(path.read_bytes() != memory[path] for path in victims)
    verified = json.loads(avrecord("verify", "--all", "--json", root=disk.root, timeout=600).stdout)
    codes = Counter(row["code"] for row in verified["rows"])
    assert codes["ALTERED"] == len(victims), "verification believes memory"
    scrubbed = json.loads(avrecord("verify", "--scrub", "5", "--json", root=disk.root, timeout=600).stdout)
    found = Counter(row["code"] for row in scrubbed["rows"])
    told = f"verify says {dict(codes)}, scrub {dict(found)}; control, read from memory: {naive}"
    tell(f"{len(victims)} of {CLIPS} clips rotted under the mount: {told}")
    assert naive == 0, "control: memory still answers with what was written"
    assert found["ALTERED"] == len(victims)
    assert found["OK"] + found["OK_UNWITNESSED"] == CLIPS - len(victims)
