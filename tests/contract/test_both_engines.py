"""One contract for both engines: the same log gives the same rows, and every question the same answer.

PostgreSQL is a real server of its own. What is compared is everything: each table, each named query with values that occur.
"""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import islice, product
from pathlib import Path

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avrecord import station as stations
from avrecord.bureau.ingest import Published, ingest
from avrecord.errors import DatabaseProblem, SchemaChanged
from avrecord.seal.codec import decode
from avrecord.seal.note import NoteKey
from avrecord.seal.witness import Witness
from avrecord.store.named import queries
from avrecord.store.postgres.dialect import PARAMETER, for_postgres
from avrecord.store.postgres.store import PostgresStore
from avrecord.store.projection import project
from avrecord.store.sqlite import Store
from avrecord.vault.attachments import Attachments
from cli.desk import Desk
from contract.servers import Postgres, postgres_for
from contract.test_rebuild import LOCAL, lived, replayed

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("postgres")]
MOST_TRIED = 40  # combinations of values for one query
LEAVES = {("newest_not_uploaded", "before"), ("other_leaves", "first"), ("other_leaves", "stop"),
    ("draw_of", "announced"), ("steps_of_problem", "problem"), ("holders_since", "since"), ("one_hold", "hold"),
    ("clips_changed", "since"), ("stages_changed", "since"), ("stages_corrected", "since"),
    ("statements_of_kind", "since"), ("keeping_links", "first"), ("keeping_links", "last"),
    ("locks_of", "first"), ("locks_of", "last"),
}  # fmt: skip
"""Parameters that are numbers of leaves, whatever they are called."""
READING = sorted(name for name, sql in queries().items() if re.match(r"(--.*\n)*\s*(SELECT|WITH)\b", sql))


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Postgres]:
    with postgres_for(tmp_path_factory) as made:
        yield made


@pytest.fixture(scope="module")
def address(server) -> str:
    return server.make("bureau")


@pytest.fixture
def index(address, request) -> Iterator[PostgresStore]:
    """An index of its own for a test."""
    made = PostgresStore(address, re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:40].strip("-"))
    yield made
    with suppress(DatabaseProblem):
        made.drop()


def fill(index: Store | PostgresStore, kit) -> None:
    with index.writing() as run:
        for at, entry in kit.log.entries():
            project(run, decode(entry, at), kit.attachments.get)


def rows_of(index: PostgresStore) -> dict[str, list[str]]:
    """Every row of every table, as `tables` gives SQLite's."""
    with psycopg.connect(index.address) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [index.schema]).fetchall()
        names = [name for (name,) in found if name not in LOCAL]
        return {
            name: sorted(map(repr, connection.execute(f'SELECT * FROM "{index.schema}"."{name}"'.encode()).fetchall()))
            for name in names
        }


def test_the_same_log_gives_the_same_rows_on_both_engines(lived, index, tmp_path):
    fill(index, lived)
    here, there = replayed(lived, tmp_path / "again.db"), rows_of(index)
    assert here.keys() == there.keys()
    assert len(here) > 30
    for name, rows in here.items():
        assert rows == there[name], name


def test_a_published_log_is_taken_into_postgresql_as_into_sqlite(lived, root, index, tmp_path):
    key = NoteKey(lived.log_keys[0].name, lived.log_keys[0].public)
    published = Published(lived.station, root / "log", Attachments(root / "attachments"), [key])
    witness = Witness(tmp_path / "witness", lived.witness_key, "bureau.example", [key], lambda: 0)
    for outcome in ("new", "same"):
        found = ingest(published, index, witness, tmp_path / "state")
        assert (found.outcome, found.indexed) == (outcome, lived.log.size)
    assert rows_of(index) == replayed(lived, tmp_path / "again.db")


def test_the_bureaus_commands_use_postgresql_where_the_settings_name_it(lived, root, address, tmp_path, monkeypatch, capsys):
    stations.create(tmp_path / "bureau", "bureau", "市局")
    lived.store.close()
    desk = Desk(tmp_path / "bureau", monkeypatch, capsys)
    assert desk("log", "trust", (root / "keys" / "log.vkey").read_text("ascii").strip()).code == 0
    monkeypatch.setenv("AVRECORD_STATION__BUREAU__DATABASE", address)
    assert desk("bureau", "take", "station-01", root).code == 0
    [row] = desk("bureau", "status", "--json").json["rows"]
    assert row["indexed"] == lived.log.size
    assert not list((tmp_path / "bureau").rglob("index.db"))
    with closing(PostgresStore(address, "station-01")) as index:
        assert index.row("projected") == {"size": lived.log.size}
        index.drop()
    monkeypatch.setenv("AVRECORD_STATION__BUREAU__DATABASE", f"host={tmp_path} dbname=nowhere connect_timeout=2")
    said = desk("bureau", "take", "station-01", root)
    assert (said.code, "Traceback" in said.err, "日志和片段未受影响" in said.err) == (40, False, True)


def occurring(store: Store, name: str, query: str) -> list[object]:
    """Values that a parameter of this name may be given: those of columns of that name, and those that ask for all."""
    if query == "clips_page" and name in ("since", "until", "after"):
        return {"since": [""], "until": ["9999"], "after": ["9999", "2026-11-16T01:05:00.000000Z"]}[name]
    if (query, name) in LEAVES:
        return [0, 9, 30]
    numbers = {
        "limit": [3],
        "most": [3],
        "count": [3],
        "store": ["http://store/avrecord", ""],
        "key": ["ssh-ed25519 AAAA"],
        "after": [-1, 3],
        "seq": [1, 5, 20],
        "size": [3000],
        "wide": [0, 60_000],
        "since": ["", "2026-11-01"],
    }
    known = {"until": ["", "2027-01-01"], "first": ["2026-01-01"], "last": ["2026-12-31"], "state": ["", "sealed", "unlinked"],
             "before": ["2027-01-01"], "beginning": ["0", "a"], "cases": ['["盘综执罚〔2026〕44号", "x"]'], "place": ["", "盘龙"],
             "after_id": ["z"], "longest": ["2026-01-01"], "limit_ms": [3_600_000]}  # fmt: skip
    if name in numbers or name in known:
        return numbers.get(name) or known[name]
    columns = {"holder": "SELECT holder AS v FROM holders", "docking": "SELECT docking AS v FROM dockings"}
    found: list[object] = []
    for table in (
        "clips",
        "stages",
        "stage_officers",
        "sources",
        "dockings",
        "problems",
        "checklists",
        "expired",
        "devices",
        "archives",
        "copy_receipts",
    ):
        with suppress(Exception):
            found += [
                row["v"]
                for row in store._reader().query(columns.get(name) or f"SELECT DISTINCT {name} AS v FROM {table} LIMIT 2")
            ]
    return [*dict.fromkeys(found)][:3] or [""]


def test_every_question_has_the_same_answer_on_both_engines(lived, index):
    """Also in the same order, where the question asks for one."""
    fill(index, lived)
    differing, unasked, asked, answered = [], [], 0, 0
    for query in READING:
        fits = 0
        for asking in combinations(lived.store, query):
            try:
                here = lived.store.rows(query, **asking)
            except DatabaseProblem:
                continue  # a value of the wrong kind for this question
            there = index.rows(query, **asking)
            ordered = "ORDER BY" in queries()[query]
            fits, answered = fits + 1, answered + bool(here)
            if (here if ordered else sorted(here, key=repr)) != (there if ordered else sorted(there, key=repr)):
                differing.append((query, asking, here[:2], there[:2]))
        asked += fits
        unasked += [] if fits else [query]
    print(f"\n{len(READING)} questions asked {asked} times of both engines, {answered} with rows: {len(differing)} differ")
    assert differing == []
    assert unasked == []
    assert len(READING) > 100
    assert answered > asked / 3, "a comparison of empty answers proves nothing"


def combinations(store: Store, query: str) -> Iterator[dict[str, object]]:
    """Values for a question's parameters, some of all that occur."""
    names = sorted(set(PARAMETER.findall(re.sub(r"--.*", "", queries()[query]))))
    for values in islice(product(*(occurring(store, name, query) for name in names)), MOST_TRIED):
        yield dict(zip(names, values, strict=True))


@pytest.mark.parametrize("text", ["王某", "a'b\"c", "100%", ":seq", "%(seq)s", "\\", "", "é 😀", "--", "/*", "\ufffd"])
def test_text_comes_back_as_it_was_put(index, text):
    with index.writing() as run:
        run("add_statement", seq=1, kind=text, at="2026-11-21T02:00:00.000000Z", by_whom=text)
    assert index.row("recent_statements", limit=1) == {
        "seq": 1, "kind": text, "at": "2026-11-21T02:00:00.000000Z", "by_whom": text,
    }  # fmt: skip


def test_what_no_text_of_postgresql_holds_is_marked_and_stops_nothing(index):
    with index.writing() as run:
        run("add_unprojected", seq=1, reason="a\0b")
    with psycopg.connect(index.address) as connection:
        [(reason,)] = connection.execute(f'SELECT reason FROM "{index.schema}".unprojected'.encode()).fetchall()
    assert reason == "a\ufffdb"


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6), max_size=12, unique=True))
@settings(max_examples=40, deadline=None)
def test_both_engines_sort_text_the_same(address, tmp_path_factory, units):
    with closing(Store(tmp_path_factory.mktemp("sorted") / "a.db")) as here, closing(PostgresStore(address, "sorted")) as there:
        for index in (here, there):
            with index.writing() as run:
                for n, unit in enumerate(units):
                    run("set_stage", case_no=unit, stage_id="x", seq=n, case_kind="", stage="", unit=unit, starts="", ends="",
                        place="", party="")  # fmt: skip
        assert here.rows("units_of_stages") == there.rows("units_of_stages")
        there.drop()


def test_half_a_transaction_is_none(index):
    def half() -> None:
        with index.writing() as run:
            run("add_statement", seq=0, kind="x", at="", by_whom="")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert index.row("projected") == {"size": 0}


def test_a_statement_is_indexed_once(index):
    with index.writing() as run:
        run("add_statement", seq=0, kind="x", at="", by_whom="")
    with pytest.raises(DatabaseProblem), index.writing() as run:
        run("add_statement", seq=0, kind="x", at="", by_whom="")
    assert index.row("projected") == {"size": 1}


def test_two_writers_of_one_station_wait_for_each_other(index, address):
    """Otherwise both would project the same leaf, and one of them would fail."""
    other, order = PostgresStore(address, index.schema.removeprefix("station_")), []

    def second() -> None:
        with other.writing() as run:
            order.append("second")
            run("add_statement", seq=other.row("projected")["size"], kind="x", at="", by_whom="")
        other.close()

    with index.writing() as run:
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.5)
        order.append("first")
        run("add_statement", seq=0, kind="x", at="", by_whom="")
    thread.join(10)
    other.close()
    assert order == ["first", "second"]
    assert index.row("projected") == {"size": 2}


def test_stations_lie_apart(address):
    with closing(PostgresStore(address, "east-1")) as east, closing(PostgresStore(address, "west-1")) as west:
        with east.writing() as run:
            run("add_statement", seq=0, kind="x", at="", by_whom="")
        assert (east.row("projected")["size"], west.row("projected")["size"]) == (1, 0)
        west.drop()
        assert east.row("projected")["size"] == 1
        east.drop()


@pytest.mark.parametrize("name", ["", "East", "a b", "x" * 41, "a;DROP TABLE clips", "-a", "a\n"])
def test_only_a_station_id_names_a_schema(address, name):
    with pytest.raises(ValueError, match="not a station id"):
        PostgresStore(address, name)


def test_a_database_that_sorts_by_a_language_is_refused(server):
    try:
        address = server.make("spoken", "en_US.UTF-8")
    except psycopg.Error:
        address = server.make("spoken", "C.UTF-8")  # the only other one that every Debian has
    with pytest.raises(DatabaseProblem, match="排序规则应为 C"):
        PostgresStore(address, "a")


def test_an_index_of_another_version_is_refused(index, address):
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"UPDATE \"{index.schema}\".schema_steps SET digest = 'x' WHERE name = '001_station.sql'".encode())
    with pytest.raises(SchemaChanged):
        PostgresStore(address, index.schema.removeprefix("station_"))


def test_a_server_that_is_killed_is_said_in_words_and_asked_again_when_it_is_back(server):
    index = PostgresStore(server.make("killed"), "a")
    with index.writing() as run:
        run("add_statement", seq=0, kind="x", at="", by_whom="")
    server.control("-m", "immediate", "stop")
    for _ in range(2):
        with pytest.raises(DatabaseProblem, match="日志和片段未受影响"):
            index.row("projected")
    server.control("-w", "start")
    assert index.row("projected") == {"size": 1}, "what was acknowledged is there"
    index.close()


def test_a_parameter_between_quotes_is_text():
    assert "%(case_no)s = ''" in for_postgres("problems_where")
    assert "'+8 hours'" in for_postgres("intake_by_day")
    assert all(":" not in re.sub(r"'[^']*'|::", "", for_postgres(name)) for name in queries())


def test_a_days_intake_is_one_row_whenever_its_clips_were_recorded(lived, index):
    """Grouped by `day`, which is also a column, one day came as a row for each day on which something had been recorded."""
    fill(index, lived)
    assert len({row["day"] for row in lived.store._reader().query("SELECT day FROM clips")}) > 1
    for store in (lived.store, index):
        [row] = store.rows("intake_by_day", since="2026-01-01")
        assert row["day"] == "2026-11-21"
