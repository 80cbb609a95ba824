"""The station's database: SQLite through sqlite-utils, WAL and synchronous=FULL on every connection.

WAL + NORMAL lost 50 of 50 acknowledged commits at the wall switch, the default journal 1 of 50;
SQLite 3.7.0-3.51.2 can corrupt a WAL when it is reset. Readers are read-only. One writer at a time:
the caller holds the log's lock.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database
from sqlite_utils.utils import sqlite3

from avrecord.errors import DatabaseProblem, SchemaChanged, SqliteTooOld
from avrecord.store.named import STATION, queries, schema

OLDEST = (3, 51, 3)
BUSY_MS = 10_000
TABLES = "SELECT name FROM other.sqlite_master WHERE type = 'table' AND name NOT LIKE 'local%' ORDER BY name"

Row = dict[str, Any]


def assert_sqlite() -> None:
    """Refuse a library that may corrupt the database. Called by whatever opens the file."""
    if sqlite3.sqlite_version_info < OLDEST:
        raise SqliteTooOld(version=sqlite3.sqlite_version)


class Store:
    """Rows by named query. One connection per thread and purpose."""

    def __init__(self, path: Path, part: str = STATION) -> None:
        assert_sqlite()
        self.path, self._part = path, part
        self._local = threading.local()
        with _explained():
            database = self._writer()
            for name, sql in schema(part):
                self._apply(database, name, sql)

    def rows(self, query: str, **values: object) -> list[Row]:
        """All rows of a named query, from a read-only connection."""
        with _explained():
            return list(self._reader().query(queries(self._part)[query], values))

    def row(self, query: str, **values: object) -> Row | None:
        """The first row of a named query, or None."""
        return next(iter(self.rows(query, **values)), None)

    @contextmanager
    def writing(self) -> Iterator[Callable[..., None]]:
        """One transaction; yields a function that runs a named statement in it.

        `BEGIN IMMEDIATE`: a deferred writer that upgrades gets SQLITE_BUSY at once, whatever the
        timeout (372,079 times in one trial).
        """
        with _explained():
            connection = self._writer().conn
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield lambda query, **values: connection.execute(queries(self._part)[query], values)
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise

    def copy_to(self, path: Path) -> None:
        """A consistent copy of the database, for backups and comparisons."""
        with _explained():
            self._reader().conn.execute("VACUUM INTO ?", [str(path)])

    def compare_with(self, other: Path) -> list[tuple[str, list[str], list[str]]]:
        """Table by table: rows only here, rows only in the other database (as text, in order)."""
        with _explained(), closing(self._open("rwc").conn) as connection:
            connection.execute("ATTACH ? AS other", [str(other)])
            tables = connection.execute(TABLES).fetchall()
            # EXCEPT knows no doubles, but every table has a key.
            return [
                (name, _only(connection, "main", "other", name), _only(connection, "other", "main", name)) for (name,) in tables
            ]

    def close(self) -> None:
        """Close this thread's connections."""
        for name in ("reader", "writer"):
            if database := getattr(self._local, name, None):
                database.conn.close()
                delattr(self._local, name)

    def _reader(self) -> Database:
        if not hasattr(self._local, "reader"):
            self._local.reader = self._open("ro")
        return self._local.reader

    def _writer(self) -> Database:
        if not hasattr(self._local, "writer"):
            self._local.writer = self._open("rwc")
        return self._local.writer

    def _open(self, mode: str) -> Database:
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_MS / 1000, isolation_level=None
        )
        for pragma in (f"busy_timeout={BUSY_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            if mode == "ro" and pragma.startswith("journal"):
                continue
            connection.execute(f"PRAGMA {pragma}")
        return Database(connection, execute_plugins=False)

    def _apply(self, database: Database, name: str, sql: str) -> None:
        """Apply a schema step once, in one transaction with the note of what was applied.

        Raises SchemaChanged when the file was made by another text of this step.
        """
        connection, digest = database.conn, hashlib.sha256(sql.encode()).hexdigest()
        connection.execute("CREATE TABLE IF NOT EXISTS schema_steps (name TEXT PRIMARY KEY, digest TEXT NOT NULL) STRICT")
        connection.execute("BEGIN IMMEDIATE")
        try:
            applied = connection.execute("SELECT digest FROM schema_steps WHERE name = ?", [name]).fetchone()
            if applied and applied[0] != digest:
                raise SchemaChanged(detail=f"数据库由另一版本的程序建立（{name}）")
            if applied is None:
                for statement in _statements(sql):
                    connection.execute(statement)
                connection.execute("INSERT INTO schema_steps VALUES (?, ?)", [name, digest])
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def snapshot(path: Path, target: Path) -> Store:
    """A consistent copy of a database that is only read: beside a working service, or on a read-only medium.

    Raises DatabaseProblem when it is missing or cannot be read.
    """
    with _explained():
        last: Exception | None = None
        for how in ("mode=ro", "immutable=1"):  # WAL needs a file beside it, which a read-only medium refuses
            try:
                with closing(sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True)) as source:
                    source.execute(f"PRAGMA busy_timeout={BUSY_MS}")
                    with closing(sqlite3.connect(target)) as copy:
                        source.backup(copy)
                return Store(target)
            except sqlite3.OperationalError as error:
                last = error
        raise last or DatabaseProblem(detail=str(path))


def _only(connection: Any, left: str, right: str, table: str) -> list[str]:
    """Rows of `left.table` that `right.table` lacks. All three names are ours, never input."""
    rows = connection.execute(f'SELECT * FROM {left}."{table}" EXCEPT SELECT * FROM {right}."{table}"')
    return sorted(" | ".join("" if value is None else str(value) for value in row) for row in rows)


def _statements(sql: str) -> Iterator[str]:
    """Single statements: executescript() would commit the transaction it stands in."""
    waiting = ""
    for line in sql.splitlines():
        waiting += line + "\n"
        if sqlite3.complete_statement(waiting):
            yield waiting
            waiting = ""


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise DatabaseProblem(detail=str(error)) from error
