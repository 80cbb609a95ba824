"""The service as `install-service` installs it, on a real systemd with a real udev: mounts, watchdog, restarts, the cage."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from conftest import PROJECT, pattern
from fire.drill import tell
from fire.guest.machine import Guest, vfat_card
from fire.guest.test_guest import booted, mounted, pytestmark, slots, station_disk, transcript, work
from fire.standing import account, bad, clean, statements
from media.rendering import CODECS, NONE, ffmpeg, pictures

ROOT = "/run/disk/station"
PROGRAM = Path(sys.prefix) / "bin" / "avrecord"
WATCHDOG_S = 60
SLOW = 900  # seconds: Python's imports through an emulated processor and 9p, by a service that systemd waits for


def drop_in() -> str:
    """Where this machine differs from a dock PC: its interpreter may lie in a home, its project in /tmp."""
    lines = ["[Service]", f"WatchdogSec={WATCHDOG_S}", "TimeoutStartSec=900"]
    if any(str(path).startswith("/root/") for path in (Path(sys.executable).resolve(), PROJECT)):
        lines.append("ProtectHome=read-only")
    if str(PROJECT).startswith("/tmp/"):
        lines.append("PrivateTmp=no")
    return "\n".join(lines)


def shown(guest: Guest, *names: str) -> dict[str, str]:
    """Properties of the unit."""
    said = guest.run(f"systemctl show avrecord.service -p {','.join(names)}")
    return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)


def totals(guest: Guest) -> dict[str, int]:
    """What the station holds, by its page."""
    said = guest.run("/run/busybox wget -qO- http://127.0.0.1:8720/status.json", check=False)
    return json.loads(said)["totals"] if said.startswith("{") else {"pending": -1}


def until_done(guest: Guest, sealed: int) -> dict[str, object]:
    """Wait until some slot is done with so many files sealed by this docking."""
    found: list[dict[str, object]] = []

    def looked() -> bool:
        found[:] = [slot for slot in slots(guest) if slot["state"] == "done" and slot.get("files", 0) >= sealed]
        return bool(found)

    guest.until(looked, SLOW)
    return found[0]


def test_the_installed_service_takes_what_udev_mounts_and_comes_back_by_itself(work, transcript, tell):
    disk, note = station_disk(work), transcript
    real = work / "real.mp4"
    ffmpeg(*pictures(seconds=2), *CODECS["h264"], *NONE, real)
    first = {f"VIDEO/DCAM_Z3A0017_041007_20261116_{10 + n}0000.nmea": pattern(200_000, n) for n in range(3)}
    first["VIDEO/DCAM_Z3A0017_041007_20261116_130000.mp4"] = real.read_bytes()
    second = {f"VIDEO/DCAM_Z3A0018_041007_20261116_{10 + n}0000.nmea": pattern(8_000_000, 50 + n) for n in range(8)}
    vfat_card(work / "first.img", first, 64)
    vfat_card(work / "second.img", second, 128)
    with booted(work, disk, systemd=True) as guest:
        note(guest.run("systemctl --version | head -1; uname -r; systemctl is-system-running", check=False))
        guest.run("chmod 755 /root; mkdir -p /etc/systemd/system/avrecord.service.d")
        guest.run(f"cat > /etc/systemd/system/avrecord.service.d/here.conf <<'END'\n{drop_in()}\nEND")
        note(guest.run(f"cd {PROJECT}; {PROGRAM} --root {ROOT} install-service --apply 2>&1 | tail -12", SLOW))
        before = shown(guest, "ActiveState", "SubState", "MainPID", "NRestarts", "StatusText", "WatchdogUSec", "User")
        note(f"installed and up: {before}")
        assert (before["ActiveState"], before["SubState"], before["User"]) == ("active", "running", "avrecord")
        assert guest.run(f"stat -c %U /proc/{before['MainPID']}").strip() == "avrecord"

        guest.plug(work / "first.img", "BWC000123")
        note(f"first card, mounted by udev and taken: {until_done(guest, 4)}")
        mount = guest.run("findmnt -n -o FSTYPE,OPTIONS -M /run/avrecord/dock/sda")
        note(mount)
        assert mount.split()[0] == "vfat"
        assert mount.split()[1].startswith("ro,nosuid,nodev,noexec")
        guest.unplug()
        guest.until(lambda: not slots(guest), 120)
        assert guest.run("ls /run/avrecord/dock").split() == [], "the mount and its folder went with the card"
        guest.until(lambda: totals(guest)["pending"] == 0, SLOW)
        note("the film was examined within the cage")

        guest.plug(work / "second.img", "BWC000456")
        guest.run(f"while ! ls {ROOT}/incoming/*.part >/dev/null 2>&1; do sleep 0.05; done", SLOW)
        guest.run("systemctl kill -s KILL --kill-who=main avrecord.service")
        note(f"killed during the copy; then by itself: {until_done(guest, 8)}")
        killed = shown(guest, "NRestarts", "MainPID", "ActiveState")
        assert (killed["NRestarts"], killed["ActiveState"]) == ("1", "active")

        guest.run(f"kill -STOP {killed['MainPID']}")
        begun = time.monotonic()
        guest.until(lambda: shown(guest, "NRestarts")["NRestarts"] == "2", 4 * WATCHDOG_S)
        note(f"stood still: the watchdog ended it after {time.monotonic() - begun:.0f} s of real time")
        guest.until(lambda: shown(guest, "ActiveState")["ActiveState"] == "active", SLOW)

        twice = guest.run(f"{PROGRAM} --root {ROOT} run; echo code $?", SLOW)
        assert "code 22" in twice, twice
        begun = time.monotonic()
        guest.run("systemctl stop avrecord.service")
        ended = shown(guest, "Result", "ExecMainStatus", "ActiveState")
        note(f"systemctl stop: {time.monotonic() - begun:.1f} s, {ended}")
        assert ended == {"Result": "success", "ExecMainStatus": "0", "ActiveState": "inactive"}
        lines = guest.run("journalctl -u avrecord.service -o cat --no-pager").splitlines()
        spoken = [json.loads(line) for line in lines if line.startswith("{")]
        note("\n".join(line for line in lines))
        guest.run("systemctl stop 'avrecord-card@*'; cd /; sync; umount /run/disk")
    with mounted(disk, work / "disk") as root:
        counted, said = account(root, [*first.values(), *second.values()]), Counter(s.body.kind for s in statements(root))
        wrong = bad(root)
        examined = [s.body.outcome for s in statements(root) if s.body.kind == "clip.examined"]
    told = (
        f"systemd in a guest: a card mounted by udev taken, a film examined in the cage ({examined}), killed and stopped by the"
    )
    told += f" watchdog, 2 restarts, ended by systemctl stop with {ended['ExecMainStatus']}; {counted}"
    note(told)
    tell(told)
    assert len(spoken) > 5
    assert all({"event", "level"} <= each.keys() for each in spoken)
    assert said["service.started"] >= 3
    assert examined == ["complete"]
    assert clean(counted), wrong
