"""How a statement becomes rows: one function per kind, registered by the rooms beside this one."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch

from avrecord.model.statement import Body, Statement

Run = Callable[..., object]
Fetch = Callable[[str], bytes]


@singledispatch
def rows_of(body: Body, statement: Statement, run: Run, fetch: Fetch) -> None:
    """Kinds without rows of their own: service.started, export.made."""
