"""A wrong setting or key stops the station with code 30 or 31, by name, before anything is touched."""

from __future__ import annotations

import shutil

import pytest

from avrecord.settings import load
from cli.desk import Desk
from conftest import avrecord


@pytest.fixture
def desk(root, monkeypatch, capsys) -> Desk:
    return Desk(root, monkeypatch, capsys)


def setting(root, old, new):
    """Change one line of the station's configuration."""
    path = root / "station.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


WRONG = [
    ('id = "station-01"', 'id = "Station 1"', "station.id 的写法不对：Station 1"),
    ('id = "station-01"', "", "缺少 station.id"),
    ("settle_seconds = 0.0", 'settle_seconds = "fast"', "dock.settle_seconds 应为数字：fast"),
    ("settle_seconds = 0.0", "settle_seconds = -1", "dock.settle_seconds 太小：-1"),
    ("settle_seconds = 0.0", "settle_seconds = 61", "dock.settle_seconds 太大：61"),
    ("rescan_seconds = 0.3", "rescan_seconds = 0", "dock.rescan_seconds 太小：0"),
    ('roots = ["dock"]', 'roots = "dock"', "dock.roots 应为列表：dock"),
    ("reserve_mib = 512", "reserve_mib = 1.5", "vault.reserve_mib 应为整数：1.5"),
    ("reserve_mib = 512", 'reserve_mib = "viel"', "vault.reserve_mib 应为整数：viel"),
    ("port = 0", "port = 65536", "web.port 太大：65536"),
    ("buffer_seconds = 300", "bufer_seconds = 300", "不认识 link.bufer_seconds"),
    ("[coverage]", "[covrage]", "不认识 covrage"),
    ('speech_model = ""', "workers = 0", "check.workers 太小：0"),
]


@pytest.mark.parametrize(("old", "new", "reason"), WRONG)
def test_a_wrong_setting_is_named_by_its_key(desk, old, new, reason):
    setting(desk.root, old, new)
    said = desk("status")
    assert (said.code, said.out) == (30, "")
    assert reason in said.err
    assert str(desk.root / "station.toml") in said.err


def test_every_wrong_setting_is_named_not_only_the_first(desk):
    setting(desk.root, "reserve_mib = 512", "reserve_mib = -1")
    setting(desk.root, "port = 0", "port = -1")
    err = desk("config", "check").err
    assert "vault.reserve_mib 太小：-1；web.port 太小：-1" in err


def test_a_file_that_is_no_toml_is_said_so_without_a_traceback(root):
    setting(root, '[station]\nid = "', "[station\nid = ")
    done = avrecord("status", root=root)
    assert (done.returncode, done.stdout) == (30, "")
    assert "不是有效的 TOML" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_configuration_saved_in_gbk_is_said_to_be_no_toml(desk):
    path = desk.root / "station.toml"
    path.write_bytes(path.read_text("utf-8").encode("gb18030"))
    said = desk("status")
    assert (said.code, "不是有效的 TOML" in said.err) == (30, True)


def test_a_folder_without_a_station_is_told_what_to_do(tmp_path):
    done = avrecord("status", root=tmp_path)
    assert (done.returncode, done.stdout) == (30, "")
    assert (
        done.stderr == f"错误：{tmp_path} 不是采集站目录（没有 station.toml）。请先运行 avrecord init，或用 --root 指明目录。\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_the_station_may_be_named_by_the_environment(root):
    done = avrecord("config", "check", AVRECORD_ROOT=str(root))
    assert done.returncode == 0
    assert "配置无误：station-01（测试采集站）" in done.stdout
    assert "AVRECORD_ROOT" in done.stdout


def test_a_setting_from_the_environment_wins_over_the_file(root, monkeypatch):
    monkeypatch.setenv("AVRECORD_STATION__LINK__BUFFER_SECONDS", "60")
    assert load(root).link.buffer_seconds == 60


def test_a_wrong_setting_from_the_environment_is_named_too(desk, monkeypatch):
    monkeypatch.setenv("AVRECORD_STATION__LINK__BUFFER_SECONDS", "soon")
    said = desk("status")
    assert (said.code, "link.buffer_seconds 应为整数：soon" in said.err) == (30, True)


def test_a_station_is_never_set_up_over_another(desk):
    before = (desk.root / "keys" / "clip.key").read_bytes()
    said = desk("init")
    assert (said.code, "已经是采集站目录" in said.err) == (30, True)
    assert (desk.root / "keys" / "clip.key").read_bytes() == before


def test_a_changed_setting_is_stated_in_the_log_once(desk):
    size = desk("status", "--json").json["log_size"]
    setting(desk.root, "buffer_seconds = 300", "buffer_seconds = 240")
    assert [desk("status", "--json").json["log_size"] for _ in range(2)] == [size + 1, size + 1]


@pytest.mark.parametrize("role", ["clip", "log"])
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_that_others_can_read_is_refused(desk, role, mode):
    key = desk.root / "keys" / f"{role}.key"
    key.chmod(mode)
    said = desk("status")
    assert (said.code, said.out) == (31, "")
    assert f"密钥 {key} 有误：其他用户可读，权限应为 0600" in said.err


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "文件不存在"),
        (b"", "格式不符"),
        (b"\xff\xfe", "读不出"),
        (b"avrecord-key-v1 log AAAA", "格式不符"),
        (b"avrecord-key-v1 clip ####", "格式不符"),
        (b"avrecord-key-v1 clip AAAA", "格式不符"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused_by_its_path(desk, content, reason):
    key = desk.root / "keys" / "clip.key"
    if content is None:
        key.unlink()
    else:
        key.write_bytes(content)
    said = desk("status")
    assert (said.code, said.out, "Traceback" in said.err) == (31, "", False)
    assert f"密钥 {key} 有误：{reason}" in said.err


def test_keys_put_into_each_others_place_are_refused(desk):
    clip, log = (desk.root / "keys" / f"{role}.key" for role in ("clip", "log"))
    shutil.copy(clip, clip.with_suffix(".old"))
    shutil.copy(log, clip)
    shutil.copy(clip.with_suffix(".old"), log)
    assert desk("status").code == 31


def test_another_stations_log_key_signs_nothing(desk, tmp_path):
    assert desk("--root", tmp_path / "other", "init").code == 0
    shutil.copy(tmp_path / "other" / "keys" / "log.key", desk.root / "keys" / "log.key")
    before = (desk.root / "log" / "checkpoint").read_bytes()
    said = desk("status")
    assert (said.code, "拒绝继续签名" in said.err) == (13, True)
    assert (desk.root / "log" / "checkpoint").read_bytes() == before
