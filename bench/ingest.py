"""Take and seal against `cp -r` + `sync` of the same trees, in turn, in one run: one full card, and 26 docked at once.

    python bench/ingest.py [--pairs 5] [--quick]

Ours does more: it hashes, reads every copy back from the disk, signs it and enters it in a durable log. What these cost is
found by leaving them out in further runs of the same code; what is left is the durable copying that `cp` + `sync` does.
Fairness: how far the slowest card is behind when the first is done, and how the bytes are spread at half time.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from machine import describe, forget, table

from avrecord import station
from avrecord.dock.volumes import docked
from avrecord.pipeline.desk import Desk
from avrecord.pipeline.receive import Receipt
from avrecord.seal.keys import Sealer
from avrecord.service.docks import Docks
from avrecord.service.slots import Slots
from avrecord.vault import copying, folder

NOTHING, HASH, READ_BACK, SEAL = "", "hash", "read-back", "seal"
SEAL_TEXT = "-----BEGIN SSH SIGNATURE-----\n" + "A" * 70 + "\n-----END SSH SIGNATURE-----\n"
LONGEST_S = 600.0


@dataclass(frozen=True)
class Scene:
    """Cards with `files` files of these sizes each."""

    name: str
    cards: int
    sizes: tuple[int, ...]

    def draw(self, folder: Path) -> int:
        """Write the cards; return their bytes."""
        for card in range(self.cards):
            videos = folder / f"slot{card:02d}" / "VIDEO"
            videos.mkdir(parents=True)
            for n, size in enumerate(self.sizes):
                name = f"DCAM_Z3A{card:04d}_041007_20261116_{9 + n // 3600:02d}{n // 60 % 60:02d}{n % 60:02d}.mp4"
                (videos / name).write_bytes(os.urandom(size))
        return self.cards * sum(self.sizes)


@dataclass
class Run:
    """One docking of all cards: seconds until the last, when each was done, bytes of each at half time."""

    seconds: float = 0.0
    done: list[float] = field(default_factory=list)
    half: list[int] = field(default_factory=list)


class NoDigest:
    """Stands in for the hash: another name for each file, and no reading of its bytes."""

    _numbers = itertools.count()

    def __enter__(self) -> NoDigest:
        self._name = hashlib.sha256(f"{next(self._numbers)} {time.time_ns()}".encode()).hexdigest()
        return self

    def __exit__(self, *_: object) -> None: ...

    def feed(self, block: bytes) -> None: ...

    def hexdigest(self) -> str:
        return self._name


@contextmanager
def without(*parts: str) -> Iterator[None]:
    """The same code with some of its work left out."""
    real = copying.Digester, folder.FolderVault.prove, Sealer.seal
    if HASH in parts:
        copying.Digester = NoDigest  # type: ignore[misc, assignment]
    if READ_BACK in parts:
        folder.FolderVault.prove = _only_durable  # type: ignore[method-assign]
    if SEAL in parts:
        Sealer.seal = lambda *_: SEAL_TEXT  # type: ignore[method-assign]
    try:
        yield
    finally:
        copying.Digester, folder.FolderVault.prove, Sealer.seal = real  # type: ignore[misc, method-assign]


def _only_durable(self: folder.FolderVault, part: folder.Part) -> folder.Copied:
    folder.durable.sync_file(part.path)
    return folder.Copied(part.id, part.size, part.path, "direct", part.unreadable)


def peer(cards: Path, target: Path) -> tuple[float, float]:
    """Seconds of `cp -r` + `sync`, and of `openssl dgst -sha256` over the copies."""
    started = time.perf_counter()
    subprocess.run(["cp", "-r", cards, target], check=True)
    subprocess.run(["sync", "-f", target], check=True)
    copied = time.perf_counter()
    files = [path for path in target.rglob("*") if path.is_file()]
    subprocess.run(["openssl", "dgst", "-sha256", *files], check=True, stdout=subprocess.DEVNULL)
    return copied - started, time.perf_counter() - copied


def ours(cards: Path, root: Path, count: int) -> Run:
    """Dock all cards at once, as the service does."""
    station.create(root, "bench", "bench")
    text = (root / "station.toml").read_text("utf-8").replace("settle_seconds = 2.0", "settle_seconds = 0.0")
    (root / "station.toml").write_text(text, "utf-8")
    kit, run, every = station.open_station(root), Run(), threading.Event()
    slots = Slots()

    def taken(receipt: Receipt) -> None:
        assert receipt.complete, receipt
        run.done.append(time.perf_counter() - started)
        if len(run.done) == count:
            every.set()
        elif len(run.done) == 1:
            run.half = [row["bytes"] if row["state"] == "done" else row.get("bytes_done", 0) for row in slots.rows()]

    with Desk(kit) as desk:
        docks = Docks(kit, desk, slots, lambda event, error: print(event, error, file=sys.stderr), taken)
        started = time.perf_counter()
        docks.notice(docked([cards]))
        assert every.wait(LONGEST_S)
        run.seconds = time.perf_counter() - started
        docks.end(5)
    kit.store.close()
    return run


def timed(cards: Path, work: Path, count: int, *left_out: str) -> Run:
    forget(cards)
    with without(*left_out):
        run = ours(cards, work / "station", count)
    shutil.rmtree(work / "station")
    return run


def measure(scene: Scene, pairs: int, work: Path) -> None:
    """All figures of one scene."""
    cards = work / "cards"
    size = scene.draw(cards)
    print(f"\n{scene.name}: {scene.cards} cards, {scene.cards * len(scene.sizes)} files, {size / 2**20:.0f} MiB; {pairs} pairs")
    rows, runs = [], list[Run]()
    for _ in range(pairs):
        forget(cards)
        copy, digest = peer(cards, work / "copy")
        shutil.rmtree(work / "copy")
        full = timed(cards, work, scene.cards)
        bare = timed(cards, work, scene.cards, HASH, READ_BACK, SEAL)
        unread = timed(cards, work, scene.cards, READ_BACK)
        # A copy that is not hashed cannot be read back, so the hash is left out of a run that is not.
        parts = [unread.seconds - timed(cards, work, scene.cards, READ_BACK, HASH).seconds, full.seconds - unread.seconds]
        parts.append(full.seconds - timed(cards, work, scene.cards, SEAL).seconds)
        runs.append(full)
        rows.append([copy, digest, full.seconds, bare.seconds, *parts, (copy + digest) / full.seconds, copy / bare.seconds])
    head = ["cp+sync s", "dgst s", "ours s", "copying alone s", *(f"- {part}" for part in (HASH, READ_BACK, SEAL))]
    print(table([*head, "(cp+sync+dgst)/ours", "cp+sync/copying alone"], [[f"{value:.2f}" for value in row] for row in rows]))
    middle = [statistics.median(column) for column in zip(*rows, strict=True)]
    print(f"median: (cp + sync + openssl dgst) / ours {middle[-2]:.2f}; (cp + sync) / copying alone {middle[-1]:.2f} (goal 0.8)")
    print(f"ours: {size / 2**20 / middle[2]:.0f} MiB/s, everything durable, read back, sealed and logged")
    if scene.cards > 1:
        part = [statistics.median(run.done[at] / run.done[-1] for run in runs) for at in (0, scene.cards // 4, scene.cards // 2)]
        shares = [min(run.half) / max(run.half) for run in runs if run.half and max(run.half)]
        print("fairness: of the time that the last card takes, the first one is done after ", end="")
        print("{:.0%}, a quarter of them after {:.0%}, half of them after {:.0%}; ".format(*part), end="")
        print(f"least served ÷ most served card at that moment {statistics.median(shares):.2f}" if shares else "")


def scenes(*, quick: bool) -> list[Scene]:
    mib, share = 1 << 20, 8 if quick else 1
    return [
        Scene("one card, videos and photos", 1, (*([64 * mib] * (8 // share)), *([mib] * (200 // share)))),
        Scene("26 cards at once", 26 // min(share, 2), (mib,) * (40 // share)),
        Scene("26 cards at once, larger files", 26 // min(share, 2), (4 * mib,) * (10 // min(share, 5))),
    ]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pairs", type=int, default=5)
    arguments.add_argument("--quick", action="store_true", help="an eighth of the bytes: the bench works")
    given = arguments.parse_args()
    print(f"machine: {describe()}")
    for scene in scenes(quick=given.quick):
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
            measure(scene, given.pairs, Path(name))


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
