"""The index of one station's log on PostgreSQL: a schema of its own in the bureau's database, collation C.

A schema for each station: a fork freezes that station's rows and nobody else's, a station is dropped and projected again
without the others, and the SQL is the very SQL of the station. One writer for each station: an advisory lock.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql
from psycopg.adapt import Buffer, Loader
from psycopg.rows import dict_row

from avrecord.errors import DatabaseProblem, SchemaChanged
from avrecord.store.named import STATION
from avrecord.store.postgres.dialect import for_postgres, steps

Row = dict[str, Any]
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
PREFIX = "station_"
CONNECT_S = 10


class PostgresStore:
    """Rows by named query, as `store.sqlite.Store` gives them. One connection for each thread."""

    def __init__(self, address: str, station: str, part: str = STATION) -> None:
        """`address`: libpq's connection string, without a password where `~/.pgpass` or a socket serves. `station`: its id.

        Another `part` than a log's index has a schema of its own name, which no station's id can be.
        """
        if not NAME.fullmatch(station):
            raise ValueError(f"not a station id: {station!r}")
        self.address, self._part = address, part
        self.schema = PREFIX + station if part == STATION else part
        self._local = threading.local()
        try:
            with explained():
                self._prepare()
        except BaseException:
            self.close()
            raise

    def rows(self, query: str, **values: object) -> list[Row]:
        """All rows of a named query."""
        with explained():
            return self._run(query, values).fetchall()

    def row(self, query: str, **values: object) -> Row | None:
        """The first row of a named query, or None."""
        with explained():
            return self._run(query, values).fetchone()

    @contextmanager
    def writing(self) -> Iterator[Callable[..., None]]:
        """One transaction; yields a function that runs a named statement in it. Others who write wait for it."""
        with explained():
            connection = self.connection
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [self.schema])

                def run(query: str, **values: object) -> None:
                    self._run(query, values)

                yield run

    def close(self) -> None:
        """Close this thread's connection."""
        if connection := getattr(self._local, "connection", None):
            connection.close()
            del self._local.connection

    def drop(self) -> None:
        """Forget every row: the log gives them again."""
        with explained():
            self.connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(self.schema)))
        self.close()

    def _run(self, query: str, values: dict[str, object]) -> psycopg.Cursor[Row]:
        given = {name: _plain(value) for name, value in values.items()}
        return self.connection.execute(for_postgres(query, self._part).encode(), given)

    @property
    def connection(self) -> psycopg.Connection[Row]:
        """This thread's connection: while it writes, what is done over it is in the same transaction."""
        found: psycopg.Connection[Row] | None = getattr(self._local, "connection", None)
        if found is None or found.closed or found.broken:
            found = self._local.connection = self._connect()
        return found

    def _connect(self) -> psycopg.Connection[Row]:
        made = connected(self.address)
        # Never `public`: what lies there is anybody's.
        made.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(self.schema)))
        made.execute("SET synchronous_commit TO on")
        return made

    def _prepare(self) -> None:
        """Make the schema, and every step of it once, in one transaction with the note of what was applied.

        Raises SchemaChanged for one that another version of the program made, DatabaseProblem for another collation.
        """
        connection = self.connection
        collation = connection.execute("SELECT datcollate AS name FROM pg_database WHERE datname = current_database()").fetchone()
        if collation is None or collation["name"] not in ("C", "POSIX"):
            raise DatabaseProblem(
                detail="数据库的排序规则应为 C（建库时写 LC_COLLATE 'C' TEMPLATE template0），否则次序与采集站不同"
            )
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [self.schema])
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(self.schema)))
            connection.execute("CREATE TABLE IF NOT EXISTS schema_steps (name TEXT PRIMARY KEY, digest TEXT NOT NULL)")
            applied = {row["name"]: row["digest"] for row in connection.execute("SELECT name, digest FROM schema_steps")}
            for name, statements in steps(self._part):
                digest = hashlib.sha256("\n;".join(statements).encode()).hexdigest()
                if applied.setdefault(name, digest) != digest:
                    raise SchemaChanged(detail=f"数据库由另一版本的程序建立（{name}）")
                if connection.execute("SELECT 1 FROM schema_steps WHERE name = %s", [name]).fetchone() is None:
                    for statement in statements:
                        connection.execute(statement.encode())
                    connection.execute("INSERT INTO schema_steps VALUES (%s, %s)", [name, digest])


def connected(address: str) -> psycopg.Connection[Row]:
    """A connection whose rows are dictionaries with SQLite's kinds of values."""
    made = psycopg.connect(address, autocommit=True, row_factory=dict_row, connect_timeout=CONNECT_S)
    made.adapters.register_loader("numeric", _Number)
    return made


class _Number(Loader):
    """Sums of integers come as numeric; as on SQLite they are whole numbers, averages are not."""

    def load(self, data: Buffer) -> int | float:
        number = Decimal(bytes(data).decode())
        return int(number) if number == number.to_integral_value() else float(number)


def _plain(value: object) -> object:
    """As SQLite keeps it: truth as 0 and 1; NUL, which PostgreSQL's text cannot hold, as the sign for what is unreadable."""
    if isinstance(value, bool):
        return int(value)
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


@contextmanager
def explained() -> Iterator[None]:
    """The server's errors as ours."""
    try:
        yield
    except psycopg.Error as error:
        raise DatabaseProblem(detail=" ".join(str(error).split())) from error
