"""Statements → rows: the one place that writes the index.

A statement and its attachments decide its rows, nothing else: no clock, no configuration. Replaying
the log into an empty database therefore gives the same database.
"""

from __future__ import annotations

from avrecord.errors import BytesMissing
from avrecord.model.statement import Statement
from avrecord.store.projecting import audit, card, case, fleet, house, keeping
from avrecord.store.projecting.base import Fetch, Run, rows_of

__all__ = ["ROOMS", "Fetch", "Run", "project"]

ROOMS = (audit, card, case, fleet, house, keeping)
"""Imported so that their functions are registered."""


def project(run: Run, statement: Statement, fetch: Fetch) -> None:
    """Write the rows of one statement. `run` executes a named statement, `fetch` reads an attachment."""
    run("add_statement", seq=statement.seq, kind=statement.body.kind, at=statement.at, by_whom=statement.by)
    try:
        rows_of(statement.body, statement, run, fetch)
    except BytesMissing as error:
        # The log goes on without rows that only a lost attachment could give; `verify` names it.
        run("add_unprojected", seq=statement.seq, reason=str(error))
