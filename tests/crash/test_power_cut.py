"""Real power cuts: the station on an ext4 of its own that is shut down under it, without flushing its journal.

Afterwards every acknowledged clip is there and right, and every checkpoint that had been published is
consistent with the log that came back. Control: with libeatmydata, which makes fsync do nothing, the same
cuts must lose clips, or this test could not fail.
"""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import struct
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from avrecord import station
from avrecord.dock.volumes import volume_at
from avrecord.errors import AvrecordError
from avrecord.pipeline.receive import receive
from avrecord.pipeline.verify import Demand, verify
from conftest import pattern

SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN; argument 2: without flushing the journal
ROUNDS = 60 if os.environ.get("AVRECORD_FULL") else 6
EATMYDATA = next(iter(Path("/usr/lib").glob("*/libeatmydata.so")), None)
# Takes one card after another and says, after each durable step, how far the log is acknowledged.
INTAKE = """
import sys
from pathlib import Path
from avrecord import station
from avrecord.dock.volumes import volume_at
from avrecord.pipeline import desk, receive as story
desk.BATCH_CLIPS = 2
real = story.state
kit = station.open_station(Path(sys.argv[1]))
station.heal(kit)
def state(kit, bodies, *rest):
    made = real(kit, bodies, *rest)
    print(kit.log.size, flush=True)
    return made
story.state = desk.state = state
for card in sys.argv[2:]:
    story.receive(volume_at(card), kit)
print("done", flush=True)
"""


def possible() -> str | None:
    if os.geteuid() != 0:
        return "not root"
    return None if shutil.which("mkfs.ext4") and shutil.which("losetup") else "no mkfs.ext4 or losetup"


pytestmark = pytest.mark.skipif(possible() is not None, reason=f"no power cuts: {possible()}")


@contextmanager
def disk(image: Path, point: Path):
    """The image mounted; unmounted afterwards, whatever state it is in."""
    done = subprocess.run(["mount", "-o", "loop", image, point], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no power cuts: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", point], check=True)


def cut(point: Path) -> None:
    fd = os.open(point, os.O_RDONLY)
    try:
        fcntl.ioctl(fd, SHUTDOWN, struct.pack("I", 2))
    finally:
        os.close(fd)


def one_round(image: Path, point: Path, cards: list[Path], delay: float, environment: dict[str, str]) -> tuple[int, str]:
    """Take cards until the power goes; return the log size acknowledged last, and the checkpoint published then."""
    root = point / "station"
    with disk(image, point):
        child = subprocess.Popen(
            [sys.executable, "-c", INTAKE, root, *cards], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        assert child.stdout is not None
        first = child.stdout.readline()  # the first durable step: from here on there is something to lose
        time.sleep(delay)
        published = (root / "log" / "checkpoint").read_text("utf-8")
        cut(point)
        rest, _ = child.communicate()
    sizes = [int(line) for line in (first + rest).split() if line.isdigit()]
    return max(sizes, default=0), published


@pytest.fixture
def image(tmp_path) -> tuple[Path, Path]:
    """An ext4 image with an initialised station, and where to mount it."""
    image, point = tmp_path / "disk.img", tmp_path / "disk"
    point.mkdir()
    with image.open("wb") as file:
        file.truncate(192 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True, capture_output=True)
    with disk(image, point):
        station.create(point / "station", "station-01", "测试采集站")
        settings = point / "station" / "station.toml"
        text = settings.read_text("utf-8").replace("settle_seconds = 2.0", "settle_seconds = 0.0")
        settings.write_text(text.replace("reserve_mib = 512", "reserve_mib = 1"), "utf-8")
        subprocess.run(["sync"], check=True)
    return image, point


def cards_of(dcam, round_: int) -> tuple[list[Path], set[bytes]]:
    contents = [
        {f"VIDEO/{10 + n:02d}{m:02d}00.mp4": pattern(60_000 + m, round_ * 100 + n * 10 + m) for m in range(6)} for n in range(3)
    ]
    cards = [dcam(files, name=f"r{round_}c{n}") for n, files in enumerate(contents)]
    return cards, {content for files in contents for content in files.values()}


@pytest.mark.timeout(3600)
def test_a_power_cut_at_any_moment_loses_nothing_that_was_acknowledged(image, dcam, tmp_path):
    (image, point), rng = image, random.Random(20261121)
    for round_ in range(ROUNDS):
        cards, contents = cards_of(dcam, round_)
        size, published = one_round(image, point, cards, rng.uniform(0.0, 0.25), dict(os.environ))
        (tmp_path / "published").write_text(published, "utf-8")
        with disk(image, point):
            kit = station.open_station(point / "station")
            station.heal(kit)
            assert kit.log.size >= size, "an acknowledged statement is gone"
            found = verify(kit, demand=Demand((tmp_path / "published",)))
            assert set(found.totals) <= {"OK", "OK_UNWITNESSED"}, found.findings
            for card in cards:
                assert receive(volume_at(card), kit).complete
            assert verify(kit).exit_code == 0
            stored = {p.read_bytes() for p in (point / "station" / "vault").rglob("*.mp4")}
            assert contents <= stored
            kit.store.close()


@pytest.mark.skipif(EATMYDATA is None, reason="libeatmydata is not installed: the control was not run")
def test_without_fsync_the_same_cuts_lose_clips(image, dcam):
    (image, point), cards = image, None
    environment = dict(os.environ) | {"LD_PRELOAD": str(EATMYDATA)}
    lost = 0
    for round_ in range(3):
        cards, _ = cards_of(dcam, round_)
        size, _ = one_round(image, point, cards, 0.2, environment)
        with disk(image, point):
            try:
                kit = station.open_station(point / "station")
                lost += kit.log.size < size or verify(kit).exit_code != 0
                kit.store.close()
            except (AvrecordError, OSError, ValueError):
                lost += 1
                break
    assert lost
