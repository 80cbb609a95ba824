"""Tables as bureaus send them: xlsx, xls or csv, with Chinese headers in any order.

Text files are utf-8-sig if they decode so, else gb18030 (which would also accept UTF-8 and turn 案号
into 妗堝彿). Headers are matched by alias after folding; unknown columns are reported, not dropped.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from avrecord.errors import BadInput
from avrecord.model.moments import BEIJING

LARGEST = 200 << 20
LARGEST_UNPACKED = 1 << 30
MOST_CELLS = 20_000_000
HEADER_WITHIN = 10  # rows: titles and notes often stand above the header
Aliases = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows by our column names, each with its row number in the file; headers nobody asked for."""

    rows: tuple[tuple[int, dict[str, object]], ...]
    unknown: tuple[str, ...]


def fold(header: object) -> str:
    """`行 政 处 罚`, `行政处罚 ` and `行政处罚` are one header."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(header))).casefold()


def read_table(path: Path, aliases: Aliases, required: Sequence[str], sheet: str | None = None) -> Table:
    """Read one sheet. Raises BadInput, naming what is missing, when it does not hold such a table.

    `aliases`: our column name → header texts. `sheet`: the sheet's name where a workbook has several.
    """
    grid = _grid(path, sheet)
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


def _grid(path: Path, sheet: str | None) -> list[list[object]]:
    try:
        if not path.exists():
            raise BadInput(path=path, detail="文件不存在")
        if not path.is_file():
            raise BadInput(path=path, detail="不是普通文件")
        if path.stat().st_size > LARGEST or _unpacked(path) > LARGEST_UNPACKED:
            raise BadInput(path=path, detail="文件过大")
        if path.suffix.lower() in (".csv", ".txt"):
            return [list(row) for row in csv.reader(io.StringIO(_decoded(path)))]
        return _workbook(path, sheet)
    except FileNotFoundError as error:
        raise BadInput(path=path, detail="文件不存在") from error
    except OSError as error:
        raise BadInput(path=path, detail=error.strerror or "读不出") from error
    except (CalamineError, zipfile.BadZipFile, csv.Error, ValueError) as error:
        raise BadInput(path=path, detail="不是有效的表格文件（支持 xlsx、xls、csv）") from error


def _unpacked(path: Path) -> int:
    """What a workbook claims to become: a few kilobytes can stand for gigabytes."""
    if not zipfile.is_zipfile(path):
        return 0
    with zipfile.ZipFile(path) as packed:
        return sum(part.file_size for part in packed.infolist())


def _workbook(path: Path, sheet: str | None) -> list[list[object]]:
    book = CalamineWorkbook.from_path(str(path))
    names = {fold(name): name for name in book.sheet_names}
    if sheet is not None and fold(sheet) not in names:
        raise BadInput(path=path, detail=f"没有名为“{sheet}”的工作表")
    name = names[fold(sheet)] if sheet is not None else book.sheet_names[0]
    page = book.get_sheet_by_name(name)
    if page.total_height * page.total_width > MOST_CELLS:  # one cell at the far corner makes 17 thousand million
        raise BadInput(path=path, detail=f"表格过大（{page.total_height} 行 {page.total_width} 列）")
    rows = page.to_python(skip_empty_area=False)
    return [[_cell(cell) for cell in row] for row in rows]


def _cell(cell: object) -> object:
    return str(cell) if isinstance(cell, timedelta) else cell


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def _header(
    grid: list[list[object]], wanted: dict[str, str], required: Sequence[str], path: Path, aliases: Aliases
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
