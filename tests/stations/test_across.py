"""Questions to many stations: the same answer as each gives by itself, with the station in front. Nothing is written there."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from avrecord import station as stations
from avrecord.cli.ask import QUESTIONS
from cli.desk import CASE, EAST, NO_FOOTAGE, Desk, filmed_day
from conftest import NOW
from contract.servers import postgres_for
from stations.test_through_the_store import set_in

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("across")]
WITH = {
    "cases show": CASE, "devices show": "Z3A0017", "devices life": "Z3A0017", "devices availability": "--month 2026-11",
    "devices plan renew": "", "rectify show": "1", "audit statistics": "--month 2026-11",
}  # fmt: skip
NOTHING_THERE = ("rectify show",)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with postgres_for(tmp_path_factory) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgres"])
def town(request, kit, root, dcam, dock, tmp_path, monkeypatch, capsys, server):
    """A bureau that took two stations: one with a day of footage, one that was only set up."""
    desk = Desk(root, monkeypatch, capsys)
    filmed_day(desk, kit, dcam, dock, tmp_path)
    kit.store.close()
    share = tmp_path / "share"
    share.mkdir()
    stations.create(tmp_path / "other", "station-02", "另一站")
    stations.create(tmp_path / "bureau", "bureau", "市局")
    bureau, other = Desk(tmp_path / "bureau", monkeypatch, capsys), Desk(tmp_path / "other", monkeypatch, capsys)
    if request.param == "postgres":
        set_in(bureau.root, "bureau", database=server.make(f"across{abs(hash(str(tmp_path)))}"))
    for each in (desk, other, bureau):
        set_in(each.root, "store", url=str(share))
    for each in (desk, other):
        assert each("sync").code == 0
        assert bureau("log", "trust", (each.root / "keys" / "log.vkey").read_text("ascii").strip()).code == 0
    monkeypatch.setattr("avrecord.station.open_station", _standing(stations.open_station))
    assert bureau("bureau", "run", "--once").code == 0
    return desk, other, bureau


def _standing(real):
    def opened(root, *words, **named):
        return real(root, *words, **({"clock": lambda: NOW} | named))

    return opened


def test_the_bureau_answers_as_the_station_does(town):
    desk, _, bureau = town
    for question in QUESTIONS:
        words = (*question.split(), *shlex.split(WITH.get(question, "")), "--json")
        own, asked = desk(*words), bureau("bureau", "ask", "station-01", *words)
        assert ("Traceback" in asked.err, asked.code) == (False, own.code), (question, asked.err)
        if question in NOTHING_THERE:
            assert asked.code == 32
            continue
        rows = asked.json["rows"]
        assert [{key: value for key, value in row.items() if key != "station"} for row in rows] == own.json["rows"], question
        assert all(row["station"] == "station-01" for row in rows)


ONCE = pytest.mark.parametrize("town", ["postgres"], indirect=True)


@ONCE
def test_all_stations_at_once_and_a_station_without_it_is_named(town):
    _, other, bureau = town
    said = bureau("bureau", "ask", "全部", "cases", "missing", "--json")
    assert (said.code, {row["case"] for row in said.json["rows"]}) == (10, {CASE, NO_FOOTAGE}), said.err
    assert "station-02" in bureau("bureau", "ask", "all", "cases", "missing").out
    devices = bureau("bureau", "ask", "all", "devices", "list", "--json").json
    assert (set(devices["stations"]), {row["station"] for row in devices["rows"]}) == (
        {"station-01", "station-02"},
        {"station-01"},
    )
    grouped = bureau("bureau", "ask", "all", "cases", "missing", "--by", "unit", "--json").json["rows"]
    assert {row["unit"] for row in grouped} >= {EAST}
    assert other("cases", "list").code == 0


@ONCE
def test_nothing_but_a_question_is_run_with_another_station_behind_it(town):
    desk, _, bureau = town
    before = {path: path.read_bytes() for path in Path(desk.root).rglob("*") if path.is_file() and "db" not in path.name}
    decision = ("--as", "seen", "--by", "SJ1", "--why", "x")
    for words in (
        ("keys", "rotate", "clip", "--by", "SJ1"),
        ("cases", "import", "x.xlsx", "--apply"),
        ("clips", "show", "ab"),
        ("ingest", "/tmp"),
        ("review", CASE, "现场检查", "id_shown", *decision),
        *(("sync",), ("rebuild",), ("bureau", "status"), ("archive", "receipt", "x"), ("init",), (), ("--json",)),
    ):
        said = bureau("bureau", "ask", "station-01", *words)
        assert (said.code, "Traceback" in said.err) == (2, False), words
    assert {path: path.read_bytes() for path in before} == before

    # A station that was never taken is refused in words.
    for name in ("station-99", "../x", ""):
        said = bureau("bureau", "ask", name, "cases", "list")
        assert (said.code, "Traceback" in said.err) == (32, False), said.err
