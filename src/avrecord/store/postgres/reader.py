"""Reading many stations' indexes over one connection for each thread: a page asks a hundred of them in turn.

A connection for each station and thread would be four thousand; PostgreSQL holds a hundred.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import sql

from avrecord.errors import DatabaseProblem
from avrecord.store.postgres.dialect import for_postgres
from avrecord.store.postgres.store import NAME, PREFIX, Row, connected, explained


class Readers:
    """Connections by thread, read-only. `of` gives one station's rows."""

    def __init__(self, address: str) -> None:
        """`address`: libpq's connection string."""
        self.address = address
        self._local = threading.local()

    def of(self, station: str) -> Reader:
        """Rows of a station. Raises ValueError for what is no station's id: it names a schema."""
        if not NAME.fullmatch(station):
            raise ValueError(f"not a station id: {station!r}")
        return Reader(self, PREFIX + station)

    def run(self, schema: str, query: str, values: dict[str, object]) -> list[Row]:
        """All rows of a named query over one schema. Raises DatabaseProblem."""
        with explained():
            connection = self._connection()
            if self._local.schema != schema:
                connection.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(schema)))
                self._local.schema = schema
            return connection.execute(for_postgres(query).encode(), values).fetchall()

    def close(self) -> None:
        """Close this thread's connection."""
        if connection := getattr(self._local, "connection", None):
            with suppress(psycopg.Error):
                connection.close()
            del self._local.connection

    def _connection(self) -> psycopg.Connection[Row]:
        found: psycopg.Connection[Row] | None = getattr(self._local, "connection", None)
        if found is None or found.closed or found.broken:
            found = self._local.connection = connected(self.address)
            found.execute("SET default_transaction_read_only TO on")
            self._local.schema = ""
        return found


class Reader:
    """What `store.sqlite.Store` is to those who only ask. Writing is refused: the log of a station is written by that station."""

    def __init__(self, readers: Readers, schema: str) -> None:
        self._readers, self._schema = readers, schema

    def rows(self, query: str, **values: object) -> list[Row]:
        """All rows of a named query."""
        return self._readers.run(self._schema, query, values)

    def row(self, query: str, **values: object) -> Row | None:
        """The first row of a named query, or None."""
        return next(iter(self.rows(query, **values)), None)

    def writing(self) -> Any:
        """Raises DatabaseProblem."""
        raise DatabaseProblem(detail="这里只读")

    def close(self) -> None:
        """Nothing: the connection is its thread's."""
