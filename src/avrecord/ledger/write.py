"""Workbooks out. Ids are text, nothing becomes a formula, and each sheet says where its figures come from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from avrecord.errors import CannotWrite

OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
A4, A3 = 9, 8
WIDEST_A4 = 75  # Chinese characters across a landscape sheet that are still read without effort
LATIN_SHARE = 0.55  # of a Chinese character's width


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: title, columns with their widths in Chinese characters, rows, footer lines."""

    name: str
    title: str
    columns: Sequence[tuple[str, float]]
    rows: Sequence[Sequence[object]]
    footer: Sequence[str] = ()


def write_workbook(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write an .xlsx for printing: landscape A4, one page wide, title rows repeated.

    Cells that begin with `=`, `+`, `-` or `@` stay text, since every string is written as a string.
    """
    try:
        _build(path, sheets)
    except (FileCreateError, OSError) as error:
        raise CannotWrite(path=path, detail="目录不存在，或没有写权限") from error


def _build(path: Path, sheets: Sequence[Sheet]) -> None:
    with xlsxwriter.Workbook(str(path), OPTIONS) as book:
        font = {"font_name": "宋体", "font_size": 10.5, "valign": "vcenter"}
        title = book.add_format(font | {"bold": True, "font_size": 16, "align": "center"})
        head = book.add_format(font | {"bold": True, "align": "center", "border": 1, "bg_color": "#E7ECF3", "text_wrap": True})
        cell = book.add_format(font | {"border": 1, "text_wrap": True})
        foot = book.add_format(font | {"font_size": 9, "font_color": "#444444", "text_wrap": True, "valign": "top"})
        for sheet in sheets:
            _write(book.add_worksheet(re.sub(r"[\[\]:*?/\\']", " ", sheet.name)[:31]), sheet, title, head, cell, foot)


def _write(page: xlsxwriter.workbook.Worksheet, sheet: Sheet, title: object, head: object, cell: object, foot: object) -> None:
    last = len(sheet.columns) - 1
    page.merge_range(0, 0, 0, last, sheet.title, title)
    page.set_row(0, 30)
    for n, (name, width) in enumerate(sheet.columns):
        page.set_column(n, n, width * 2.1)
        page.write_string(1, n, name, head)
    page.set_row(1, 32)
    for at, row in enumerate(sheet.rows, 2):
        page.set_row(at, 4 + 15 * max(1, *(_lines(v, sheet.columns[n][1]) for n, v in enumerate(row))))
        for n, value in enumerate(row):
            if isinstance(value, int | float) and not isinstance(value, bool):
                page.write_number(at, n, value, cell)
            else:
                page.write_string(at, n, "" if value is None else str(value), cell)
    at = 2 + len(sheet.rows)
    width = sum(width for _, width in sheet.columns)
    for n, line in enumerate(sheet.footer):
        page.merge_range(at + n, 0, at + n, last, line, foot)
        page.set_row(at + n, 13 * _lines(line, width))
    page.set_landscape()
    page.set_paper(A4 if sum(width for _, width in sheet.columns) <= WIDEST_A4 else A3)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    page.fit_to_pages(1, 0)
    page.repeat_rows(1)
    page.freeze_panes(2, 0)
    page.set_footer("&C第 &P 页，共 &N 页")
    page.print_area(0, 0, max(1, at + len(sheet.footer) - 1), last)


def _lines(value: object, width: float) -> int:
    """How many lines a wrapped cell takes: XlsxWriter cannot ask the font."""
    return sum(max(1, -(-int(_wide(line) * 10) // max(1, int(width * 10)))) for line in str(value or "").split("\n"))


def _wide(text: str) -> float:
    return sum(1.0 if ord(character) > 0x2E80 else LATIN_SHARE for character in text) + 0.3
