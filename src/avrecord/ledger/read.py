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
EXACT = 10**15  # a spreadsheet keeps fifteen digits of a number
SCIENTIFIC = re.compile(r"[+-]?\d(\.\d+)?[Ee]\+?\d+")
MOMENT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})[ T](\d{1,2}):(\d{1,2})(?::(\d{1,2}))?")  # strptime took a third of an import
WITH_ZONE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)")
Aliases = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows by our column names, each with its row number in the file; headers nobody asked for."""

    rows: tuple[tuple[int, dict[str, object]], ...]
    unknown: tuple[str, ...]
    known: frozenset[str] = frozenset()
    """Our names of the columns that are there."""
    heading: str = ""
    """Every word down to the header, as one text."""


def read_table(path: Path, aliases: Aliases, required: Sequence[str], sheet: str | None = None) -> Table:
    """Read one sheet. Raises BadInput, naming what is missing, when it does not hold such a table.

    `aliases`: our column name → header texts. `sheet`: the sheet's name where a workbook has several.
    """
    return table_of(read_grid(path, sheet).cells, path, aliases, required)


def table_of(grid: Cells, path: Path, aliases: Aliases, required: Sequence[str]) -> Table:
    """The same from cells that were read before."""
    wanted = {fold(alias): name for name, texts in aliases.items() for alias in texts}
    at, columns = _header(grid, wanted, required, path, aliases)
    known = set(columns.values())
    unknown = tuple(str(cell).strip() for n, cell in enumerate(grid[at]) if n not in columns and str(cell).strip())
    rows = []
    for number, cells in enumerate(grid[at + 1 :], at + 2):
        row = {name: cells[n] if n < len(cells) else "" for n, name in columns.items()}
        if any(str(value).strip() for value in row.values()):
            rows.append((number, row | dict.fromkeys(aliases.keys() - known, "")))
    heading = " ".join(fold(cell) for line in grid[: at + 1] for cell in line)
    return Table(tuple(rows), unknown, frozenset(known), heading)


def text(value: object) -> str:
    """A cell as text: 12.0 is "12", a date is its day, inner line breaks are spaces."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", str(value))).strip()


def identifier(value: object) -> str:
    """A cell that names something: a case, an officer, a recorder. Raises ValueError where a spreadsheet has damaged it.

    A number of more than 15 digits, and any that was turned into 1.2E+17, has lost its last digits: what is left may be
    somebody else's number.
    """
    whole = isinstance(value, int | float) and not isinstance(value, bool)
    shown = text(value)
    if (whole and abs(float(str(value))) >= EXACT) or SCIENTIFIC.fullmatch(shown):
        raise ValueError(f"“{shown}”是被表格软件改成数值的号码，末几位已丢失；请把该列设为文本后重新填写")
    return shown


def moment(value: object) -> datetime:
    """A cell as a moment in Beijing time. Raises ValueError with a Chinese reason."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=BEIJING)
    if isinstance(value, date):  # midnight exactly: the reader gives a day
        return datetime(value.year, value.month, value.day, tzinfo=BEIJING)
    shown = unicodedata.normalize("NFKC", text(value))
    if WITH_ZONE.fullmatch(shown):
        try:
            return datetime.fromisoformat(shown).astimezone(BEIJING)
        except (ValueError, OverflowError):
            raise ValueError(f"不是有效的时间：{shown}") from None
    plain = re.sub(r"[年月./]", "-", shown).replace("日", " ").strip()
    if match := MOMENT.fullmatch(re.sub(r"\s+", " ", plain)):
        try:
            year, month, of_month, hour, minute, second = (int(part or 0) for part in match.groups())
            return datetime(year, month, of_month, hour, minute, second, tzinfo=BEIJING)
        except ValueError:
            pass
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
