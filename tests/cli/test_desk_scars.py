"""Scars of the desk: what new users and a reviewer of the commands ran into; each failed on the first version."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from avrecord.cli.main import run
from avrecord.service.run import station
from conftest import avrecord, pattern
from ledger.ledger_files import book

HEAD = ["案号", "执法类别", "执法环节", "执法证号", "开始时间", "结束时间"]


def stage(start: str, end: str, name: str = "现场检查", case: str = "综执罚字〔2026〕44号") -> list[str]:
    return [case, "行政处罚", name, "FY041007", f"2026-11-16 {start}", f"2026-11-16 {end}"]


def table(path: Path, *rows: list[str]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([HEAD, *rows])
    return path


def imported(kit, path: Path, *rows: list[str]) -> dict[str, str]:
    """Import rows; stage name → start of the case afterwards."""
    assert run(["--root", str(kit.root), "-q", "cases", "import", str(table(path, *rows)), "--apply"]) in (0, None)
    return {found.id.name: f"{found.start:%H:%M}" for found in kit.records.stages()}


def test_an_earlier_stage_that_is_imported_later_does_not_take_over_the_name_of_the_first(kit, tmp_path):
    assert imported(kit, tmp_path / "a.csv", stage("11:00:00", "11:10:00")) == {"现场检查": "03:00"}
    both = imported(kit, tmp_path / "b.csv", stage("09:00:00", "09:10:00"), stage("11:00:00", "11:10:00"))
    assert both == {"现场检查": "03:00", "现场检查-2": "01:00"}
    assert imported(kit, tmp_path / "c.csv", stage("09:00:00", "09:20:00")) == both


def test_a_corrected_time_of_the_only_stage_of_its_name_is_that_stage(kit, tmp_path):
    imported(kit, tmp_path / "a.csv", stage("11:00:00", "11:10:00"))
    assert imported(kit, tmp_path / "b.csv", stage("11:30:00", "11:40:00")) == {"现场检查": "03:30"}


def test_the_same_row_twice_is_reported_and_is_one_stage(kit, tmp_path, capsys):
    row = stage("11:00:00", "11:10:00")
    assert imported(kit, tmp_path / "a.csv", row, row) == {"现场检查": "03:00"}
    assert "与第 2 行重复" in capsys.readouterr().out


@pytest.mark.parametrize("words", [("--case", "综执罚字〔2026〕99号"), ("--unit", "不存在")])
def test_a_mistyped_case_or_unit_is_never_answered_with_nothing_is_missing(kit, tmp_path, capsys, words):
    imported(kit, tmp_path / "a.csv", stage("11:00:00", "11:10:00"))
    capsys.readouterr()
    assert run(["--root", str(kit.root), "cases", "missing", *words]) == 32
    assert "没有发现" not in capsys.readouterr().out


def test_a_ledger_over_no_cases_is_not_written(kit, tmp_path):
    assert run(["--root", str(kit.root), "audit", "ledger", "--out", str(tmp_path / "l.xlsx"), "--case", "99"]) == 32
    assert not (tmp_path / "l.xlsx").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("--by", "王督察", "--why", "看过"),
        ("--by", "service", "--why", "看过"),
        ("--by", "", "--why", "看过"),
        ("--by", "FY041001", "--why", " "),
    ],
)
def test_a_review_needs_a_number_and_a_reason(kit, tmp_path, words):
    imported(kit, tmp_path / "a.csv", stage("11:00:00", "11:10:00"))
    size = kit.log.refresh()
    words = ("review", "综执罚字〔2026〕44号", "现场检查", "id_shown", "--as", "missing", *words)
    assert run(["--root", str(kit.root), *words]) == 2
    assert kit.log.refresh() == size


def test_a_workbook_into_a_folder_that_is_not_there_is_refused_without_a_traceback(root):
    said = avrecord("clips", "--xlsx", "/nonexistent/a.xlsx", root=root)
    assert said.returncode == 32
    assert "未能写入" in said.stderr
    assert "Traceback" not in said.stderr


def test_footage_of_unknown_length_is_never_called_a_gap(kit, dcam, dock, tmp_path, capsys):
    dock(dcam({"VIDEO/110000.mp4": pattern(9000)}))
    hands = [("设备编号", "执法证号", "启用日期"), ("Z3A0017", "FY041007", "2026-01-01")]
    devices = book(tmp_path / "d.xlsx", 设备=[("设备编号",), ("Z3A0017",)], 领用=hands)
    run(["--root", str(kit.root), "devices", "import", str(devices)])
    imported(kit, tmp_path / "a.csv", stage("11:00:00", "11:10:00"))
    capsys.readouterr()
    run(["--root", str(kit.root), "cases", "missing", "--json"])
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {row["what"] for row in rows} == {"cannot_tell"}
    assert "时长未知" in rows[0]["detail"]


def test_a_rebuild_is_refused_while_the_station_is_served(root):
    with station.served(root):
        said = avrecord("rebuild", root=root)
    assert said.returncode == 22
    assert (root / "avrecord.db").exists()


def test_a_folder_that_holds_the_cards_of_two_recorders_is_nobodys_card(kit, dcam, dock, tmp_path):
    card = dcam({"VIDEO/090000.mp4": b"one"}, name="both/a")
    other = card.parent / "b"
    other.mkdir()
    (other / "DEVICE.INI").write_bytes(b"SERIAL=B200315\r\n")
    (other / "20261116").mkdir()
    (other / "20261116" / "100500.MP4").write_bytes(b"two")
    receipt = dock(card.parent)
    assert receipt.recorder is None
    assert receipt.sealed == 0
    assert {clip.set_aside for clip in kit.records.clips()} == {"unknown_recorder"}


def test_the_stations_own_folder_is_no_card(root):
    assert avrecord("ingest", root / "vault", root=root).returncode == 2


def test_a_log_whose_checkpoints_were_taken_away_is_not_begun_anew(root, dcam):
    assert avrecord("-q", "ingest", "--no-check", dcam({"VIDEO/090000.mp4": b"x"}), root=root).returncode == 0
    for name in ("log/checkpoint", "log/checkpoints.txt", "avrecord.db", "avrecord.db-wal", "avrecord.db-shm"):
        (root / name).unlink(missing_ok=True)
    said = avrecord("status", root=root)
    assert said.returncode == 13
    assert not (root / "log" / "checkpoint").exists()
