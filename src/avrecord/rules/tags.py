"""Case numbers that people write into file and folder names: an explicit tag wins over times."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

YEAR = re.compile(r"[\[(【〔{〈《]((?:19|20)\d\d)[\])】〕}〉》]")
NUMBER = re.compile(r"([^\W\d_]{1,20})(〔(?:19|20)\d\d〕)第?0*(\d{1,6})号")


def unified(text: str) -> str:
    """One form for all brackets and widths: 盘综执罚字[2026]44号, 【2026】, （2026） and 〔2026〕 are one number."""
    return YEAR.sub(r"〔\1〕", re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)))


def tagged_cases(path: str, is_known: Callable[[str], bool]) -> tuple[str, ...]:
    """Known case numbers that a path names, in the order in which they stand.

    Words may stand right before the number (`现场检查盘综执罚字〔2026〕44号.mp4`): the longest known one counts.
    """
    found = []
    for words, year, serial in NUMBER.findall(unified(path)):
        number = next((n for at in range(len(words)) if is_known(n := f"{words[at:]}{year}{serial}号")), None)
        if number and number not in found:
            found.append(number)
    return tuple(found)
