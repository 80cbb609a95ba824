"""A patrol log on a station: recognised, linked with the footage of that patrol, covered and missed like any stage."""

from __future__ import annotations

import pytest

from avrecord.pipeline.link import link_all
from cli.desk import Desk, examined, fleet_file
from conftest import pattern
from ledger.ledger_files import book

HEADER = ("巡查编号", "日期", "时间", "路线", "执法证号", "单位")
FILMED = ("XC-1", "2026-11-16", "09:00-09:20", "东湖路", "FY1", "东湖大队")
NOT_FILMED = ("XC-2", "2026-11-16", "14:00-15:00", "西园街", "FY1", "东湖大队")


@pytest.fixture
def desk(kit, dcam, dock, tmp_path, monkeypatch, capsys) -> Desk:
    """Ten minutes of one patrol are filmed, nothing of the other."""
    made = Desk(kit.root, monkeypatch, capsys)
    dock(dcam({"VIDEO/090000.mp4": pattern(3000)}))
    made("devices", "import", fleet_file(tmp_path))
    examined(kit, "090000.mp4", 600)
    made("cases", "import", book(tmp_path / "巡查.xlsx", 巡查=[HEADER, FILMED, NOT_FILMED]), "--apply")
    link_all(kit)
    return made


def test_patrols_are_said_to_be_patrols(desk, tmp_path):
    said = desk("cases", "import", tmp_path / "巡查.xlsx", "--json").json
    assert (said["patrols"], said["valid"], said["unchanged"]) == (True, 2, 2)
    assert "按巡查记录读入：有效 2 行" in desk("cases", "import", tmp_path / "巡查.xlsx").out


def test_a_patrol_is_linked_with_its_footage_and_one_without_any_is_missing(desk):
    rows = {row["case"]: row for row in desk.rows("cases", "list")}
    assert (rows["XC-1"]["stage"], len(rows["XC-1"]["clips"]), rows["XC-1"]["covered_s"]) == ("巡查", 1, 600)
    assert rows["XC-2"]["clips"] == []
    assert [(row["case"], row["what"]) for row in desk.rows("cases", "missing")] == [("XC-2", "no_footage")]


def test_a_bureau_that_wants_patrols_recorded_whole_gets_the_gap(desk, root, tmp_path):
    """The shipped list has 巡查 as 关键环节; with 全程 the ten minutes that nobody filmed are a gap."""
    text = (root / "config" / "checklists" / "default.toml").read_text("utf-8").replace('"2026-1"', '"2026-2"')
    text = text.replace('stage = "巡查"\nmode = "key"', 'stage = "巡查"\nmode = "whole"')
    (tmp_path / "新.toml").write_text(text, "utf-8")
    assert desk("checklist", "adopt", tmp_path / "新.toml", "--by", "FY9").code == 0
    found = desk.rows("cases", "missing", "--case", "XC-1")
    assert [(row["what"], row["detail"]) for row in found] == [("gap", "缺口 600 秒")]
