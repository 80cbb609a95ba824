"""Verification against `openssl dgst -sha256` over the same files, on one core and on all, in one run.

    python bench/verify.py [--mib 4096] [--files 64] [--rounds 3]

Ours does more: it checks seals, the whole log and its tiles, and lists what is extra. Cached files: the
question is what the processor does, not what the disk gives. Also: append and proof at 10^3 and more leaves.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ingest import make_card
from machine import describe, table

from avrecord import station
from avrecord.dock.volumes import volume_at
from avrecord.model.statement import ClipSealed
from avrecord.pipeline.receive import receive
from avrecord.pipeline.record import state
from avrecord.pipeline.verify import verify
from avrecord.seal.log import Log
from avrecord.seal.proof import hashes_of, inclusion
from avrecord.seal.signer import SoftSigner
from avrecord.seal.verify import read_log


def peer(files: list[Path], at_once: int) -> float:
    """Seconds of openssl over the files, split evenly over `at_once` processes."""
    started = time.perf_counter()
    parts = [files[n::at_once] for n in range(at_once)]
    running = [subprocess.Popen(["openssl", "dgst", "-sha256", *part], stdout=subprocess.DEVNULL) for part in parts]
    assert all(child.wait() == 0 for child in running)
    return time.perf_counter() - started


def throughput(work: Path, mib: int, files: int, rounds: int) -> list[list[str]]:
    size = make_card(work / "card", mib, files, 0) / 2**20
    station.create(work / "station", "bench", "bench")
    settings = work / "station" / "station.toml"
    settings.write_text(settings.read_text("utf-8").replace("settle_seconds = 2.0", "settle_seconds = 0.0"), "utf-8")
    kit = station.open_station(work / "station")
    volume = volume_at(work / "card")
    assert volume is not None
    assert receive(volume, kit).complete
    clips = sorted((work / "station" / "vault").rglob("*.mp4"))
    rows, everything = [], os.sched_getaffinity(0)
    for cores in sorted({1, len(everything)}):
        os.sched_setaffinity(0, set(sorted(everything)[:cores]))
        ratios, ours = [], []
        for _ in range(rounds):
            theirs = peer(clips, cores)
            started = time.perf_counter()
            result = verify(kit)
            ours.append(time.perf_counter() - started)
            assert (result.exit_code, result.read) == (0, len(clips))
            ratios.append(theirs / ours[-1])
        took = statistics.median(ours)
        rows.append([str(cores), f"{size:.0f}", f"{took:.2f}", f"{size / took:.0f}", f"{statistics.median(ratios):.2f}"])
        os.sched_setaffinity(0, everything)
    kit.store.close()
    return rows


def growth(work: Path, sizes: list[int]) -> list[list[str]]:
    """Milliseconds of one durable append, and of one inclusion proof, as the log grows."""
    log, rows = Log(work / "log", SoftSigner(bytes(32)), "bench"), []
    for size in sizes:
        log.append(lambda first, size=size: [f"leaf {n}".encode() for n in range(first, size)])
        appends, proofs = [], []
        for n in range(20):
            started = time.perf_counter()
            log.append(lambda first: [f"one {first}".encode()])
            appends.append(time.perf_counter() - started)
            started = time.perf_counter()
            inclusion(size // 20 * n, log.size, hashes_of(log.folder, log.size))
            proofs.append(time.perf_counter() - started)
        rows.append([str(size), f"{statistics.median(appends) * 1e3:.2f}", f"{statistics.median(proofs) * 1e3:.2f}"])
    return rows


def rebuilding(work: Path, leaves: int) -> list[str]:
    """Seconds to make the database again from a log of clip statements, against reading and hashing the same log."""
    root = work / "rebuilt"
    station.create(root, "bench", "bench")
    kit = station.open_station(root)
    for start in range(0, leaves, 500):
        state(kit, [_sealed(n) for n in range(start, min(leaves, start + 500))])
    size = kit.log.size
    kit.store.close()
    started = time.perf_counter()
    assert read_log(kit.log.folder, kit.log_key).findings == []
    reading = time.perf_counter() - started
    started = time.perf_counter()
    assert station.rebuild(root) == size
    took = time.perf_counter() - started
    return [str(size), f"{took:.2f}", f"{size / took:.0f}", f"{took / reading:.2f}"]


def _sealed(n: int) -> ClipSealed:
    clip, name = hashlib.sha256(str(n).encode()).hexdigest(), f"VIDEO/DCAM_Z3A0017_041007_20261116_{n:06d}.mp4"
    return ClipSealed(
        clip=clip, size=n, docking="d", recorder="Z3A0017", path=name, path_raw=base64.b64encode(name.encode()).decode(),
        mtime="0", media="video", stored=f"2026-11-16/Z3A0017/{name}", claimed_start=f"2026-11-16T01:00:00.{n % 1_000_000:06d}Z",
        clock_offset_ms=10, clock_uncertainty_ms=1000, user="041007", sequence=n, important=False, read_back="direct", key_id="k",
    )  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser()
    for name, default in (("mib", 4096), ("files", 64), ("rounds", 3), ("leaves", 1_000_000), ("rebuild", 50_000)):
        arguments.add_argument(f"--{name}", type=int, default=default)
    given = arguments.parse_args()
    print(f"machine: {describe()}\n")
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        rows = throughput(Path(name), given.mib, given.files, given.rounds)
        print(table(["cores", "MiB", "ours s", "MiB/s", "openssl / ours (goal 0.95)"], rows))
        sizes = [size for size in (1_000, 10_000, 100_000, 1_000_000) if size <= given.leaves]
        rows = growth(Path(name), sizes)
        print("\n" + table(["leaves", "append ms", "proof ms"], rows))
        made = rebuilding(Path(name), given.rebuild)
        print("\n" + table(["leaves", "rebuild s", "leaves/s", "rebuild / reading and checking the log"], [made]))
        print(f"append, largest against smallest log: {float(rows[-1][1]) / float(rows[0][1]):.2f} (goal 1.5)")


if __name__ == "__main__":
    sys.exit(main())
