"""The database file: a view of the log that survives the wall switch and refuses what would corrupt it."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest

from avrecord.errors import DatabaseProblem, SqliteTooOld
from avrecord.store import sqlite
from avrecord.store.sqlite import Store, sqlite3


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "avrecord.db")
    yield made
    made.close()


@pytest.fixture
def opened(monkeypatch) -> list:
    """Every connection that the product opens."""
    found = []
    real = sqlite3.connect

    def connect(*arguments: object, **named: object):
        found.append(real(*arguments, **named))
        return found[-1]

    monkeypatch.setattr(sqlite.sqlite3, "connect", connect)
    return found


def pragmas(connection) -> dict[str, object]:
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    return {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names}


FULL = 2
DURABLE = {"journal_mode": "wal", "synchronous": FULL, "foreign_keys": 1, "busy_timeout": 10_000}


def say(store: Store, seq: int, kind: str = "service.started") -> None:
    with store.writing() as run:
        run("add_statement", seq=seq, kind=kind, at="2026-11-16T01:00:00.000000Z", by_whom="service")


def test_every_connection_of_every_thread_is_wal_and_full(tmp_path, opened):
    """WAL + NORMAL lost 50 of 50 acknowledged commits at the wall switch, the default journal 1 of 50."""
    store = Store(tmp_path / "avrecord.db")
    found: list[dict[str, object]] = []

    def work() -> None:
        say(store, len(found))
        store.rows("projected")
        found.extend(pragmas(connection) for connection in opened[-2:])
        store.close()

    store.close()
    for _ in range(2):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert found == [DURABLE] * 4
    assert len(opened) == 5


def test_the_library_is_new_enough_not_to_corrupt_a_wal():
    assert sqlite3.sqlite_version_info >= (3, 51, 3)


def test_a_library_that_may_corrupt_the_database_is_not_let_near_it(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite.sqlite3, "sqlite_version_info", (3, 51, 2))
    with pytest.raises(SqliteTooOld):
        Store(tmp_path / "avrecord.db")
    assert not (tmp_path / "avrecord.db").exists()


def test_what_was_written_is_read_by_another_connection(store):
    say(store, 0)
    assert store.row("projected") == {"size": 1}
    assert store.row("one_clip", clip_id="ab" * 32) is None


def test_readers_cannot_write(store):
    with pytest.raises(DatabaseProblem, match="readonly"):
        store.rows("add_statement", seq=0, kind="x", at="", by_whom="")


def test_a_transaction_that_fails_leaves_nothing(store):
    def half() -> None:
        with store.writing() as run:
            run("add_statement", seq=0, kind="x", at="", by_whom="")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert store.row("projected") == {"size": 0}
    say(store, 0)


def test_a_reader_does_not_see_a_transaction_before_its_end(store):
    with store.writing() as run:
        run("add_statement", seq=0, kind="x", at="", by_whom="")
        assert store.row("projected") == {"size": 0}
    assert store.row("projected") == {"size": 1}


def test_a_second_writer_waits_instead_of_failing(store, tmp_path):
    inside, other_done = threading.Event(), threading.Event()

    def other() -> None:
        inside.wait(5)
        with closing(Store(tmp_path / "avrecord.db")) as second:
            say(second, 1)
        other_done.set()

    thread = threading.Thread(target=other)
    thread.start()
    with store.writing() as run:
        run("add_statement", seq=0, kind="x", at="", by_whom="")
        inside.set()
        assert not other_done.wait(0.3)
    thread.join(10)
    assert store.row("projected") == {"size": 2}


def test_a_transaction_holds_the_writers_place_from_its_beginning(store):
    """A deferred writer that upgrades gets SQLITE_BUSY at once, whatever the timeout."""
    refused = pytest.raises(sqlite3.OperationalError, match="locked")
    with closing(sqlite3.connect(store.path, timeout=0)) as other, store.writing(), refused:
        other.execute("BEGIN IMMEDIATE")


def test_what_sqlite_refuses_is_told_as_an_error_of_the_product(store):
    say(store, 0)
    with pytest.raises(DatabaseProblem, match="rebuild"):
        say(store, 0)
    with pytest.raises(DatabaseProblem):
        say(store, 1, kind=None)
    assert store.row("projected") == {"size": 1}


def test_a_file_that_is_no_database_is_told_as_an_error_of_the_product(tmp_path):
    (tmp_path / "avrecord.db").write_bytes(b"not a database, but long enough to have a header" * 100)
    with pytest.raises(DatabaseProblem):
        Store(tmp_path / "avrecord.db")


def test_opening_again_applies_no_schema_step_twice(store, tmp_path):
    say(store, 0)
    with closing(Store(tmp_path / "avrecord.db")) as again:
        assert again.row("projected") == {"size": 1}


def test_a_schema_step_that_fails_is_not_half_applied(tmp_path, monkeypatch):
    shipped = sqlite.schema()
    steps = (*shipped, ("999_next.sql", "CREATE TABLE fresh (x TEXT) STRICT;\nCREATE TABLE clips (x TEXT) STRICT;\n"))
    monkeypatch.setattr(sqlite, "schema", lambda part: steps)
    with pytest.raises(DatabaseProblem, match="clips"):
        Store(tmp_path / "avrecord.db")
    with closing(sqlite3.connect(tmp_path / "avrecord.db")) as connection:
        assert connection.execute("SELECT name FROM schema_steps").fetchall() == [(name,) for name, _ in shipped]
        assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'fresh'").fetchall() == []


def test_a_copy_holds_what_was_committed(store, tmp_path):
    say(store, 0)
    store.copy_to(tmp_path / "copy.db")
    with closing(Store(tmp_path / "copy.db")) as copy:
        assert copy.row("projected") == {"size": 1}


def test_a_folder_with_a_question_mark_in_its_name_is_no_parameter(tmp_path):
    folder = Path(tmp_path, "a?mode=memory#b")
    folder.mkdir()
    with closing(Store(folder / "avrecord.db")) as store:
        say(store, 0)
    assert (folder / "avrecord.db").exists()
