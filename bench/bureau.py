"""A bureau's year in the index, rows only, and what the supervisor's queries cost over it as it grows.

    python bench/bureau.py [--clips 1000000] [--steps 3]

20 units, 400 officers, 300 recorders, 12 months, 100,000 stages, 1,000,000 clips (and a tenth and a hundredth of them). Each
query is measured against a bare `SELECT count(*)` over the same rows in the same run; the goal is growth with the answer,
not with the archive. The rows are written past the log: this is about reading.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from machine import describe, table

from avrecord import station
from avrecord.model.moments import beijing, utc_text
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.link import proposals
from avrecord.pipeline.lists import adopt_checklist
from avrecord.pipeline.missing import accounts, missing
from avrecord.pipeline.reviewing import queue
from avrecord.pipeline.statistics import month_figures
from avrecord.store.sqlite import sqlite3

UNITS, OFFICERS, RECORDERS, DAYS = 20, 400, 300, 365
NEW_YEAR = datetime(2025, 12, 31, 16, 0, tzinfo=UTC)  # midnight in Beijing
STAGES = ("现场检查", "调查取证", "事先告知", "当场处罚", "直接送达", "先行登记保存")


def fill(kit: Kit, clips: int) -> tuple[str, str, str]:
    """Write the year's rows; return a unit, a month's first and last moment (UTC text)."""
    chance = random.Random(clips)
    stages = clips // 10
    connection = sqlite3.connect(kit.store.path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("BEGIN")
    for officer in range(OFFICERS):
        held = {"recorder": f"Z{officer % RECORDERS:05d}", "officer": f"04{officer:04d}", "since": "2026-01-01", "until": None}
        insert(connection, "assignments", held | {"seq": officer})
    for n in range(stages):
        one_stage(connection, n, stages, chance)
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.close()
    june = NEW_YEAR + timedelta(days=151)
    return "第3大队", utc_text(june), utc_text(june + timedelta(days=30))


def one_stage(connection: sqlite3.Connection, n: int, of: int, chance: random.Random) -> None:
    """A stage of two officers, and ten clips: six that cover it, four of something else that day."""
    day = n * DAYS // of
    start = NEW_YEAR + timedelta(days=day, hours=8, minutes=chance.randrange(480))
    officer = chance.randrange(OFFICERS)
    name, unit = STAGES[n % len(STAGES)], f"第{officer * UNITS // OFFICERS}大队"
    key = {"case_no": f"综执罚字〔2026〕{n // 2}号", "stage_id": f"{name}-{n % 2}"}
    end = start + timedelta(minutes=30)
    facts = {"case_kind": "行政处罚", "stage": name, "unit": unit, "place": "", "party": "", "seq": n}
    insert(connection, "stages", key | facts | {"starts": utc_text(start), "ends": utc_text(end)})
    for each in (officer, (officer + 1) % OFFICERS):
        insert(connection, "stage_officers", key | {"officer": f"04{each:04d}", "starts": utc_text(start)})
    for c in range(10):
        clip = f"{n * 10 + c:064x}"
        at = start + timedelta(minutes=5 * c) if c < 6 else start + timedelta(hours=2 + c)
        recorder = f"Z{officer % RECORDERS:05d}"
        insert(connection, "clips", {
            "clip_id": clip, "seq": 10**7 + n * 10 + c, "sealed_at": utc_text(at + timedelta(hours=9)), "size": 10**8,
            "docking": f"{day:016x}", "recorder": recorder, "name": f"{c}.mp4", "stored": f"{day}/{recorder}/{n}-{c}.mp4",
            "media": "video", "claimed_start": utc_text(at), "true_start": utc_text(at), "offset_ms": 0, "uncertainty_ms": 2000,
            "user_no": None, "sequence_no": None, "important": 0, "read_back": "direct", "set_aside": None,
            "duration_ms": 300_000, "day": beijing(at, "%Y-%m-%d"), "claim_doubt": None,
        })  # fmt: skip
        insert(connection, "examinations", {
            "clip_id": clip, "seq": 2 * 10**7 + n * 10 + c, "examined_at": utc_text(at), "outcome": "complete", "reason": None,
            "attempt": 1, "checks": "id_shown@3", "looked": "id_shown notice_given", "listened": "", "heard": "", "unheard": None,
            "tier": "", "dense_to_ms": None, "longest_gap_ms": 2000, "light": "day", "light_share": 1000, "video_codec": "h264",
            "width": 1920, "height": 1080, "digest": "0" * 64,
        })  # fmt: skip
        if c in (0, 2) and chance.random() < 0.8:
            insert(connection, "observations", {
                "clip_id": clip, "n": 0, "segment": "id_shown" if c == 0 else "notice_given", "check_version": "id_shown@3",
                "at_ms": 4000, "score": 900, "words": "行政执法证", "evidence": None, "doubtful": 0,
            })  # fmt: skip
        if c < 6:
            link = {"clip_id": clip, "seq": n, "method": "assignment", "overlap_ms": 300_000, "uncertainty_ms": 2000}
            insert(connection, "links", key | link)


def insert(connection: sqlite3.Connection, name: str, row: dict[str, object]) -> None:
    marks = ", ".join(f":{key}" for key in row)
    connection.execute(f"INSERT OR REPLACE INTO {name} ({', '.join(row)}) VALUES ({marks})", row)


def seconds(work: Callable[[], int], rounds: int = 3) -> tuple[float, int]:
    """The median of some rounds, and how long the answer is."""
    times, answer = [], 0
    for _ in range(rounds):
        begun = time.perf_counter()
        answer = work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times), answer


def questions(kit: Kit, unit: str, since: str, until: str) -> Iterator[tuple[str, Callable[[], int], str]]:
    """Name, the query, and the bare count over the rows that it has to read."""
    span = {"unit": unit, "since": since, "until": until}
    where = f"WHERE s.unit = '{unit}' AND s.starts >= '{since}' AND s.starts < '{until}'"
    joined = "links l JOIN stages s ON s.case_no = l.case_no AND s.stage_id = l.stage_id"
    bare = f"SELECT count(*) FROM {joined} JOIN clips c ON c.clip_id = l.clip_id {where}"
    one = next(iter(kit.records.stages(**span)))
    yield "cases missing --unit --month", lambda: len(missing(kit, **span)), bare
    yield "reviews queue --unit --month", lambda: len(queue(kit, **span)), bare
    yield "cases proposals --unit --month", lambda: len(proposals(kit, kit.records.stages(**span))), bare
    alone = f"SELECT count(*) FROM links WHERE case_no = '{one.id.case}'"
    yield "cases show", lambda: len(list(accounts(kit, case_no=one.id.case))), alone
    month = "SELECT count(*) FROM clips c WHERE c.day BETWEEN '2026-06-01' AND '2026-06-30'"
    yield "clips of a recorder's month", lambda: len(kit.records.clips(recorder="Z00070", since=since, until=until)), month
    yield "audit statistics --unit --month", lambda: len(month_figures("2026-06", unit, kit).officers), month


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--clips", type=int, default=1_000_000)
    arguments.add_argument("--steps", type=int, default=3)
    given = arguments.parse_args()
    print(f"machine: {describe()}")
    rows: dict[str, list[str]] = {}
    sizes = [given.clips // 10**n for n in reversed(range(given.steps))]
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "station"
            station.create(root, "bench", "bench")
            kit = station.open_station(root)
            adopt_checklist(root / "config" / "checklists" / "default.toml", "041000", kit)
            begun = time.perf_counter()
            unit, since, until = fill(kit, size)
            print(f"{size:,} clips, {size // 10:,} stages: rows written in {time.perf_counter() - begun:.0f} s", flush=True)
            for name, work, bare in questions(kit, unit, since, until):
                took, answer = seconds(work)
                with sqlite3.connect(kit.store.path) as connection:
                    base, counted = seconds(lambda c=connection, q=bare: c.execute(q).fetchone()[0])
                ratio, each_ms = took / max(base, 1e-9), 1000 * took / max(1, answer)
                cell = f"{took:.2f} s, {answer} rows ({ratio:.0f} x count of {counted}; {each_ms:.1f} ms a row)"
                rows.setdefault(name, []).append(cell)
    print()
    print(table(["query", *(f"{size:,} clips" for size in sizes)], [[name, *cells] for name, cells in rows.items()]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
