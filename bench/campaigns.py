"""A campaign over real objects, against `openssl dgst` over the same objects fetched by the same client, in one run; and what
a chunk and a clip cost as their number grows.

    python bench/campaigns.py [--objects 400] [--mib 4] [--rounds 3] [--grow 100000]

SeaweedFS and PostgreSQL are started here. Ours does more: it reads each seal, checks it, and keeps each result durably before
the next clip is begun. The growth is measured with clips of 100 bytes in a folder, so that what is left is the campaign itself.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from machine import describe, table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import contract.servers as databases
import contract.stores as stores
from avrecord import station
from avrecord.bureau.book import Asked, Item, in_chunks
from avrecord.bureau.campaigns import book
from avrecord.bureau.local import run_local
from avrecord.bureau.queue import prepare, with_tasks
from avrecord.bureau.rounds import take_from_store
from avrecord.pipeline.sending import send_log
from avrecord.pipeline.storing import clip_key, trusted_objects
from avrecord.pipeline.witnessing import trust
from avrecord.vault.folder import SEAL_ENDING
from avrecord.vault.objects import Objects
from avrecord.vault.s3 import S3Objects

STATION, WORKERS = "dock-1", 2


def openssl_over(url: str, keys: list[str]) -> int:
    """Each object through the same client into `openssl dgst -sha256`; how many were read."""
    objects = S3Objects(url, stores.BUCKET)
    for key in keys:
        with subprocess.Popen(["openssl", "dgst", "-sha256"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as child:
            assert child.stdin
            for block in objects.read(key):
                child.stdin.write(block)
    return len(keys)


def peer(url: str, keys: list[str]) -> float:
    """Seconds of two processes over all objects."""
    with ProcessPoolExecutor(WORKERS) as pool:
        list(pool.map(openssl_over, [url] * WORKERS, [[] for _ in range(WORKERS)]))  # both are up
        begun = time.perf_counter()
        assert sum(pool.map(openssl_over, [url] * WORKERS, [keys[n::WORKERS] for n in range(WORKERS)])) == len(keys)
        return time.perf_counter() - begun


def write_down(kit: station.Kit, name: str, store: str, items: list[Item], queued: bool = False) -> None:
    """A campaign over these clips, with its tasks where there is a queue."""
    chunks = in_chunks(STATION, items)
    defer = with_tasks(kit.settings.bureau.database) if queued else None
    with book(kit) as found:
        found.open(
            Asked(name, "verify", "bench", store, "bench"), chunks, {}, lambda rows: defer and defer(rows, name, len(chunks))
        )


def until_done(kit: station.Kit, name: str) -> None:
    with book(kit) as found:
        while found.waiting(name):
            time.sleep(0.02)


@contextmanager
def workers(root: Path, count: int) -> Iterator[None]:
    """`avrecord bureau worker` processes, up and waiting."""
    command = [sys.executable, "-m", "avrecord", "--root", str(root), "bureau", "worker"]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(count)]
    time.sleep(4)
    try:
        yield
    finally:
        for each in running:
            each.kill()
            each.wait()


def timed(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def house(folder: Path, url: str, database: str) -> tuple[station.Kit, station.Kit]:
    """A station and a bureau that took its log: the bureau knows the key that seals."""
    made = []
    for name in (STATION, "bureau"):
        station.create(folder / name, name, name)
        settings = folder / name / "station.toml"
        text = settings.read_text("utf-8") + f'\n[store]\nurl = "{url}"\n'
        text += f'[bureau]\ndatabase = "{database}"\n' if database and name == "bureau" else ""
        settings.write_text(text, "utf-8")
        made.append(station.open_station(folder / name))
    own, bureau = made
    trust(bureau, own.log_key.vkey)
    send_log(trusted_objects(own), own)
    take_from_store(trusted_objects(bureau), STATION, bureau)
    return own, bureau


def sealed(own: station.Kit, content: bytes, number: int) -> tuple[Item, str]:
    digest = hashlib.sha256(content)
    return Item(digest.hexdigest(), 9, f"2026-11-16/Z3A0017/{number:07d}.mp4", len(content)), own.sealer.seal(digest.digest())


def fill(objects: Objects, own: station.Kit, count: int, size: int) -> list[Item]:
    """Objects with their seals."""

    def one(number: int) -> Item:
        content = secrets.token_bytes(size)
        item, seal = sealed(own, content, number)
        key = clip_key(STATION, item.stored, item.clip)
        objects.put(key, content)
        objects.put(key + SEAL_ENDING, seal.encode())
        return item

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, range(count)))


def throughput(folder: Path, server: databases.Postgres, count: int, mib: int, rounds: int) -> list[list[str]]:
    """The three ways in turn, as often as asked."""
    with stores.seaweed(folder / "weed") as weed:
        weed.make_bucket()
        own, bureau = house(folder, weed.url, server.make("throughput"))
        items = fill(trusted_objects(own), own, count, mib << 20)
        keys, store = [clip_key(STATION, item.stored, item.clip) for item in items], trusted_objects(bureau).name
        prepare(bureau.settings.bureau.database)
        times: dict[str, list[float]] = {"openssl": [], "local": [], "queue": []}
        for number in range(rounds):
            times["openssl"].append(peer(weed.url, keys))
            write_down(bureau, f"local-{number}", store, items)
            times["local"].append(timed(lambda n=number: run_local(f"local-{n}", bureau, WORKERS)))
            with workers(bureau.root, WORKERS):
                write_down(bureau, f"queue-{number}", store, items, queued=True)
                times["queue"].append(timed(lambda n=number: until_done(bureau, f"queue-{n}")))
            print(f"round {number}: " + ", ".join(f"{name} {took[-1]:.1f} s" for name, took in times.items()), flush=True)
    total = count * mib
    return [
        [name, f"{statistics.median(took):.2f} s", f"{total / statistics.median(took):.0f} MiB/s",
         f"{statistics.median(a / b for a, b in zip(took, times['openssl'], strict=True)):.2f}"]
        for name, took in times.items()
    ]  # fmt: skip


def growth(folder: Path, server: databases.Postgres, most: int) -> list[list[str]]:
    """Milliseconds for a clip at 10^3 and more, on both runners, over one folder."""
    share = folder / "share"
    share.mkdir()
    own, bureau = house(folder, str(share), server.make("growth"))
    store = trusted_objects(bureau).name
    items = []
    for number in range(most):
        content = number.to_bytes(100, "big")
        item, seal = sealed(own, content, number)
        path = share / clip_key(STATION, item.stored, item.clip)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.with_name(path.name + SEAL_ENDING).write_text(seal)
        items.append(item)
    rows, count = [], 1000
    prepare(bureau.settings.bureau.database)
    while count <= most:
        write_down(bureau, f"l{count}", store, items[:count])
        local = timed(lambda n=count: run_local(f"l{n}", bureau, WORKERS))
        with workers(bureau.root, WORKERS):
            written = timed(lambda n=count: write_down(bureau, f"q{n}", store, items[:n], queued=True))
            queued = written + timed(lambda n=count: until_done(bureau, f"q{n}"))
        rows.append(
            [f"{count:,}", *(f"{1000 * took / count:.2f} ms" for took in (local, queued)), f"{1e6 * written / count:.0f} us"]
        )
        print(rows[-1], flush=True)
        count *= 10
    return rows


def main() -> int:
    arguments = argparse.ArgumentParser()
    for name, value in (("objects", 400), ("mib", 4), ("rounds", 3), ("grow", 100_000)):
        arguments.add_argument(f"--{name}", type=int, default=value)
    given = arguments.parse_args()
    print(f"machine: {describe()}")
    os.environ |= {"AWS_ACCESS_KEY_ID": stores.KEY, "AWS_SECRET_ACCESS_KEY": stores.SECRET}
    servers = Path("/tmp") / f"avrecord-bench-{os.getpid()}"  # PostgreSQL runs as somebody else
    try:
        with tempfile.TemporaryDirectory() as name, databases.postgres(servers) as server:
            (folder := Path(name) / "a").mkdir()
            through = throughput(folder, server, given.objects, given.mib, given.rounds)
            (folder := Path(name) / "b").mkdir()
            grown = growth(folder, server, given.grow)
    finally:
        shutil.rmtree(servers, ignore_errors=True)
    print(table(["way", f"{given.objects} x {given.mib} MiB, {WORKERS} workers", "rate", "times openssl"], through))
    print(table(["clips of 100 bytes", "local, a clip", "queue, a clip", "of it writing down"], grown))
    return 0


if __name__ == "__main__":
    sys.exit(main())
