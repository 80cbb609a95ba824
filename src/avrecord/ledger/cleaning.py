"""Text that every document can hold: what XML has no form for is shown as a mark, what a cell cannot hold is said to be cut."""

from __future__ import annotations

import re

NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2
LONGEST_CELL = 32_767  # characters: Excel's limit
FORMULA = ("=", "+", "-", "@", "\t", "\r")
CUT = "……（过长，已截断）"


def clean(text: str) -> str:
    """Names from cards and words that people pasted may hold control characters: one of them must not end a ledger."""
    return NO_XML.sub("\ufffd", text)


def cell_text(value: object) -> str:
    """For one cell of a workbook."""
    plain = clean(str(value))
    return plain if len(plain) <= LONGEST_CELL else plain[: LONGEST_CELL - len(CUT)] + CUT


def csv_text(shown: str) -> str:
    """For one cell of a CSV file: what a spreadsheet would take for a formula is text; numbers stay numbers."""
    is_number = shown.lstrip("+-").replace(".", "", 1).isdigit()
    return f"'{shown}" if shown.startswith(FORMULA) and not is_number else shown
