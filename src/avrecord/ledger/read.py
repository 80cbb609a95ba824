"""Tables as bureaus send them: xlsx, xls, csv or json, with Chinese headers in any order.

Headers are matched by alias after folding; unknown columns are reported, not dropped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from avrecord.errors import BadInput
from avrecord.ledger.grid import Cells, fold, read_grid
from avrecord.model.moments import BEIJING

HEADER_WITHIN = 10  # rows: titles and notes often stand above the header
Aliases = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows by our column names, each with its row number in the file; headers nobody asked for."""

    rows: tuple[tuple[int, dict[str, object]], ...]
    unknown: tuple[str, ...]


def read_table(path: Path, aliases: Aliases, required: Sequence[str], sheet: str | None = None) -> Table:
    """Read one sheet. Raises BadInput, naming what is missing, when it does not hold such a table.

    `aliases`: our column name → header texts. `sheet`: the sheet's name where a workbook has several.
    """
    grid = read_grid(path, sheet).cells
    wanted = {fold(alias): name for name, texts in aliases.items() for alias in texts}
    at, columns = _header(grid, wanted, required, path, aliases)
    known = set(columns.values())
    unknown = tuple(str(cell).strip() for n, cell in enumerate(grid[at]) if n not in columns and str(cell).strip())
    rows = []
    for number, cells in enumerate(grid[at + 1 :], at + 2):
        row = {name: cells[n] if n < len(cells) else "" for n, name in columns.items()}
        if any(str(value).strip() for value in row.values()):
            rows.append((number, row | dict.fromkeys(aliases.keys() - known, "")))
    return Table(tuple(rows), unknown)


def text(value: object) -> str:
    """A cell as text: 12.0 is "12", a date is its day, inner line breaks are spaces."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", str(value))).strip()


def moment(value: object) -> datetime:
    """A cell as a moment in Beijing time. Raises ValueError with a Chinese reason."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=BEIJING)
    if isinstance(value, date):  # midnight exactly: the reader gives a day
        return datetime(value.year, value.month, value.day, tzinfo=BEIJING)
    plain = re.sub(r"[年月./]", "-", unicodedata.normalize("NFKC", text(value))).replace("日", " ").strip()
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"):
        try:
            return datetime.strptime(re.sub(r"\s+", " ", plain), form).replace(tzinfo=BEIJING)
        except ValueError:
            continue
    raise ValueError(f"不是有效的时间：{text(value) or '空'}")


def day(value: object) -> date | None:
    """A cell as a day, None when empty. Raises ValueError with a Chinese reason."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    plain = re.sub(r"[年月./]", "-", unicodedata.normalize("NFKC", text(value))).replace("日", "").strip()
    if not plain:
        return None
    try:
        return date(*(int(part) for part in plain.split(" ")[0].split("-")))
    except (ValueError, TypeError):
        raise ValueError(f"不是有效的日期：{text(value)}") from None


def _header(
    grid: Cells, wanted: dict[str, str], required: Sequence[str], path: Path, aliases: Aliases
) -> tuple[int, dict[int, str]]:
    best: tuple[int, dict[int, str]] = (0, {})
    for at, cells in enumerate(grid[:HEADER_WITHIN]):
        columns: dict[int, str] = {}
        for n, cell in enumerate(cells):
            name = wanted.get(fold(cell))
            if name and name not in columns.values():  # of two columns of one meaning the first counts
                columns[n] = name
        if len(columns) > len(best[1]):
            best = (at, columns)
    lacking = [aliases[name][0] for name in required if name not in best[1].values()]
    if lacking:
        raise BadInput(path=path, detail=f"表头缺少：{'、'.join(lacking)}")
    return best
