"""Named SQL blocks: `-- name --`, then one purpose line, then the statement."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files


def blocks(text: str) -> dict[str, str]:
    """Name → SQL of one file. Raises ValueError for stray text in front or a name used twice."""
    head, *parts = re.split(r"^-- (\w+) --$", text, flags=re.MULTILINE)
    names, bodies = parts[::2], [body.strip().rstrip(";") for body in parts[1::2]]
    if head.strip() or len(set(names)) < len(names):
        raise ValueError("stray SQL, or a name twice")
    return dict(zip(names, bodies, strict=True))


STATION = "."
"""The part of `store/` that indexes a log. `campaigns` holds what no log says: how far mass work came, and what it found."""


@cache
def queries(part: str = STATION) -> dict[str, str]:
    """Every named query of a part; names are unique over its files."""
    found: dict[str, str] = {}
    for file in sorted(files("avrecord.store").joinpath(part, "queries").iterdir(), key=lambda f: f.name):
        for name, sql in blocks(file.read_text("utf-8")).items():
            if name in found:
                raise ValueError(f"query {name} twice")
            found[name] = sql
    return found


@cache
def schema(part: str = STATION) -> tuple[tuple[str, str], ...]:
    """Schema steps in order: name and SQL."""
    folder = files("avrecord.store").joinpath(part, "schema")
    return tuple((f.name, f.read_text("utf-8")) for f in sorted(folder.iterdir(), key=lambda f: f.name))
