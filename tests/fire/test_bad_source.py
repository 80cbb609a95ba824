"""A card that is there and cannot be read, or not now: bad sectors and stalls, from a block device that makes them.

nbdkit serves the card's image with errors or delays that a trigger file switches on, nbdfuse shows it as a file, a loop
device makes a disk of that. What cannot be read is named or kept with its holes marked; the rest is taken; nothing hangs.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from avrecord import station
from avrecord.dock.volumes import volume_at
from avrecord.pipeline.receive import receive
from conftest import pattern
from fire.cards import EXT4, READ_ONLY, Bay, attached, loudly, quietly
from fire.drill import FULL, bay, tell
from fire.running import Running, until
from fire.standing import sealed, statements

ROUNDS = 50 if FULL else 4
FILES = 6
SIZE = 1_500_000
SECTOR = 4096
TOOLS = [tool for tool in ("nbdkit", "nbdfuse", "losetup") if shutil.which(tool) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.xdist_group("fire-source"),
    pytest.mark.skipif(bool(TOOLS), reason=f"!!! no bad block device: {', '.join(TOOLS)} not installed !!!"),
]


def footage(round_: int) -> dict[str | bytes, bytes]:
    return {
        f"VIDEO/DCAM_Z3A0017_041007_20261116_{10 + n}{round_:02d}00.mp4": pattern(SIZE + n, round_ * 10 + n) for n in range(FILES)
    }


@contextmanager
def ailing(image: Path, point: Path, *faults: str) -> Iterator[None]:
    """The image mounted at the point, behind nbdkit with these filters; all of it is taken down afterwards."""
    served = image.with_suffix(".served")
    served.touch()
    command = ["nbdfuse", str(served), "--command", "nbdkit", "-s", *faults[:1], "file", str(image), *faults[1:]]
    daemon, device = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL), ""
    try:
        until(lambda: served.stat().st_size == image.stat().st_size, 15)
        device = attached(served, "r")
        point.mkdir(parents=True, exist_ok=True)
        loudly("mount", "-t", "ext4", "-o", f"{READ_ONLY},noload", device, point)
        yield
    finally:
        quietly("umount", point) or quietly("umount", "-l", point)
        device and quietly("losetup", "-d", device)
        quietly("fusermount3", "-u", served) or quietly("umount", "-l", served)
        daemon.terminate()
        daemon.wait(10)


def holes(content: bytes, kept: bytes) -> int | None:
    """How many sectors of a clip are zeros instead of what the card held; None when it differs in any other way."""
    if len(content) != len(kept):
        return None
    count = 0
    for at in range(0, len(content), SECTOR):
        if content[at : at + SECTOR] != kept[at : at + SECTOR]:
            if any(kept[at : at + SECTOR]):
                return None
            count += 1
    return count


def test_of_a_card_with_bad_sectors_each_file_is_whole_or_has_its_holes_marked_or_is_named_as_failed(root, bay: Bay, tell):
    counts = {"whole": 0, "set aside with holes": 0, "named as failed": 0, "anything else": 0}
    for round_ in range(ROUNDS):
        files, point = footage(round_), root / "dock" / "bay"
        card = bay.card(files, point, EXT4)
        sick = card.image.with_suffix(".sick")
        kit = station.open_station(root)
        # The kernel asks again by itself what it read ahead in vain, so a rate of a few per cent is never seen by anyone.
        rate = f"error-pread-rate={(25, 40, 60, 90)[round_ % 4]}%"
        with ailing(card.image, point, "--filter=error", "error-pread=EIO", rate, f"error-pread-file={sick}"):
            volume = volume_at(point)
            assert volume is not None
            assert (
                sum(path.stat().st_size > 0 for path in point.rglob("*.mp4")) == FILES
            )  # folders are in memory: only files are sick
            sick.touch()
            try:
                receipt = receive(volume, kit)
            finally:
                sick.unlink()
        kit.store.close()
        bodies = {s.body.path: s.body for s in statements(root) if s.body.kind in ("clip.sealed", "clip.set_aside")}
        for name, content in files.items():
            body = bodies.get(str(name))
            kept = (root / "vault" / body.stored).read_bytes() if body else b""
            if body is None:
                counts["named as failed" if str(name) in receipt.failed else "anything else"] += 1
            elif body.kind == "clip.sealed":
                counts["whole" if kept == content else "anything else"] += 1
            else:
                right = body.reason == "read_error" and holes(content, kept)
                counts["set aside with holes" if right else "anything else"] += 1
        card.image.unlink()
    tell(f"{ROUNDS} cards of which 25, 40, 60, 90 % of the reads fail: {counts}")
    assert counts["anything else"] == 0
    assert counts["set aside with holes"] + counts["named as failed"] > 0, "control: no read ever failed"


def test_a_card_that_stalls_keeps_neither_the_page_nor_its_own_end_waiting(root, bay: Bay, tell):
    """Every read takes a second and a half: the page answers meanwhile, and the card is whole in the end."""
    files = {f"VIDEO/DCAM_Z3A0017_041007_20261116_1{n}0000.mp4": pattern(100_000 + n, n) for n in range(2)}
    card, answers = bay.card(files, root / "dock" / "bay", EXT4), 0
    with Running(root) as service:
        until(service.status)
        with ailing(card.image, card.point, "--filter=delay", "rdelay=1500ms"):
            while (slot := service.slot("bay")) is None or slot["state"] != "done":
                answers += service.status()["slots"] is not None
            assert slot["title"] == "可以取下"
        assert service.stop() == 0
    tell(f"a card whose every read takes 1.5 s: the page answered {answers} times meanwhile; then 2 of 2 sealed")
    assert answers > 5
    assert sorted(sealed(root)) == sorted(hashlib.sha256(content).hexdigest() for content in files.values())
