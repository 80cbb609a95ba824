"""What locks by the retention rule cost: a station's first sync with them against the same sync without, to the same SeaweedFS in
one run, and the daily look at clips that are locked already.

    python bench/locks.py [--clips 500] [--bytes 400000] [--rounds 3] [--grow 20000]
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from machine import describe, table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import contract.stores as stores
from avrecord import station
from avrecord.dock.volumes import volume_at
from avrecord.pipeline.locking import Locks
from avrecord.pipeline.receive import receive
from avrecord.pipeline.storing import trusted_objects
from avrecord.pipeline.sync import Line, sync
from avrecord.vault.objects import FolderObjects


def filled(root: Path, clips: int, size: int) -> None:
    """A station with so many clips, each of its own bytes."""
    station.create(root, "dock-1", "站")
    card = root.parent / f"card-{root.name}" / "VIDEO"
    card.mkdir(parents=True)
    for n in range(clips):
        name = f"DCAM_Z3A0017_041007_20261116_{n // 3600:02}{n // 60 % 60:02}{n % 60:02}.mp4"
        (card / name).write_bytes(secrets.token_bytes(size))
    kit = station.open_station(root)
    receive(volume_at(card.parent), kit)
    kit.store.close()
    shutil.rmtree(card.parent)


def seconds(root: Path, url: str, bucket: str, locked: bool) -> float:
    """A first sync of a copy of the station."""
    copy = root.parent / f"copy-{bucket}"
    shutil.copytree(root, copy)
    lock = "required" if locked else "off"
    settings = copy / "station.toml"
    settings.write_text(f'{settings.read_text("utf-8")}\n[store]\nurl = "{url}"\nbucket = "{bucket}"\nlock = "{lock}"\n', "utf-8")
    kit = station.open_station(copy)
    objects = trusted_objects(kit)
    begun = time.perf_counter()
    sent = sync(objects, kit, Line(kit), locks=Locks(objects, kit) if locked else None)
    spent = time.perf_counter() - begun
    assert sent.left == 0
    assert not sent.unlocked
    assert bool(sent.locked) == locked
    kit.store.close()
    shutil.rmtree(copy)
    return spent


class Shelf(FolderObjects):
    """A folder whose locks are kept in memory: what is left is our own work."""

    clock = staticmethod(lambda: datetime.now(UTC))

    def now(self) -> datetime | None:
        return self.clock()

    def keep(self, key: str, until: datetime) -> datetime | None:
        return until


def daily(folder: Path, clips: int) -> tuple[float, float]:
    """The first look at so many clips, and the next day's at the same: milliseconds a clip."""
    root = folder / "grown"
    filled(root, clips, 100)
    (folder / "shelf").mkdir()
    now = [datetime.now(UTC)]
    kit, objects = station.open_station(root, clock=lambda: now[0]), Shelf(folder / "shelf")
    objects.clock = lambda: now[0]
    sync(objects, kit, Line(kit))
    spent = []
    for _ in range(2):
        begun = time.perf_counter()
        Locks(objects, kit).keep()
        spent.append((time.perf_counter() - begun) / clips * 1000)
        now[0] += timedelta(days=1)
    kit.store.close()
    return spent[0], spent[1]


def main() -> None:
    asked = argparse.ArgumentParser()
    for name, default in (("clips", 500), ("bytes", 400_000), ("rounds", 3), ("grow", 20_000)):
        asked.add_argument(f"--{name}", type=int, default=default)
    options = asked.parse_args()
    os.environ |= {"AWS_ACCESS_KEY_ID": stores.KEY, "AWS_SECRET_ACCESS_KEY": stores.SECRET}
    print(describe())
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        filled(folder / "station", options.clips, options.bytes)
        rows = []
        for turn in range(options.rounds):
            spent = {}
            for locked in (False, True) if turn % 2 else (True, False):
                with stores.seaweed(folder / f"weed-{turn}-{locked}") as server:  # each bucket takes seven volumes of a server
                    server.shell(f"s3.bucket.create -name {stores.BUCKET} -withLock")
                    spent[locked] = seconds(folder / "station", server.url, stores.BUCKET, locked)
            rows.append((spent[False], spent[True]))
        plain, held = (statistics.median(column) for column in zip(*rows, strict=True))
        more = (held - plain) / options.clips * 1000
        first, next_day = daily(folder, options.grow)
        done = [
            [f"first sync of {options.clips} clips of {options.bytes:,} bytes, without locks", f"{plain:.1f} s"],
            ["the same with each clip and seal locked, read back and stated", f"{held:.1f} s, {held / plain:.2f} ×"],
            ["a clip's lock", f"{more:.1f} ms"],
            [f"our own part of it, {options.grow} clips", f"{first:.2f} ms a clip"],
            ["the next day's look at clips that are locked", f"{next_day:.2f} ms a clip"],
        ]
        print(table(["what", "figure"], done))


if __name__ == "__main__":
    main()
