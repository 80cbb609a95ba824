"""Case numbers as people write them: in tables, and into file and folder names, where an explicit tag wins over times."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

YEAR = re.compile(r"[\[(【〔{〈《]((?:19|20)\d\d)[\])】〕}〉》]")
SERIAL = re.compile(r"(〔(?:19|20)\d\d〕)第?0*(\d{1,6})号")
NUMBER = re.compile(r"([^\W\d_]{1,20})(〔(?:19|20)\d\d〕\d{1,6}号)")


def unified(text: str) -> str:
    """One form for all brackets and widths, without 第 and leading zeros: 执罚字[2026]第044号 and 执罚字《2026》44号 are one."""
    plain = YEAR.sub(r"〔\1〕", re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)))
    return SERIAL.sub(r"\1\2号", plain)


def tagged_cases(path: str, is_known: Callable[[str, str], bool]) -> tuple[str, ...]:
    """Known case numbers that a path names, in the order in which they stand.

    Words may stand right before the number (`现场检查盘综执罚字〔2026〕44号.mp4`): the longest known one counts. `is_known`
    gets a number and what stands before it, and says whether that may be words rather than a part of another number.
    """
    found = []
    for words, rest in NUMBER.findall(unified(path)):
        number = next((n for at in range(len(words)) if is_known(n := f"{words[at:]}{rest}", words[:at])), None)
        if number and number not in found:
            found.append(number)
    return tuple(found)
