"""A bureau's own workbook, filled: rows go under its headers, its fonts, borders, widths and other sheets stay as they are."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.styles import Alignment
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.worksheet import Worksheet

from avrecord import durable
from avrecord.errors import BadInput, CannotWrite
from avrecord.ledger.cleaning import cell_text
from avrecord.ledger.grid import fold
from avrecord.ledger.write import PER_CHARACTER, Sheet, lines_of

HEADER_WITHIN = 20  # rows: titles, units and dates stand above
MOST_COLUMNS = 200
LEAST = 3  # headers that must be known before a table is believed to be the one
LARGEST = 20 << 20
LARGEST_UNPACKED = 200 << 20


@dataclass(frozen=True, slots=True)
class Found:
    """Where the table stands: the column (from 1) of each of ours, and the first row under its header."""

    page: Worksheet
    columns: Mapping[str, int]
    first: int


def fill_template(
    template: Path, out: Path, headers: Mapping[str, Sequence[str]], rows: Sequence[Mapping[str, object]], basis: Sheet
) -> None:
    """Write `rows` under the headers of `template` into `out`, and the basis on a sheet of its own.

    Raises BadInput where no sheet has at least three of the headers; CannotWrite. The template is never changed.
    """
    if out.exists() and out.samefile(template):
        raise CannotWrite(path=out, detail="不能写到模板自己上")
    book = _opened(template)
    found = _table(book.worksheets, headers)
    if found is None:
        wanted = "、".join(texts[0] for texts in headers.values())
        raise BadInput(path=template, detail=f"模板中找不到表头（至少要有其中 {LEAST} 列：{wanted}）")
    room = _room(found, len(rows))
    if len(rows) > room:
        _insert(found.page, found.first + room, len(rows) - room, found.first)
    for n, row in enumerate(rows):
        _write(found, found.first + n, row)
    _basis(book, basis)
    try:
        book.save(out)
    except OSError as error:
        raise CannotWrite(path=out, detail="目录不存在，或没有写权限") from error


def _opened(template: Path) -> Any:
    """The workbook. What openpyxl cannot read it says in many ways; none of them is the bureau's to read."""
    try:
        content = durable.read_small(template, LARGEST)
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > LARGEST_UNPACKED:
                raise BadInput(path=template, detail="模板过大")
        return load_workbook(io.BytesIO(content))
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(path=template, detail="不是有效的 xlsx 模板") from error


def _table(pages: Sequence[Worksheet], headers: Mapping[str, Sequence[str]]) -> Found | None:
    """The sheet and row that know the most of our headers. Headers may stand in two rows (merged groups above)."""
    wanted = {fold(text): source for source, texts in headers.items() for text in texts}
    best: Found | None = None
    for page in pages:
        last = min(page.max_column, MOST_COLUMNS)
        for row in range(1, min(HEADER_WITHIN, page.max_row) + 1):
            below = _below(page, row)
            columns: dict[str, int] = {}
            for line, at in product(range(row, below), range(1, last + 1)):
                source = wanted.get(fold(page.cell(line, at).value or ""))
                if source and source not in columns:
                    columns[source] = at
            if len(columns) >= LEAST and (best is None or len(columns) > len(best.columns)):
                best = Found(page, columns, below)
    return best


def _below(page: Worksheet, row: int) -> int:
    """The row under a header, under its merged cells too."""
    ends = [int(merged.max_row) for merged in page.merged_cells.ranges if merged.min_row <= row <= merged.max_row]
    return min(max([row, *ends]), row + HEADER_WITHIN) + 1


def _room(found: Found, wanted: int) -> int:
    """How many empty rows the template has ready under its header, up to `wanted`; a printed number alone fills no row.

    Cells merged downwards hold one row each time: a template that has them in its table has none ready.
    """
    page, number, last = found.page, found.columns.get("number"), found.page.max_column
    spans = [each for each in page.merged_cells.ranges if each.max_row >= found.first]
    room = 0
    for row in range(found.first, min(page.max_row, found.first + wanted - 1) + 1):
        if any(each.min_row <= row <= each.max_row and (each.size["columns"] > 2 or each.size["rows"] > 1) for each in spans):
            break
        cells = page.iter_rows(min_row=row, max_row=row, max_col=last, values_only=True)
        if any(value not in (None, "") and at != number for at, value in enumerate(next(cells), 1)):
            break
        room += 1
    return room


def _insert(page: Worksheet, before: int, count: int, like: int) -> None:
    """Rows before `before` that look like row `like`. openpyxl moves cells and forgets merged ranges and heights."""
    heights = {row: each.height for row, each in page.row_dimensions.items() if row >= before and each.height}
    last = page.max_column
    below: list[CellRange] = [each for each in page.merged_cells.ranges if each.min_row >= before]
    for each in below:
        page.unmerge_cells(each.coord)
    page.insert_rows(before, count)
    for each in below:
        each.shift(row_shift=count)
        page.merge_cells(each.coord)
    for row in heights:
        page.row_dimensions[row].height = None
    for row, height in heights.items():
        page.row_dimensions[row + count].height = height
    for row in range(before, before + count):
        page.row_dimensions[row].height = page.row_dimensions[like].height
        for at in range(1, last + 1):
            _look_like(page.cell(row, at), page.cell(like, at))


def _look_like(cell: Any, model: Any) -> None:
    if model.has_style and not isinstance(cell, MergedCell):
        cell.font, cell.border, cell.fill = copy(model.font), copy(model.border), copy(model.fill)
        cell.alignment, cell.number_format = copy(model.alignment), model.number_format


def _write(found: Found, row: int, values: Mapping[str, object]) -> None:
    lines = 1
    for source, at in found.columns.items():
        cell = found.page.cell(row, at)
        if isinstance(cell, MergedCell):
            continue
        value = values.get(source, "")
        if isinstance(value, int):
            cell.value = value
            continue
        cell.value = cell_text(value)
        cell.data_type = "s"  # a cell that begins with = is text
        cell.alignment = Alignment(
            horizontal=cell.alignment.horizontal, vertical=cell.alignment.vertical or "top", wrap_text=True
        )
        width = found.page.column_dimensions[cell.column_letter].width or 8.43
        lines = max(lines, lines_of(value, width / PER_CHARACTER))
    height = found.page.row_dimensions[row].height or 15
    found.page.row_dimensions[row].height = min(409, max(height, 15 * lines + 4))  # Excel shows no taller row


def _basis(book: Any, basis: Sheet) -> None:
    """The clips that the cells rest on, plainly; a name that the template has already is left alone."""
    name = basis.name if basis.name not in book.sheetnames else f"{basis.name}（avrecord）"
    page = book.create_sheet(name)
    for row in [[title for title, _ in basis.columns], *basis.rows, *([line] for line in basis.footer)]:
        page.append([value if isinstance(value, int) else cell_text(value) for value in row])
        for cell in page[page.max_row]:
            if isinstance(cell.value, str):
                cell.data_type = "s"
    for at, (_, width) in enumerate(basis.columns, 1):
        page.column_dimensions[page.cell(1, at).column_letter].width = width * PER_CHARACTER
