"""Questions over 100 stations and 10^6 clips, on SQLite and on PostgreSQL, against their bare SQL in the same run.

    python bench/town.py [--stations 100] [--clips 10000]

Each station holds a year of `bench/bureau.py` (rows past the log: this is about reading). Bare is the station's own SQL, sent to
each station's tables in turn, with the rows fetched: what an engine can do at best for this question. PostgreSQL is started here.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bureau import fill
from machine import describe, table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import contract.servers as databases
from avrecord import durable, station
from avrecord.bureau import stations
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.lists import adopt_checklist
from avrecord.pipeline.witnessing import trust
from avrecord.reads.across import across
from avrecord.reads.answer import Answer
from avrecord.reads.clips import clip_list
from avrecord.reads.missing import missing_of
from avrecord.reads.town import town
from avrecord.seal.keys import origin_of
from avrecord.seal.note import NoteKey
from avrecord.seal.signer import SoftSigner
from avrecord.store.postgres.reader import Readers
from avrecord.store.postgres.store import PostgresStore
from avrecord.store.sqlite import Store, sqlite3

SPAN = {"since": "2026-05-31T16:00:00.000000Z", "until": "2026-06-30T16:00:00.000000Z"}
EVERY = dict.fromkeys(("case_no", "recorder", "officer", "since", "until", "state"), "")
ROUNDS = 3
Rows = Callable[..., list[dict[str, Any]]]


def names(count: int) -> list[str]:
    return [f"dock-{number:03d}" for number in range(count)]


def make(folder: Path, count: int, clips: int, address: str) -> tuple[Kit, Kit]:
    """Two bureaus over the same rows: one with a file for each station, one with a schema for each."""
    model = folder / "model"
    station.create(model, "model", "model")
    kit = station.open_station(model)
    adopt_checklist(model / "config" / "checklists" / "default.toml", "041000", kit)
    fill(kit, clips)
    kit.store.close()
    found = []
    for name, database in (("files", ""), ("schemas", address)):
        station.create(folder / name, name, name)
        if database:
            settings = folder / name / "station.toml"
            settings.write_text(f'{settings.read_text("utf-8")}\n[bureau]\ndatabase = "{database}"\n', "utf-8")
        bureau = station.open_station(folder / name)
        for each in names(count):
            trust(bureau, NoteKey(origin_of(each), SoftSigner.generate().public).vkey)
            durable.make_folder(stations.memory(each, bureau))
            (stations.memory(each, bureau) / "attachments").symlink_to(model / "attachments")
        found.append(bureau)
    copy_files(model, found[0], count)
    copy_schemas(model, address, count)
    return found[0], found[1]


def copy_files(model: Path, bureau: Kit, count: int) -> None:
    for each in names(count):
        shutil.copy(model / "avrecord.db", stations.memory(each, bureau) / "index.db")


def copy_schemas(model: Path, address: str, count: int) -> None:
    """The first schema row by row, the others from it."""
    first, *others = names(count)
    with closing(sqlite3.connect(model / "avrecord.db")) as here, closing(PostgresStore(address, first)) as there:
        tables = [
            name
            for (name,) in here.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'schema_steps'"
            )
        ]
        for name in tables:
            cursor = here.execute(f'SELECT * FROM "{name}"')
            fields = ", ".join(f'"{column[0]}"' for column in cursor.description)
            with there.connection.cursor().copy(f'COPY "{name}" ({fields}) FROM STDIN'.encode()) as copy:
                for row in cursor:
                    copy.write_row(row)
        source = there.schema
    for each in others:
        with closing(PostgresStore(address, each)) as there, there.connection.transaction():
            for name in tables:
                there.connection.execute(f'INSERT INTO "{name}" SELECT * FROM "{source}"."{name}"'.encode())
    with closing(PostgresStore(address, first)) as there:
        there.connection.execute(b"ANALYZE")


@contextmanager
def bare_rows(bureau: Kit, each: str, readers: Readers | None) -> Iterator[Rows]:
    if readers:
        yield readers.of(each).rows
        return
    with closing(Store(stations.memory(each, bureau) / "index.db")) as store:
        yield store.rows


def bare(bureau: Kit, count: int, readers: Readers | None, asked: Sequence[tuple[str, dict[str, Any]]]) -> int:
    """The named statements themselves, over every station."""
    found = 0
    for each in names(count):
        with bare_rows(bureau, each, readers) as rows:
            found += sum(len(rows(query, **values)) for query, values in asked)
    return found


def database_size(address: str) -> int:
    """Bytes of the whole database."""
    with closing(PostgresStore(address, names(1)[0])) as there:
        row = there.connection.execute(b"SELECT pg_database_size(current_database()) AS size").fetchone()
        return int(row["size"]) if row else 0


def seconds(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def a_month_of(unit: str, view: Kit) -> Answer:
    return missing_of(view, unit=unit, since=SPAN["since"], until=SPAN["until"])


QUESTIONS: list[tuple[str, Callable[[Kit], Answer], list[tuple[str, dict[str, Any]]]]] = [
    ("bureau status", town, [("town_figures", {"store": "", "key": ""}), ("projected", {})]),
    (
        "ask all clips --recorder, a month",
        lambda kit: across(kit, partial(clip_list, recorder="Z00070", **SPAN)),
        [("clips_where", EVERY | {"recorder": "Z00070", **SPAN})],
    ),
    (
        "ask all cases missing --unit --month",
        lambda kit: across(kit, partial(a_month_of, "第3大队")),
        [("stages_where", {"case_no": "", "unit": "第3大队", **SPAN})],
    ),
]


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--stations", type=int, default=100)
    arguments.add_argument("--clips", type=int, default=10_000)
    given = arguments.parse_args()
    print(f"machine: {describe()}")
    servers = Path("/tmp") / f"avrecord-bench-{os.getpid()}"  # PostgreSQL runs as somebody else
    rows = []
    try:
        with tempfile.TemporaryDirectory() as folder, databases.postgres(servers) as server:
            address = server.make("town")
            begun = time.perf_counter()
            files, schemas = make(Path(folder), given.stations, given.clips, address)
            print(f"{given.stations} stations x {given.clips:,} clips written in {time.perf_counter() - begun:.0f} s", flush=True)
            sizes = (stations.memory(names(1)[0], files) / "index.db").stat().st_size, database_size(address) / given.stations
            print(
                "index of a clip: " + ", ".join(f"{size / given.clips:.0f} bytes" for size in sizes) + " (SQLite, PostgreSQL)",
                flush=True,
            )
            for title, ask, queries in QUESTIONS:
                cells = []
                for bureau, readers in ((files, None), (schemas, Readers(address))):
                    base = seconds(partial(bare, bureau, given.stations, readers, queries))
                    ours = seconds(partial(ask, bureau))
                    cells.append(f"{ours:.2f} s, {ours / base:.1f} x {base:.2f} s")
                    if readers:
                        readers.close()
                rows.append([title, *cells])
                print(rows[-1], flush=True)
    finally:
        shutil.rmtree(servers, ignore_errors=True)
    print(table(["question", "SQLite, a file each", "PostgreSQL, a schema each"], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
