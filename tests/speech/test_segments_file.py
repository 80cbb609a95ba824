"""A bureau writes its own words into segments.toml; what is wrong there is named by file and key."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from pathlib import Path

import pytest

from avrecord.checks.segments import against, checked, ways
from avrecord.errors import ConfigError
from speech.saying import SEGMENTS

PATH = Path("/station/config/segments.toml")
GOOD = '[a]\nproof = "spoken"\n[a.spoken]\n[[a.spoken.words]]\ntext = ["谢谢您的配合"]\nsource = "某局"\n'


def test_the_shipped_file_is_right():
    assert checked(SEGMENTS, PATH) is SEGMENTS


def test_every_wording_of_the_shipped_file_has_its_source():
    rows = [row for table in SEGMENTS.values() for key in ("words", "demand") for row in table.get("spoken", {}).get(key, [])]
    assert len(rows) > 10
    assert all(len(row["source"]) > 5 for row in rows)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('proof = "spoken"', 'proof = "heard"', "a.proof 只能是 printed、spoken、person 或它们的列表：heard"),
        ('proof = "spoken"', 'proof = ["spoken", "guessed"]', "a.proof 只能是"),
        ('proof = "spoken"', "", "a.proof 只能是"),
        ('"谢谢您的配合"', '"谢谢"', "a.spoken.words 第 1 条的 “谢谢”太短，至少 3 个字"),
        ('["谢谢您的配合"]', '"谢谢您的配合"', "a.spoken.words 第 1 条的 text 应为文字的列表"),
        ('["谢谢您的配合"]', "[]", "a.spoken.words 第 1 条的 text 应为文字的列表"),
        ('source = "某局"', "", "a.spoken.words 第 1 条缺少 source（用语出处）"),
        ('source = "某局"', 'source = " "', "a.spoken.words 第 1 条缺少 source（用语出处）"),
        ('source = "某局"', 'source = "某局"\nmust = 1', "不认识a.spoken.words 第 1 条的 must"),
        ("[a.spoken]", "[a.spoken]\nwithin = 5", "不认识 a.spoken.within"),
        ("[a.spoken]", "[a.spoken]\nwithin_seconds = 0", "a.spoken.within_seconds 应为 1 到 600 的整数：0"),
        ("[a.spoken]", "[a.spoken]\nwithin_seconds = true", "a.spoken.within_seconds 应为"),
        ("[a.spoken]", '[a.spoken]\nenough = "no"', "a.spoken.enough 应为 true 或 false：no"),
        ("[a.spoken]", '[a.spoken]\ntogether = [["words", "card"]]', "a.spoken.together 中没有这个 part：card"),
        ("[a.spoken]", '[a.spoken]\ntogether = ["words"]', "a.spoken.together 应为 part 名称的列表的列表"),
        ('proof = "spoken"', 'proof = "spoken"\nagainst = "b"', "a.against 不是另一个要件：b"),
        ('proof = "spoken"', 'proof = "spoken"\nagainst = "a"', "a.against 不是另一个要件：a"),
        ('proof = "spoken"', 'proof = "spoken"\nnever = ["("]', "a 的画面文字定义有误"),
        ('proof = "spoken"', 'proof = "spoken"\nphrase = [{distance = 1}]', "a 的画面文字定义有误（缺少 text）"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_key(old, new, reason):
    assert old in GOOD
    with pytest.raises(ConfigError) as told:
        checked(tomllib.loads(GOOD.replace(old, new)), PATH)
    assert reason in str(told.value)
    assert str(PATH) in str(told.value)
    assert told.value.exit_code == 30


def test_every_mistake_is_named_not_only_the_first():
    table = deepcopy(SEGMENTS)
    table["id_shown"]["proof"] = "x"
    table["rights_notice"]["spoken"]["words"][0]["source"] = ""
    with pytest.raises(ConfigError) as told:
        checked(table, PATH)
    assert "id_shown.proof" in str(told.value)
    assert "rights_notice.spoken.words 第 1 条缺少 source" in str(told.value)


@pytest.mark.parametrize("table", [{"a": 1}, {"a": {"proof": "spoken", "spoken": 1}}])
def test_a_segment_that_is_no_table_is_refused(table):
    with pytest.raises(ConfigError, match="应为一节设置"):
        checked(table, PATH)


def test_a_segment_may_show_in_several_ways():
    assert ways({"proof": ["printed", "spoken"]}) == ("printed", "spoken")
    assert ways({"proof": "person"}) == ("person",)


def test_words_that_speak_against_a_segment_are_known_from_the_data():
    assert against(SEGMENTS, "standard_wording") == ("forbidden_wording",)
    assert against(SEGMENTS, "id_shown") == ()
