"""`segments.toml` held against its rules: what a bureau wrote is refused by file, key and reason, in Chinese."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from avrecord.checks.pinyin import assert_tellable
from avrecord.checks.wording import Wording
from avrecord.errors import ConfigError

WAYS = ("printed", "spoken", "person")
SPOKEN_KEYS = {"version", "within_seconds", "together", "enough", "words", "demand"}
WORDS_KEYS = {"part", "text", "source"}
LONGEST_WINDOW = 600

Table = dict[str, Any]


def ways(table: Table) -> tuple[str, ...]:
    """The ways in which a segment shows: `proof` as one word or a list."""
    proof = table.get("proof", ())
    return (proof,) if isinstance(proof, str) else tuple(proof)


def against(segments: Table, segment: str) -> tuple[str, ...]:
    """The segments whose words speak against this one."""
    return tuple(name for name, table in segments.items() if table.get("against") == segment)


def read(path: Path) -> Table:
    """The segments of a file. Raises ConfigError that names what is wrong there."""
    try:
        return checked(tomllib.loads(path.read_text("utf-8")), path)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(path=path, detail=f"要件定义读不懂（{error}）") from error


def checked(segments: Table, path: Path) -> Table:
    """The segments as they are. Raises ConfigError that names every wrong key of `path`."""
    wrong = [complaint for name, table in segments.items() for complaint in _segment(name, table, segments)]
    if wrong:
        raise ConfigError(path=path, detail="；".join(wrong))
    return segments


def _segment(name: str, table: Any, segments: Table) -> Iterator[str]:
    if not isinstance(table, dict):
        yield f"{name} 应为一节设置"
        return
    found = table.get("proof")
    if not found or any(way not in WAYS for way in (found if isinstance(found, list) else [found])):
        yield f"{name}.proof 只能是 {'、'.join(WAYS)} 或它们的列表：{found}"
    if (other := table.get("against")) is not None and (other not in segments or other == name):
        yield f"{name}.against 不是另一个要件：{other}"
    if reason := _reason(partial(Wording.of, name, table)):
        yield f"{name} 的画面文字定义有误（{reason}）"
    if "spoken" in table:
        yield from _spoken(f"{name}.spoken", table["spoken"])


def _spoken(at: str, table: Any) -> Iterator[str]:
    if not isinstance(table, dict):
        yield f"{at} 应为一节设置"
        return
    yield from (f"不认识 {at}.{key}" for key in sorted(table.keys() - SPOKEN_KEYS))
    if not _whole(table.get("version", 1), 1, 10_000):
        yield f"{at}.version 应为正整数：{table['version']}"
    if not _whole(table.get("within_seconds", 1), 1, LONGEST_WINDOW):
        yield f"{at}.within_seconds 应为 1 到 {LONGEST_WINDOW} 的整数：{table['within_seconds']}"
    if not isinstance(table.get("enough", True), bool):
        yield f"{at}.enough 应为 true 或 false：{table['enough']}"
    parts = set()
    for key in ("words", "demand"):
        rows = table.get(key, [])
        if not isinstance(rows, list):
            yield f"{at}.{key} 应写作 [[{at}.{key}]]"
            continue
        for n, row in enumerate(rows, 1):
            yield from _words(f"{at}.{key} 第 {n} 条", row)
            parts |= {row.get("part", "words")} if key == "words" and isinstance(row, dict) else set()
    yield from _together(at, table.get("together", []), parts)


def _words(at: str, row: Any) -> Iterator[str]:
    if not isinstance(row, dict):
        yield f"{at}应为一节设置"
        return
    yield from (f"不认识{at}的 {key}" for key in sorted(row.keys() - WORDS_KEYS))
    texts = row.get("text")
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        yield f"{at}的 text 应为文字的列表：{texts}"
        return
    yield from (f"{at}的 {reason}" for text in texts if (reason := _reason(partial(assert_tellable, text))))
    source = row.get("source")
    if not isinstance(source, str) or not source.strip():
        yield f"{at}缺少 source（用语出处）"


def _together(at: str, sets: Any, parts: set[str]) -> Iterator[str]:
    if not isinstance(sets, list) or not all(isinstance(names, list) and names for names in sets):
        yield f"{at}.together 应为 part 名称的列表的列表：{sets}"
        return
    unknown = sorted({str(name) for names in sets for name in names} - parts)
    yield from (f"{at}.together 中没有这个 part：{name}" for name in unknown)


def _whole(value: Any, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _reason(make: Callable[[], object]) -> str:
    """Why something cannot be made of data, or nothing."""
    try:
        make()
    except KeyError as error:
        return f"缺少 {error.args[0]}"
    except (TypeError, ValueError, AttributeError, re.error) as error:
        return str(error)
    return ""
