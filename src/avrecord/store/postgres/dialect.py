"""SQLite's SQL as PostgreSQL takes it: type words, parameters, and nothing that changes what a statement says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from avrecord.store.named import STATION, queries, schema

PARAMETER = re.compile(r"(?<![:\w]):([a-z_]\w*)")
COMMENT = re.compile(r"--[^\n]*")
WORDS = re.compile(r"'[^']*'")


@cache
def for_postgres(query: str, part: str = STATION) -> str:
    """A named query with psycopg's parameters. What stands between quotes is left alone."""
    found, last = [], 0
    sql = COMMENT.sub("", queries(part)[query]).replace("%", "%%")
    for quoted in WORDS.finditer(sql):
        found += [PARAMETER.sub(r"%(\1)s", sql[last : quoted.start()]), quoted.group()]
        last = quoted.end()
    return "".join([*found, PARAMETER.sub(r"%(\1)s", sql[last:])])


def steps(part: str = STATION) -> Iterator[tuple[str, list[str]]]:
    """The functions, then every schema step: its name and its single statements."""
    functions = files("avrecord.store").joinpath("postgres", "functions.sql").read_text("utf-8")
    if part == STATION:  # the campaigns ask nothing that needs them, and come from no log that could give them again
        yield "functions.sql", [functions]
    for name, sql in schema(part):
        # SQLite's INTEGER holds 64 bits; PostgreSQL's holds 32, and a card holds more bytes than that.
        plain = re.sub(r"\bINTEGER\b", "BIGINT", COMMENT.sub("", sql)).replace(") STRICT", ")")
        # An expression of an index stands in brackets of its own.
        plain = re.sub(r"\((coalesce\([^()]*\)), ", r"((\1), ", plain)
        yield name, [statement.strip() for statement in plain.split(";") if statement.strip()]
