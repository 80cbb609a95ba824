"""The bureau's commands over two real stations: trust, take, the cosignature that comes back, and the alarm."""

from __future__ import annotations

import shutil
import tomllib
from functools import partial
from pathlib import Path

import pytest

from avrecord import station as stations
from avrecord.model import statement as say
from avrecord.pipeline.record import state
from cli.desk import Desk
from conftest import NOW, pattern

pytestmark = pytest.mark.timeout(300)
BY = ("--by", "SJ1")


@pytest.fixture
def bureau(tmp_path, monkeypatch, capsys) -> Desk:
    stations.create(tmp_path / "bureau", "bureau", "市局")
    return Desk(tmp_path / "bureau", monkeypatch, capsys)


def trusted(bureau: Desk, root: Path) -> None:
    assert bureau("log", "trust", (root / "keys" / "log.vkey").read_text("ascii").strip()).code == 0


def test_a_stations_log_is_taken_and_its_cosignature_goes_home(kit, root, dcam, dock, bureau, tmp_path, monkeypatch, capsys):
    dock(dcam({"VIDEO/090000.mp4": pattern(3000)}))
    kit.store.close()
    station = Desk(root, monkeypatch, capsys)
    assert (bureau("bureau", "take", "station-01", root).code, bureau("bureau", "status", "--json").json["rows"]) == (32, [])
    trusted(bureau, root)
    [row] = bureau("bureau", "status", "--json").json["rows"]
    assert (row["station"], row["seen"], row["indexed"]) == ("station-01", 0, 0)
    assert not (bureau.root / "bureau").exists(), "to ask makes nothing"
    assert station("log", "witness-request", "--out", tmp_path / "request.txt").code == 0
    cosignature = tmp_path / "cosignature.txt"
    said = bureau("bureau", "take", "station-01", root, "--out", cosignature)
    assert (said.code, "有新记录" in said.out) == (0, True), said.err
    [row] = bureau("bureau", "status", "--json").json["rows"]
    assert row["seen"] == row["indexed"] == kit.log.size
    vkey = (bureau.root / "keys" / "witness.vkey").read_text("ascii").strip()
    said = station("log", "witness-add", cosignature, "--witness", vkey, *BY)
    assert (said.code, f"日志前 {row['seen']} 条" in said.out) == (0, True), said.err
    said = bureau("bureau", "take", "station-01", root)
    assert (said.code, "有新记录" in said.out) == (0, True), "the anchor itself is a leaf"
    assert "没有新记录" in bureau("bureau", "take", "station-01", root).out


@pytest.mark.parametrize("name", ["../x", "", "A", "a/b", "x" * 41, "station-99"])
def test_what_is_no_known_station_is_refused_in_words(bureau, tmp_path, name):
    (tmp_path / "log").mkdir()
    for words in (("take", name, tmp_path), ("lift", name, *BY)):
        said = bureau("bureau", *words)
        assert (said.code, "Traceback" in said.err, said.err.startswith("错误：")) == (32, False, True), said.err
    assert bureau("bureau", "take", "station-01", tmp_path / "nowhere").code == 32


def test_a_station_that_was_restored_from_an_image_is_the_alarm_of_the_day(kit, root, bureau, tmp_path, monkeypatch, capsys):
    kit.store.close()
    trusted(bureau, root)
    say_(root, "first", 2)
    image = tmp_path / "image"
    shutil.copytree(root, image)
    say_(root, "this past", 2)
    assert bureau("bureau", "take", "station-01", root).code == 0
    say_(image, "another past", 4)
    said = bureau("bureau", "take", "station-01", image)
    assert (said.code, "不是以前见过的那一份的延续" in said.err) == (13, True)
    said = bureau("bureau", "status", "--json")
    assert (said.code, said.json["frozen"], "与以前见过的不同" in said.json["rows"][0]["frozen"]) == (13, 1, True)
    assert bureau("bureau", "take", "station-01", root).code == 13
    assert bureau("bureau", "lift", "station-01", *BY).code == 0
    assert bureau("bureau", "take", "station-01", root).code == 0
    assert bureau("bureau", "status").code == 0


def say_(root: Path, words: str, count: int) -> None:
    made = stations.open_station(root, clock=lambda: NOW)
    for _ in range(count):
        state(made, [say.ServiceStarted(version=words)])
    made.store.close()


def test_a_bureau_is_founded_and_says_what_its_stations_need(tmp_path, monkeypatch, capsys):
    desk = Desk(tmp_path / "new", monkeypatch, capsys)
    first = desk("bureau", "init", "--id", "shiju", "--name", "丰源市局")
    again = desk("bureau", "init")
    assert (first.code, again.code) == (0, 0), first.err + again.err
    table = tomllib.loads(again.out)["sync"]
    assert again.out == first.out[first.out.index("[sync]") :]
    assert table["witness"] == (tmp_path / "new" / "keys" / "witness.vkey").read_text("ascii").strip()
    assert table["bureau_key"].startswith("ssh-ed25519 ")
    assert 'id = "shiju"' in (tmp_path / "new" / "station.toml").read_text("utf-8")
