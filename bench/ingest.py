"""Take and seal against `cp` + `sync` + `openssl dgst -sha256` of the same files, in turn, in one run.

    python bench/ingest.py [--mib 512] [--files 8] [--small 200] [--pairs 5]

Ours does more: it reads every copy back from the disk, signs it and enters it in a durable log.
Those parts are timed and shown apart. Ratios matter; the absolute times describe this machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from machine import describe, forget, table

from avrecord import station
from avrecord.dock.volumes import volume_at
from avrecord.pipeline import receive as story
from avrecord.vault import folder


def make_card(card: Path, mib: int, files: int, small: int) -> int:
    """A DCAM card of `files` videos, `mib` MiB together, and `small` photos of 1 MiB. Returns bytes."""
    (card / "VIDEO").mkdir(parents=True)
    (card / "PHOTO").mkdir()
    for n in range(files):
        with (card / "VIDEO" / f"DCAM_Z3A0017_041007_20261116_09{n:02d}00.mp4").open("wb") as file:
            for _ in range(mib // files):
                file.write(os.urandom(1 << 20))
    for n in range(small):
        (card / "PHOTO" / f"DCAM_Z3A0017_041007_20261116_10{n // 60:02d}{n % 60:02d}.jpg").write_bytes(os.urandom(1 << 20))
    return sum(path.stat().st_size for path in card.rglob("*") if path.is_file())


def clocked(parts: dict[str, float], name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """`work`, adding its wall time to `parts[name]`."""

    def timed(*args: Any, **keywords: Any) -> Any:
        started = time.perf_counter()
        try:
            return work(*args, **keywords)
        finally:
            parts[name] += time.perf_counter() - started

    return timed


def peer(card: Path, target: Path) -> tuple[float, float]:
    """Seconds of `cp -r` + `sync`, and of `openssl dgst -sha256` over the copies."""
    started = time.perf_counter()
    subprocess.run(["cp", "-r", card, target], check=True)
    subprocess.run(["sync", "-f", target], check=True)
    copied = time.perf_counter()
    files = [path for path in target.rglob("*") if path.is_file()]
    subprocess.run(["openssl", "dgst", "-sha256", *files], check=True, stdout=subprocess.DEVNULL)
    return copied - started, time.perf_counter() - copied


def ours(card: Path, root: Path) -> tuple[float, dict[str, float]]:
    """Seconds of the whole take-and-seal, and of its parts."""
    station.create(root, "bench", "bench")
    text = (root / "station.toml").read_text("utf-8").replace("settle_seconds = 2.0", "settle_seconds = 0.0")
    (root / "station.toml").write_text(text, "utf-8")
    kit = station.open_station(root)
    parts: dict[str, float] = defaultdict(float)
    real = folder.read_back, story.state, folder.FolderVault.place
    folder.read_back = clocked(parts, "read back", real[0])
    story.state = clocked(parts, "log", real[1])
    folder.FolderVault.place = clocked(parts, "seal and place", real[2])
    try:
        volume = volume_at(card)
        assert volume is not None
        started = time.perf_counter()
        receipt = story.receive(volume, kit)
        took = time.perf_counter() - started
    finally:
        folder.read_back, story.state, folder.FolderVault.place = real
        kit.store.close()
    assert receipt.complete, receipt
    return took, parts


def main() -> None:
    arguments = argparse.ArgumentParser()
    for name, default in (("mib", 512), ("files", 8), ("small", 200), ("pairs", 5)):
        arguments.add_argument(f"--{name}", type=int, default=default)
    given = arguments.parse_args()
    print(f"machine: {describe()}")
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        work = Path(name)
        size = make_card(work / "card", given.mib, given.files, given.small)
        count = given.files + given.small
        print(f"card: {count} files, {size / 2**20:.0f} MiB; {given.pairs} pairs in turn, cold cache\n")
        rows, ratios, bare = [], [], []
        for n in range(given.pairs):
            forget(work / "card")
            copy, digest = peer(work / "card", work / "copy")
            shutil.rmtree(work / "copy")
            forget(work / "card")
            took, parts = ours(work / "card", work / "station")
            shutil.rmtree(work / "station")
            without = took - parts["read back"]
            ratios.append((copy + digest) / took)
            bare.append(copy / without)
            shown = (copy, digest, took, parts["read back"], parts["seal and place"], parts["log"], ratios[-1], bare[-1])
            rows.append([str(n + 1), *(f"{value:.2f}" for value in shown)])
    head = ["pair", "cp+sync s", "dgst s", "ours s", "read back", "seal+place", "log", "peer/ours", "cp+sync/(ours-read back)"]
    print(table(head, rows))
    print(f"\nmedian (cp + sync + openssl dgst) / ours: {statistics.median(ratios):.2f}")
    print(f"median (cp + sync) / (ours without read-back): {statistics.median(bare):.2f}   goal 0.8")
    rate = size / 2**20 / statistics.median(float(row[3]) for row in rows)
    print(f"ours: {rate:.0f} MiB/s, everything durable, read back, sealed and logged")


if __name__ == "__main__":
    sys.exit(main())
