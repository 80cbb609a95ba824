"""A month's figures cost what the month holds, whatever the archive holds; and the median is the median."""

from __future__ import annotations

import random
from statistics import median

import pytest

from avrecord.store.named import queries
from avrecord.store.sqlite import Store, sqlite3

MONTH = {"first": "2026-11-01", "last": "2026-11-30"}
BY_DAY = ("footage_by_unit", "footage_by_officer", "uploads_by_unit", "uploads_of_all", "uploads_by_officer", "clips_of_days")


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "a.db")
    yield made
    made.close()


def plan(store: Store, query: str) -> str:
    connection = sqlite3.connect(store.path)
    try:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {queries()[query]}", MONTH | {"limit_ms": 1}).fetchall()
    finally:
        connection.close()
    return "\n".join(row[-1] for row in rows)


@pytest.mark.parametrize("query", BY_DAY)
def test_a_months_clips_are_found_by_their_day_and_the_archive_is_not_read(store, query):
    said = plan(store, query)
    assert "clips_by_day (day>? AND day<?)" in said
    assert "SCAN c" not in said.replace("SCAN c USING INDEX clips_by_day", "")


def test_the_longest_clip_is_looked_up_and_not_searched_for(store):
    assert "clips_by_length" in plan(store, "longest_clip")


def clip(run, name: str, sealed: str, start: str | None, ms: int | None = 60_000, media="video", doubt=None, recorder="Z1"):
    run.execute(
        "INSERT INTO clips VALUES (?, 0, ?, 1, 'd', ?, ?, ?, ?, ?, ?, 0, 0, NULL, NULL, 0, 'direct', NULL, ?, ?, ?)",
        [name, sealed, recorder, name, name, media, start, start, ms, "2026-11-16", doubt],
    )


def uploaded(store: Store, limit_ms: int = 3_600_000):
    return store.rows("uploads_of_all", **MONTH, limit_ms=limit_ms)


@pytest.mark.parametrize("count", [1, 2, 3, 10, 11])
def test_the_median_delay_is_the_median(store, count):
    random.seed(count)
    delays = [random.randrange(1, 59) for _ in range(count)]
    connection = store._writer().conn
    for n, minutes in enumerate(delays):
        clip(connection, f"{n}", f"2026-11-16T02:{minutes:02d}:00.000000Z", "2026-11-16T01:59:00.000000Z")
    (row,) = uploaded(store, 30 * 60_000)
    assert (row["clips"], row["median_ms"]) == (count, round(median(delays) * 60_000))
    assert row["in_time"] == sum(minutes <= 30 for minutes in delays)


def test_a_delay_that_cannot_be_known_is_not_counted_and_one_below_nothing_is_nothing(store):
    connection = store._writer().conn
    sealed = "2026-11-16T02:00:00.000000Z"
    clip(connection, "no start", sealed, None)
    clip(connection, "doubted", sealed, "2026-11-16T01:00:00.000000Z", doubt="reset")
    clip(connection, "no length", sealed, "2026-11-16T01:00:00.000000Z", ms=None)
    assert uploaded(store) == []
    clip(connection, "ends after its seal", sealed, "2026-11-16T01:59:30.000000Z")
    clip(connection, "photo", sealed, "2026-11-16T01:59:30.000000Z", ms=None, media="photo")
    assert [row["delay_ms"] for row in store.rows("clips_of_days", **MONTH) if row["delay_ms"] is not None] == [0, 30_000]


def test_a_shared_recorder_counts_for_each_holder_once_though_they_were_assigned_twice(store):
    connection = store._writer().conn
    clip(connection, "a", "2026-11-16T03:00:00.000000Z", "2026-11-16T01:00:00.000000Z")
    for officer, since in (("FY1", "2026-01-01"), ("FY1", "2026-06-01"), ("FY2", "2026-06-01"), ("FY3", "2026-11-17")):
        connection.execute("INSERT INTO assignments VALUES ('Z1', ?, ?, NULL, 0)", [officer, since])
    assert {row["who"]: row["clips"] for row in store.rows("footage_by_officer", **MONTH)} == {"FY1": 1, "FY2": 1}
    assert {row["who"]: row["clips"] for row in store.rows("uploads_by_officer", **MONTH, limit_ms=1)} == {"FY1": 1, "FY2": 1}
