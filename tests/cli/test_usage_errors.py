"""A command that was mistyped is answered in Chinese, with code 2, and nothing happens."""

from __future__ import annotations

import re

import pytest

from cli.desk import Said, spoken
from conftest import avrecord

MISTAKES: dict[str, tuple[list[str], str]] = {
    "no such command": (["vrify"], "没有命令 'vrify'"),
    "no such subcommand": (["cases", "lsit"], "没有命令 'lsit'"),
    "no such option": (["status", "--jsn"], "没有选项 '--jsn'"),
    "an option without its value": (["cases", "missing", "--unit"], "--unit"),
    "a missing argument": (["cases", "show"], "缺少参数 '案号'"),
    "a missing file argument": (["cases", "import"], "缺少参数 '文件'"),
    "no folder to take from": (["ingest"], "缺少参数 '目录…'"),
    "one word too many": (["cases", "show", "A1", "A2"], "多余的参数：A2"),
    "a missing option": (["devices", "availability"], "缺少选项 '--month'"),
    "a review by nobody": (["review", "A1", "现场检查", "id_shown", "--as", "seen", "--why", "x"], "缺少选项 '--by'"),
    "a review without a reason": (["review", "A1", "现场检查", "id_shown", "--as", "seen", "--by", "FY1"], "缺少选项 '--why'"),
    "a choice that is none": (["cases", "missing", "--by", "week"], "'--by' 的值无效"),
    "a decision that is none": (["review", "A", "B", "C", "--as", "maybe", "--by", "1", "--why", "x"], "'--as' 的值无效"),
    "a state that is none": (["clips", "--state", "lost"], "'--state' 的值无效"),
    "a day that is none": (["clips", "--from", "昨天"], "'--from' 的值无效"),
    "a day of no month": (["cases", "missing", "--to", "2026-02-30"], "'--to' 的值无效"),
    "a month that is none": (["devices", "availability", "--month", "2026-13"], "月份应写成 2026-11 这样：2026-13"),
    "a folder where a file should be": (["cases", "import", "/"], "文件 '/' 是目录"),
    "a card that is not there": (["ingest", "/no/such/card"], "'/no/such/card' 不存在"),
    "a file to check that is not there": (["check", "--file", "/no/such.mp4"], "'/no/such.mp4' 不存在"),
    "a number that is none": (["log", "witness-request", "--out", "x", "--old", "zwei"], "'zwei' 不是有效的整数"),
    "nothing to check": (["check"], "请给出片段编号、--pending 或 --file 三者之一"),
    "two things to check": (["check", "abcd", "--pending"], "请给出片段编号、--pending 或 --file 三者之一"),
    "nothing to verify": (["verify"], "请给出 --all、--since 日期、--clip 编号"),
    "all and one to verify": (["verify", "--all", "--clip", "abcd"], "请给出 --all、--since 日期、--clip 编号"),
    "a station id with a space": (["init", "--id", "East 1"], "--id 只能用小写字母、数字和连字符"),
    "a flag with a value": (["verify", "--all=yes"], "--all"),
}
NO_USAGE_LINE = {"an option without its value", "a flag with a value"}  # click's parser knows no context there


@pytest.fixture(scope="module")
def answers() -> dict[str, Said]:
    return dict(zip(MISTAKES, spoken([words for words, _ in MISTAKES.values()]), strict=True))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistyped_command_is_answered_with_code_2_and_what_is_wrong(answers, mistake):
    said = answers[mistake]
    assert (said.code, said.out) == (2, "")
    assert MISTAKES[mistake][1] in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_is_wrong_is_said_in_chinese_around_what_was_typed(answers, mistake):
    (error,) = [line for line in answers[mistake].err.splitlines() if line.startswith("错误：")]
    around = re.sub(r"'[^']*'|--[a-z]+", " ", error)
    assert re.search(r"[一-鿿]{2}", around)
    assert set(re.findall(r"[A-Za-z]\w+", around)) <= set(MISTAKES[mistake][0])


@pytest.mark.parametrize("mistake", sorted(MISTAKES.keys() - NO_USAGE_LINE))
def test_a_mistyped_command_is_shown_where_its_help_is(answers, mistake):
    usage = answers[mistake].err.splitlines()[0]
    assert re.fullmatch(r"用法：(avrecord[a-z -]*) …（\1 --help 查看帮助）", usage)


@pytest.mark.parametrize(
    ("words", "choices"),
    [
        (["cases", "missing", "--by", "week"], ("unit", "officer", "month")),
        (["clips", "--state", "lost"], ("sealed", "set_aside")),
        (["review", "A", "B", "C", "--as", "maybe", "--by", "1", "--why", "x"], ("seen", "missing", "not_required")),
    ],
)
def test_a_wrong_choice_is_answered_with_the_choices_there_are(words, choices):
    (said,) = spoken([words])
    assert [choice for choice in choices if f"'{choice}'" not in said.err] == []


def test_a_mistyped_command_writes_no_station(tmp_path):
    done = avrecord("verify", root=tmp_path / "none")
    assert (done.returncode, done.stdout, (tmp_path / "none").exists()) == (2, "", False)


def test_a_file_for_a_station_is_a_mistyped_command(tmp_path):
    (tmp_path / "x").write_text("x")
    done = avrecord("status", root=tmp_path / "x")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "是文件" in done.stderr
