"""A bureau adds a segment, its words and its list without a line of code, and is told what it wrote wrong."""

from __future__ import annotations

import pytest

from cli.desk import CASE, Desk, cases_file, fleet_file
from speech.clips import clip
from speech.stub_model import stub

THANKS = """
[thanks]
name = "致谢"
proof = "spoken"
source = "本局规范用语第 3 条"

[[thanks.spoken.words]]
text = ["感谢您的支持和配合"]
source = "本局规范用语第 3 条"
"""
LIST = 'name = "严"\nversion = "2"\nin_force_from = 2026-01-01\n[[item]]\ncode = "1"\nstage = "直接送达"\nmode = "key"\n'


@pytest.fixture
def desk(root, monkeypatch, capsys) -> Desk:
    return Desk(root, monkeypatch, capsys)


def written(root, text: str) -> None:
    path = root / "config" / "segments.toml"
    path.write_text(path.read_text("utf-8") + text, "utf-8")


@pytest.mark.parametrize(("said", "lacks"), [("感谢您的支持和配合", []), ("今天天气不错", ["not_seen"])])
def test_a_segment_of_ones_own_is_required_heard_and_reviewed(root, desk, dcam, tmp_path, said, lacks):
    written(root, THANKS)
    settings, model = root / "station.toml", stub(tmp_path / "model", said)
    settings.write_text(settings.read_text("utf-8").replace('speech_model = ""', f'speech_model = "{model}"'), "utf-8")
    desk("devices", "import", fleet_file(tmp_path))
    desk("cases", "import", cases_file(tmp_path), "--apply")
    own = tmp_path / "清单.toml"
    own.write_text(f'{LIST}segments = ["thanks"]\n', "utf-8")
    assert desk("checklist", "adopt", own, "--by", "FY9").code == 0
    assert desk.rows("checklist", "show")[0]["segments"] == ["thanks"]
    desk("ingest", dcam({"VIDEO/100000.mp4": clip(tmp_path / "a.mp4", 10, ("X2_zf_xiaoxiao", 1)).read_bytes()}))
    assert desk("check", "--pending").code == 0
    rows = [row for row in desk.rows("cases", "missing", "--case", CASE) if row["segment"] == "thanks"]
    assert [row["what"] for row in rows] == lacks
    assert desk("review", CASE, "直接送达", "thanks", "--as", "seen", "--by", "FY9", "--why", "听过").code == 0
    assert [row for row in desk.rows("cases", "missing", "--case", CASE) if row["segment"] == "thanks"] == []


def test_wrong_words_are_named_by_the_configuration_check(root, desk):
    written(root, THANKS.replace('"感谢您的支持和配合"', '"谢谢"'))
    said = desk("config", "check")
    assert said.code == 30
    assert "thanks.spoken.words 第 1 条的 “谢谢”太短" in said.err
    assert str(root / "config" / "segments.toml") in said.err


def test_doctor_tells_whether_a_model_can_be_used(root, desk, tmp_path):
    (row,) = [row for row in desk.rows("doctor") if row["what"] == "语音模型"]
    assert (row["ok"], row["detail"]) == (True, "未设置（check.speech_model），不听声音")
    settings = root / "station.toml"
    settings.write_text(settings.read_text("utf-8").replace('speech_model = ""', 'speech_model = "models/zh"'), "utf-8")
    (row,) = [row for row in desk.rows("doctor") if row["what"] == "语音模型"]
    assert (row["ok"], row["detail"].endswith("语音模型目录不存在")) == (False, True)


def test_a_loose_file_is_listened_to_with_a_model_named_beside_it(desk, tmp_path):
    path = clip(tmp_path / "a.mp4", 8, ("X2_zf_xiaoxiao", 1))
    said = desk("check", "--file", path, "--speech-model", stub(tmp_path / "model", "你有权陈述和申辩"))
    assert said.code == 0
    assert "权利告知" in said.out
    said = desk("check", "--file", path)
    assert "未检测（未安装语音模型）" in said.out + said.err
    assert desk("check", "--pending", "--speech-model", tmp_path).code == 2
