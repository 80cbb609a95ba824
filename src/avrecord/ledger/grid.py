"""Files that hold a table, as a grid of cells: xlsx, xls, csv, and json (a list of rows with their keys).

Text files are utf-8-sig or UTF-16 with its mark, else gb18030 (which would also accept UTF-8 and turn 案号 into 妗堝彿).
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from avrecord.errors import BadInput

LARGEST = 200 << 20
LARGEST_UNPACKED = 1 << 30
MOST_CELLS = 20_000_000
TEXT_ENDINGS = (".csv", ".txt")
LONE = re.compile("[\ud800-\udfff]")  # JSON can spell half a character, which no file and no log can hold
Cells = list[list[object]]
Block = tuple[int, int, int, int]
"""Top, left, bottom, right of merged cells, from 0, all counted."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A sheet as it lies: its rows of cells, and which of them are merged (no text file knows)."""

    cells: Cells
    merged: tuple[Block, ...] = ()
    other_sheets: tuple[str, ...] = ()


def read_grid(path: Path, sheet: str | None = None) -> Grid:
    """One sheet of a file: the named one, else the first. Raises BadInput with the reason in Chinese."""
    try:
        if not path.exists():
            raise BadInput(path=path, detail="文件不存在")
        if not path.is_file():
            raise BadInput(path=path, detail="不是普通文件")
        if not path.stat().st_size:
            raise BadInput(path=path, detail="文件是空的（0 字节）")
        if path.stat().st_size > LARGEST or _unpacked(path) > LARGEST_UNPACKED:
            raise BadInput(path=path, detail="文件过大")
        if path.suffix.lower() == ".json":
            return Grid(_rows_of_json(path))
        if path.suffix.lower() in TEXT_ENDINGS:
            return Grid(_rows_of_text(_decoded(path)))
        return _workbook(path, sheet)
    except FileNotFoundError as error:
        raise BadInput(path=path, detail="文件不存在") from error
    except OSError as error:
        raise BadInput(path=path, detail=error.strerror or "读不出") from error
    except (CalamineError, zipfile.BadZipFile, csv.Error, ValueError, RecursionError) as error:
        raise BadInput(path=path, detail="不是有效的表格文件（支持 xlsx、xls、csv、json）") from error


def fold(header: object) -> str:
    """`行 政 处 罚`, `行政处罚 ` and `行政处罚` are one header."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(header))).casefold()


def _unpacked(path: Path) -> int:
    """What a workbook claims to become: a few kilobytes can stand for gigabytes."""
    if not zipfile.is_zipfile(path):
        return 0
    with zipfile.ZipFile(path) as packed:
        return sum(part.file_size for part in packed.infolist())


def _workbook(path: Path, sheet: str | None) -> Grid:
    book = CalamineWorkbook.from_path(str(path))
    names = {fold(name): name for name in book.sheet_names}
    if sheet is not None and fold(sheet) not in names:
        raise BadInput(path=path, detail=f"没有名为“{sheet}”的工作表")
    name = names[fold(sheet)] if sheet is not None else book.sheet_names[0]
    page = book.get_sheet_by_name(name)
    if page.total_height * page.total_width > MOST_CELLS:  # one cell at the far corner makes 17 thousand million
        raise BadInput(path=path, detail=f"表格过大（{page.total_height} 行 {page.total_width} 列）")
    rows = page.to_python(skip_empty_area=False)
    merged = tuple((*first, *last) for first, last in page.merged_cell_ranges or ())
    return Grid([[_cell(cell) for cell in row] for row in rows], merged, tuple(n for n in book.sheet_names if n != name))


def _cell(cell: object) -> object:
    return str(cell) if isinstance(cell, timedelta) else cell


def _rows_of_text(text: str) -> Cells:
    """Comma-separated rows; tabs where the first line has no comma, as "Unicode text" has."""
    first = text.partition("\n")[0]
    tabbed = "\t" in first and "," not in first
    return [list(row) for row in csv.reader(io.StringIO(text), delimiter="\t" if tabbed else ",")]


def _rows_of_json(path: Path) -> Cells:
    """A list of objects as a header and rows, in the order in which their keys first appear."""
    content = json.loads(_decoded(path), parse_constant=_no_number)
    if LONE.search(json.dumps(content, ensure_ascii=False)):
        raise BadInput(path=path, detail="含有不能保存的字符（不成对的代理码）")
    rows = content.get("rows", content.get("data")) if isinstance(content, dict) else content
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadInput(path=path, detail="JSON 应为数组，每个元素是一行（键为列名）")
    keys = list(dict.fromkeys(key for row in rows for key in row))
    return [list(keys), *([_json_cell(row.get(key)) for key in keys] for row in rows)]


def _no_number(name: str) -> object:
    raise ValueError(name)  # NaN and Infinity, which are not JSON


def _json_cell(value: Any) -> object:
    """A list is several names in one cell. A whole number is exact here, unlike in a workbook."""
    if isinstance(value, list):
        return "、".join(str(each) for each in value)
    if isinstance(value, float):
        return value
    return "" if value is None else str(value)


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):  # what Excel calls "Unicode text"
        return _plain(content.decode("utf-16"), path)
    try:
        return _plain(content.decode("utf-8-sig"), path)
    except UnicodeDecodeError:
        pass
    try:
        return _plain(content.decode("gb18030"), path)
    except UnicodeDecodeError:
        raise BadInput(path=path, detail="文字编码认不出（应为 UTF-8 或 GB18030）；请在表格软件中另存为 xlsx") from None


def _plain(content: str, path: Path) -> str:
    """Text without NUL: what is UTF-16 without its mark, or no text at all, has one in every second byte."""
    if "\0" in content:
        raise BadInput(path=path, detail="文字编码认不出（含空字符）；请在表格软件中另存为 xlsx")
    return content
