"""保管期限 as lists write it ↔ the four forms that the program counts by."""

from __future__ import annotations

import re
import unicodedata

RETENTION = re.compile(r"case|permanent|[1-9]\d*[ym]")
DIGITS = {digit: n for n, digit in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
SPAN = re.compile(r"(\d+|[零〇一二两三四五六七八九十]+)(年|个?月|日|天)")
DAYS_OF_A_MONTH = 30


def retention_of(words: str) -> tuple[str, str]:
    """`2年`, `两年`, `不少于6个月`, `永久`, `同案卷` → `2y`, `6m`, `permanent`, `case`; and what a person should look at.

    Of several spans in one cell the longest counts: nothing is kept shorter than the list may mean. Words that say no span
    become `case` with a remark. Raises nothing.
    """
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", words))
    if not plain:
        return "case", "没有写明存储期限，按同案卷处理"
    if "永久" in plain:
        return "permanent", "" if plain == "永久" else f"“{words}”按永久处理"
    if "长期" in plain:
        return "permanent", f"“{words}”没有写明年数，按永久处理"
    if "案卷" in plain or "同卷" in plain:
        return "case", ""
    spans = [(_number(number), unit) for number, unit in SPAN.findall(plain.replace("半年", "6个月"))]
    spans = [(number, unit) for number, unit in spans if number]
    if not spans:
        return "case", f"“{words}”不是期限，按同案卷处理"
    number, unit = max(spans, key=lambda span: _months(*span))
    value = f"{number}y" if unit == "年" else f"{_months(number, unit)}m"
    whole = len(spans) == 1 and unit not in ("日", "天")
    return value, "" if whole else f"“{words}”按其中最长的 {retention_words(value)} 处理"


def retention_words(value: str) -> str:
    """The same in words, which `retention_of` reads back."""
    if value in (fixed := {"case": "同案卷", "permanent": "永久"}):
        return fixed[value]
    return f"{value[:-1]}年" if value.endswith("y") else f"{value[:-1]}个月"


def _months(number: int, unit: str) -> int:
    if unit in ("日", "天"):
        return -(-number // DAYS_OF_A_MONTH)
    return number * 12 if unit == "年" else number


def _number(words: str) -> int:
    """Up to ninety-nine in Chinese numerals."""
    if words.isdigit():
        return int(words)
    tens, ten, ones = words.rpartition("十")
    if not ten:
        return int("".join(str(DIGITS[digit]) for digit in ones))
    return (DIGITS.get(tens[-1], 1) if tens else 1) * 10 + (DIGITS[ones[-1]] if ones else 0)
