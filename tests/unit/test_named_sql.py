"""Named SQL: blocks that can be pasted into sqlite3, each name once."""

from __future__ import annotations

import re

import pytest

from avrecord.store import named
from avrecord.store.named import blocks, queries, schema
from avrecord.store.sqlite import Store, sqlite3


def test_blocks_are_found_by_name_without_their_semicolon():
    text = "-- one --\n-- What it is for.\nSELECT 1;\n\n-- two --\nSELECT 2 -- in passing --\nFROM t;\n"
    assert blocks(text) == {"one": "-- What it is for.\nSELECT 1", "two": "SELECT 2 -- in passing --\nFROM t"}


def test_a_file_without_blocks_has_no_queries():
    assert blocks("\n\n") == {}


@pytest.mark.parametrize("text", ["SELECT 0;\n-- one --\nSELECT 1;\n", "-- a remark\n-- one --\nSELECT 1;\n", "SELECT 1;"])
def test_sql_that_belongs_to_no_name_is_refused(text):
    with pytest.raises(ValueError, match="stray"):
        blocks(text)


def test_a_name_used_twice_in_a_file_is_refused():
    with pytest.raises(ValueError, match="twice"):
        blocks("-- one --\nSELECT 1;\n-- one --\nSELECT 2;\n")


def test_a_name_used_in_two_files_is_refused(tmp_path, monkeypatch):
    (tmp_path / "queries").mkdir()
    for name in ("a.sql", "b.sql"):
        (tmp_path / "queries" / name).write_text("-- one --\nSELECT 1;\n")
    monkeypatch.setattr(named, "files", lambda package: tmp_path)
    with pytest.raises(ValueError, match="one twice"):
        queries.__wrapped__()


@pytest.fixture(scope="module")
def database(tmp_path_factory) -> sqlite3.Connection:
    path = tmp_path_factory.mktemp("store") / "avrecord.db"
    Store(path).close()
    connection = sqlite3.connect(path)
    yield connection
    connection.close()


@pytest.mark.parametrize("name", sorted(queries()))
def test_every_query_is_one_statement_that_fits_the_schema(database, name):
    sql = queries()[name]
    values = dict.fromkeys(re.findall(r":(\w+)", sql), "")
    assert database.execute(f"EXPLAIN {sql}", values).fetchall()


def test_every_table_is_strict(database):
    """A text in a number's column would only be noticed by the ledger that adds it up."""
    tables = database.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'").fetchall()
    assert {name for name, strict in tables if not strict and not name.startswith("sqlite_")} == set()
    assert len(tables) > 10


def test_schema_steps_are_applied_in_the_order_of_their_numbers():
    names = [name for name, _ in schema()]
    assert names == sorted(names)
    assert all(re.fullmatch(r"\d{3}_\w+\.sql", name) for name in names)
