"""What only real USB shows, in an emulated dock PC: a FAT card that is torn out, a clock that is set, the wall switch.

`make fire-guest` runs it (five minutes and more: too long for `make test`); the transcript is in build/fire-guest.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from avrecord import station
from avrecord.dock.volumes import volume_at
from avrecord.pipeline.receive import receive
from conftest import PROJECT, pattern
from crash.test_power_cut import INTAKE
from fire.cards import lay, loudly, quietly
from fire.drill import FULL, tell
from fire.guest.machine import Guest, NoGuest, vfat_card
from fire.standing import account, bad, clean, half, statements

CACHE = PROJECT / "build" / "fire-guest"
CUTS = 12 if FULL else 2
JUMPS = [24, -24, -8]  # hours
SERVICE_UP = 600  # seconds: Python's imports through an emulated processor and 9p
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(not os.environ.get("AVRECORD_GUEST"), reason="the emulated dock PC takes minutes: make fire-guest"),
]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder for one machine."""
    if os.geteuid():
        pytest.skip("!!! no guest: preparing its disk needs root !!!")
    return tmp_path


@contextmanager
def mounted(disk: Path, point: Path) -> Iterator[Path]:
    """The guest's disk, here; its journal is replayed as the guest would."""
    point.mkdir(exist_ok=True)
    loudly("mount", "-o", "loop", disk, point)
    try:
        yield point / "station"
    finally:
        quietly("umount", point) or quietly("umount", "-l", point)


def station_disk(work: Path) -> Path:
    """A disk with a station on it, as the guest mounts it."""
    disk = work / "disk.img"
    with disk.open("wb") as image:
        image.truncate(512 << 20)
    loudly("mkfs.ext4", "-q", "-F", "-b", "4096", disk)
    with mounted(disk, work / "disk") as root:
        station.create(root, "station-01", "测试采集站")
        text = (root / "station.toml").read_text("utf-8").replace("settle_seconds = 2.0", "settle_seconds = 0.5")
        text = text.replace("rescan_seconds = 5.0", "rescan_seconds = 1.0").replace("reserve_mib = 512", "reserve_mib = 1")
        (root / "station.toml").write_text(text, "utf-8")
        (root / "dock" / "bay").mkdir()
    return disk


@pytest.fixture
def transcript() -> Callable[[str], None]:
    """Keep what the guest said, and when."""
    CACHE.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()

    def note(line: str) -> None:
        with (CACHE / "transcript.txt").open("a", encoding="utf-8") as file:
            file.write(f"{time.monotonic() - started:7.1f} s  {line.strip()}\n")

    return note


def slots(guest: Guest) -> list[dict[str, object]]:
    said = guest.run("/run/busybox wget -qO- http://127.0.0.1:8720/status.json", check=False)
    return list(json.loads(said)["slots"]) if said.startswith("{") else []


def until_state(guest: Guest, *states: str, seconds: float = 240) -> dict[str, object]:
    found: list[dict[str, object]] = []

    def looked() -> bool:
        found[:] = [slot for slot in slots(guest) if slot["state"] in states]
        return bool(found)

    guest.until(looked, seconds)
    return found[0]


MOUNT = """for n in $(seq 100); do d=$(ls /dev/sd? 2>/dev/null | tail -1); [ -n "$d" ] && break; sleep 0.2; done
mount -t vfat -o ro,nosuid,nodev,noexec,utf8=1 $d /run/disk/station/dock/bay && cat /sys/bus/usb/devices/*/serial | grep BWC"""
LOOK = """cd /; echo listed: $(ls /run/disk/station/dock/bay | wc -l), exit $?; stat -c %s /run/disk/station/dock/bay/VIDEO 2>&1
echo still in mountinfo: $(grep -c dock/bay /proc/self/mountinfo); d=$(awk '/dock.bay/ {print $3}' /proc/self/mountinfo)
[ -e /sys/dev/block/$d ] && echo device there || echo device gone"""


def booted(work: Path, disk: Path, *, systemd: bool = False) -> Guest:
    try:
        guest = Guest(CACHE, work, disk, systemd=systemd)
        guest.until(lambda: "GUEST-READY" in guest.console.read_text("utf-8", "replace"), 240)
    except NoGuest as reason:
        pytest.skip(f"!!! no guest: {reason} !!!")
    return guest


def test_a_fat_card_torn_out_of_a_real_port_lists_as_empty_and_the_station_is_not_deceived(work, transcript, tell):
    disk, note = station_disk(work), transcript
    first = {f"VIDEO/DCAM_Z3A0017_041007_20261116_{10 + n}0000.nmea": pattern(200_000, n) for n in range(3)}
    second = {f"VIDEO/DCAM_Z3A0018_041007_20261116_{10 + n}0000.nmea": pattern(8_000_000, 50 + n) for n in range(8)}
    vfat_card(work / "first.img", first, 64)
    vfat_card(work / "second.img", second, 128)
    with booted(work, disk) as guest:
        note(guest.run("uname -r; date -u"))
        command = f"{sys.executable} -m avrecord --root /run/disk/station run"
        guest.run(f"cd {PROJECT}; {command} >/run/told/service.log 2>&1 & echo $! > /run/pid")
        guest.until(
            lambda: '"status"' in guest.run("/run/busybox wget -qO- http://127.0.0.1:8720/healthz", check=False), SERVICE_UP
        )
        note("the service is up")
        guest.plug(work / "first.img", "BWC000123")
        note(f"hot-plugged, serial {guest.run(MOUNT)}")
        note(f"first card: {until_state(guest, 'done')}")
        guest.run("umount /run/disk/station/dock/bay")
        guest.unplug()
        guest.plug(work / "second.img", "BWC000456")
        note(f"hot-plugged, serial {guest.run(MOUNT)}")
        guest.run("while ! ls /run/disk/station/incoming/*.part >/dev/null 2>&1; do sleep 0.05; done")
        guest.unplug()
        look = guest.run(LOOK)
        note(f"torn out during the copy:\n{look}")
        guest.until(lambda: not any(slot["state"] in ("taking", "done") for slot in slots(guest)), 120)
        note(f"the page then: {slots(guest)}")
        guest.run("umount -l /run/disk/station/dock/bay; sleep 2")
        guest.plug(work / "second.img", "BWC000456")
        guest.run(MOUNT)
        note(f"plugged in again: {until_state(guest, 'done')}")
        for jump in JUMPS:
            before = guest.run("cat /run/told/service.log").count("clock_stepped")
            guest.run(f"date -u -s @$(($(date +%s) + {jump * 3600}))")
            guest.until(lambda before=before: guest.run("cat /run/told/service.log").count("clock_stepped") > before, 60)
        guest.run("umount /run/disk/station/dock/bay; kill $(cat /run/pid)")
        guest.run("while kill -0 $(cat /run/pid) 2>/dev/null; do sleep 0.2; done", 60)
        note(guest.run("cat /run/told/service.log"))
        guest.run("cd /; sync; umount /run/disk")
    with mounted(disk, work / "disk") as root:
        counted, log = account(root, [*first.values(), *second.values()]), statements(root)
        said, wrong = Counter(s.body.kind for s in log), bad(root)
        left = [s.body.files for s in log if s.body.kind == "card.removed_early"]
    jumps = [round(s.body.by_ms / 3_600_000) for s in log if s.body.kind == "clock.stepped"]
    told = f"vfat over USB, torn out: listing {'empty, exit 0' if 'listed: 0, exit 0' in look else 'NOT empty'} (the control);"
    told += f" removed early stated for {left} files; clock set by {jumps} h; {counted}"
    note(told)
    tell(told)
    assert "listed: 0, exit 0" in look, "control: a naive listing must be deceived here"
    assert "device gone" in look
    assert said["card.removed_early"] == 1
    assert jumps == JUMPS
    assert clean(counted), wrong


def test_the_wall_switch_during_an_intake_loses_nothing_that_was_acknowledged(work, transcript, tell):
    disk, rng, acknowledged, contents = station_disk(work), random.Random(7), 0, set[bytes]()
    with mounted(disk, work / "disk") as root:
        text = (root / "station.toml").read_text("utf-8").replace("settle_seconds = 0.5", "settle_seconds = 0.0")
        (root / "station.toml").write_text(text, "utf-8")
    for cut in range(CUTS):
        cards = []
        for n in range(4):
            files = {f"VIDEO/{10 + n}{m:02d}00.nmea": pattern(150_000, cut * 100 + n * 10 + m) for m in range(8)}
            contents |= set(files.values())
            cards.append(work / "cards" / f"cut{cut}card{n}")
            lay(files, cards[-1])
        (work / "intake.py").write_text(INTAKE)
        guest = booted(work, disk)
        with guest:
            guest.start(f"cd {PROJECT}; {sys.executable} {work / 'intake.py'} /run/disk/station {' '.join(map(str, cards))}")
            spoken, wanted = guest.told / "0.out", rng.randrange(1, 12)
            while not (spoken.exists() and len(spoken.read_text().split()) >= wanted):
                guest.until(lambda: True, 1)  # the machine still runs
                time.sleep(0.05)
            time.sleep(rng.uniform(0, 0.3))
            guest.cut_power()
            sizes = [int(word) for word in spoken.read_text().split() if word.isdigit()]
        with mounted(disk, work / "disk") as root:
            kit = station.open_station(root)
            station.heal(kit)
            size = kit.log.size
            transcript(f"cut {cut}: acknowledged up to {max(sizes)}, found {size}; findings {bad(root)}")
            assert size >= max(sizes), "an acknowledged statement is gone"
            assert not bad(root)
            acknowledged += max(sizes)
            for card in cards:
                volume = volume_at(card)
                assert volume is not None
                assert receive(volume, kit).complete
            kit.store.close()
            counted = account(root, contents)
            transcript(f"with the cards taken again: {counted} {half(root)}")
        assert clean(counted)
    tell(f"{CUTS} power cuts of an emulated machine in an intake, {acknowledged} statements acknowledged before: {counted}")
