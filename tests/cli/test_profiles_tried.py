"""`devices profile-test` and `devices show`: what a custodian sees of a layout and of a clock."""

from __future__ import annotations

import json

import pytest

from avrecord.cli.main import run
from cli.desk import Desk
from conftest import avrecord, pattern
from dock.trees import DEVICES, TREES, plant


@pytest.fixture
def tried(tmp_path, capsys):
    """`tried("dcam", tree)`: the command's code, its JSON or its words."""

    def go(profile, tree, *words):
        path = DEVICES / f"{profile}.toml" if isinstance(profile, str) else profile
        capsys.readouterr()
        code = run(["devices", "profile-test", str(path), str(tree), *words])
        return code, *capsys.readouterr()

    return go


@pytest.mark.parametrize("name", TREES)
def test_each_shipped_profile_is_shown_to_read_its_sample_tree(tried, tmp_path, name):
    code, out, _ = tried(name, plant(tmp_path / "card", TREES[name]), "--json", "--label", "CAM01")
    said = json.loads(out)
    assert (code, said["schema"], said["matched"], said["profile"]) == (0, "avrecord.profile-test/1", True, name)
    assert {row["path"] for row in said["rows"]} == set(TREES[name])


def test_each_file_is_shown_with_what_was_read_and_which_lines_said_it(tried, tmp_path):
    root = plant(tmp_path / "card", {**TREES["dcam"], "VIDEO/微信.mp4": b"x", "Thumbs.db": b"t"})
    said = json.loads(tried("dcam", root, "--json")[1])
    rows = {row["path"]: row for row in said["rows"]}
    clip = rows["VIDEO/DCAM_Z3A0017_041007_20261116_090035_IMP.MP4"]
    assert (clip["kind"], clip["start"], clip["device"], clip["user"], clip["important"]) == (
        "video", "2026-11-16T01:00:35.000000Z", "Z3A0017", "041007", True,
    )  # fmt: skip
    log = [(fact["rule"], fact.get("battery"), fact.get("clock_own")) for fact in rows["LOG/Z3A0017_20261116.log"]["facts"]]
    assert ("battery", "97", None) in log
    assert ("clock", None, "2026-11-16 17:40:35") in log
    assert (rows["VIDEO/微信.mp4"]["set_aside"], rows["VIDEO/微信.mp4"]["by_profile"]) == ("foreign_name", False)
    assert (rows["Thumbs.db"]["ignored"], rows["Thumbs.db"]["set_aside"]) == (True, None)
    assert (said["recorder"], said["clock"]["offset_ms"], said["clock"]["method"]) == ("Z3A0017", 35_000, "device_log")


def test_people_read_it_in_chinese_with_the_reason_why_not(tried, tmp_path):
    code, out, err = tried("labelled", plant(tmp_path / "card", {"DCIM/a.mp4": b"v"}))
    assert (code, err) == (0, "")
    assert "不符合：没有文件夹 (?i)^files/data$" in out
    assert "认不出，将作为未知设备采集" in out
    assert "不等于没有偏差" in out


def test_a_reset_clock_is_flagged_before_anything_is_taken(tried, tmp_path):
    root = plant(tmp_path / "card", {"DCAM_Z3A0017_041007_20000101_000012.mp4": b"v"})
    said = json.loads(tried("dcam", root, "--json")[1])
    assert [row["doubt"] for row in said["rows"]] == ["reset"]
    assert {"kind": "clock_reset", "amount": 1} in said["oddities"]
    assert "记录仪时钟曾复位" in tried("dcam", root)[1]


def test_a_wrong_profile_is_30_and_a_wrong_tree_32(tried, tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text('name = "x"\ntitle = "y"\nfolders = ["a"]\n', "utf-8")
    tree = plant(tmp_path / "card", {"a.mp4": b"v"})
    code, out, err = tried(bad, tree)
    assert (code, out) == (30, "")
    assert "机型配置有不认识的项：folders" in err
    assert tried(tmp_path / "none.toml", tree)[0] == 30
    code, _, err = tried("dcam", tmp_path / "none")
    assert (code, "没有这个文件夹" in err) == (32, True)
    (tmp_path / "empty").mkdir()
    assert tried("dcam", tmp_path / "empty")[0] == 32
    assert tried("dcam", bad)[0] == 32


def test_a_tree_that_cannot_be_listed_is_20(tried, tmp_path, monkeypatch):
    tree = plant(tmp_path / "card", {"a.mp4": b"v"})

    def broken(root):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("avrecord.dock.listing._walk", broken)
    assert tried("dcam", tree)[0] == 20


@pytest.fixture
def desk(kit, monkeypatch, capsys) -> Desk:
    return Desk(kit.root, monkeypatch, capsys)


def test_a_recorder_is_shown_docking_by_docking(desk, dcam, dock):
    log = b"TIME_SYNC 2026-11-16 18:00:35 -> 2026-11-16 18:00:00\r\nBAT=41%\r\n"
    card = dcam({"VIDEO/090000.mp4": pattern(900), "LOG/a.log": log})
    (card / "VIDEO" / "DCAM_Z3A0017_041007_20000101_000012.mp4").write_bytes(b"v")
    dock(card)
    said = desk("devices", "show", "Z3A0017", "--json").json
    (row,) = said["rows"]
    assert (row["offset_ms"], row["uncertainty_ms"], row["method"], row["battery_percent"]) == (35_000, 1000, "device_log", 41)
    assert (said["schema"], said["doubtful_clips"], row["drift"]) == ("avrecord.device/1", {"reset": 1}, None)
    out = desk("devices", "show", "Z3A0017").out
    assert "+35.0" in out
    assert "记录仪时钟曾复位 1 个" in out
    clips = desk("clips", "--json").json["rows"]
    (reset,) = [clip for clip in clips if "20000101" in clip["name"]]
    shown = desk("clips", "show", reset["clip"])
    assert "不可信：记录仪时钟曾复位；不用于自动关联" in shown.out
    assert reset["claim_doubt"] == "reset"


def test_an_unknown_recorder_is_said_to_be_unknown(desk):
    said = desk("devices", "show", "NOBODY")
    assert (said.code, "没有找到记录仪“NOBODY”" in said.err) == (32, True)


def test_the_command_needs_no_station(tmp_path):
    tree = plant(tmp_path / "card", TREES["generic"])
    done = avrecord("devices", "profile-test", DEVICES / "generic.toml", tree, root=tmp_path / "no-station")
    assert (done.returncode, "2026-11-16 09:00:00" in done.stdout) == (0, True)
    assert not (tmp_path / "no-station").exists()
