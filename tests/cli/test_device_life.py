"""A recorder's life line, on the command line and on the page."""

from __future__ import annotations

import pytest

from cli.desk import Desk, filmed_day


@pytest.fixture
def desk(kit, dcam, dock, tmp_path, monkeypatch, capsys) -> Desk:
    made = Desk(kit.root, monkeypatch, capsys)
    filmed_day(made, kit, dcam, dock, tmp_path)
    return made


def test_a_recorders_life_line_has_every_day_with_its_leaf(desk, kit):
    rows = desk.rows("devices", "life", "Z3A0021")
    assert [row["what"] for row in rows] == ["bought", "assigned", "repair"]
    assert (rows[2]["day"], rows[2]["until"], rows[2]["detail"]) == ("2026-11-12", "2026-11-14", "更换电池")
    assert all(row["row"].startswith("log:") for row in rows)
    assert [row["what"] for row in desk.rows("devices", "life", "Z3A0017")] == ["bought", "assigned", "docked"]
    assert desk("devices", "life", "没有").code == 32
