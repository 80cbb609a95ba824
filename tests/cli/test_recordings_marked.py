"""连续录像: a recorder splits its files, and what was shown in one serves the stage that goes on in another."""

from __future__ import annotations

import pytest

from avrecord.pipeline.link import link_all
from cli.desk import PRINTED, Desk, examined, fleet_file
from conftest import pattern
from ledger.ledger_files import case_row, case_table

CASE = "综执罚字〔2026〕50号"


@pytest.fixture
def desk(kit, dcam, dock, tmp_path, monkeypatch, capsys) -> Desk:
    """One recording of four files of five minutes from 09:00 on; the stage is in the last of them."""
    made = Desk(kit.root, monkeypatch, capsys)
    dock(dcam({f"VIDEO/09{n * 5:02d}00.mp4": pattern(3000, n) for n in range(4)} | {"VIDEO/080000.mp4": pattern(3000, 9)}))
    made("devices", "import", fleet_file(tmp_path))
    row = case_row(case=CASE, stage="直接送达", officers="FY1", start="2026-11-16 09:16", end="2026-11-16 09:20")
    settings = kit.root / "station.toml"
    settings.write_text(settings.read_text("utf-8").replace("buffer_seconds = 300", "buffer_seconds = 0"), "utf-8")
    made("cases", "import", case_table(tmp_path / "one.xlsx", row), "--apply")
    return made


def shown(desk, kit, *, in_file: int | None, early: bool = False, length: int = 300) -> list[tuple[str, str]]:
    for n in range(4):
        examined(kit, f"09{n * 5:02d}00.mp4", length, seen=PRINTED if n == in_file else ())
    examined(kit, "080000.mp4", 300, seen=PRINTED if early else ())
    link_all(kit)
    stage = desk("cases", "show", CASE, "--json").json["rows"][0]
    return [(mark["mark"], mark["reason"]) for mark in stage["marks"]]


def test_what_was_shown_in_the_first_file_counts_and_the_file_is_named(desk, kit):
    marks = shown(desk, kit, in_file=1)
    assert {mark for mark, _ in marks} == {"seen"}
    assert all("同一连续录像的 DCAM_Z3A0017_041007_20261116_090500.mp4" in reason for _, reason in marks)


def test_what_was_shown_in_another_recording_does_not(desk, kit):
    assert {mark for mark, _ in shown(desk, kit, in_file=None, early=True)} == {"not_seen"}


def test_a_real_gap_between_two_files_ends_the_recording(desk, kit):
    """Four minutes of each five are there: the recorder was switched off in between."""
    assert {mark for mark, _ in shown(desk, kit, in_file=1, length=240)} == {"not_seen"}


def test_a_file_that_is_not_the_stages_own_says_nothing_against_it(desk, kit):
    examined(kit, "090500.mp4", 300, faults=("dark",))
    link_all(kit)
    assert {mark for mark, _ in shown(desk, kit, in_file=3)} == {"seen"}
