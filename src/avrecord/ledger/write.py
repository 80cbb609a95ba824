"""Workbooks out. Ids are text, nothing becomes a formula, and each sheet says where its figures come from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from avrecord.errors import CannotWrite
from avrecord.ledger.cleaning import cell_text

OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
A4, A3 = 9, 8
WIDEST_A4 = 75  # Chinese characters across a landscape sheet that are still read without effort
MOST_COLUMNS = 14  # beside one another; more are drawn as bars below one another
COLOURS = ("#1F5A93", "#D98E04", "#5B8C5A", "#7A5195")  # told apart without colour sight, and in grey
PER_CHARACTER = 2.1  # of a spreadsheet's units of width, for one Chinese character
LATIN_SHARE = 0.55  # of a Chinese character's width


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: title, columns with their widths in Chinese characters, rows, footer lines."""

    name: str
    title: str
    columns: Sequence[tuple[str, float]]
    rows: Sequence[Sequence[object]]
    footer: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """A native chart on a sheet of its own, with the numbers it draws beside it: they can be checked and changed.

    `series`: name → a value for each category. `form`: XlsxWriter's number format of the values, percent by default.
    """

    name: str
    title: str
    axis: str
    categories: Sequence[str]
    series: Mapping[str, Sequence[float | None]]
    form: str = "0.0%"


class Share(float):
    """A share of one, written as a percentage that can still be sorted and compared."""


class _Looks(NamedTuple):
    """The formats of one workbook."""

    title: object
    head: object
    cell: object
    share: object
    foot: object


def save_text(path: Path, content: str) -> None:
    """Write a text file for people. Raises CannotWrite."""
    try:
        path.write_text(content, "utf-8")
    except OSError as error:
        raise CannotWrite(path=path, detail="目录不存在，或没有写权限") from error


def write_workbook(path: Path, sheets: Sequence[Sheet], charts: Sequence[Chart] = ()) -> None:
    """Write an .xlsx for printing: landscape A4, one page wide, title rows repeated; each chart on a sheet after them.

    Cells that begin with `=`, `+`, `-` or `@` stay text, since every string is written as a string.
    """
    try:
        _build(path, sheets, charts)
    except (FileCreateError, OSError) as error:
        raise CannotWrite(path=path, detail="目录不存在，或没有写权限") from error


def _build(path: Path, sheets: Sequence[Sheet], charts: Sequence[Chart]) -> None:
    with xlsxwriter.Workbook(str(path), OPTIONS) as book:
        font = {"font_name": "宋体", "font_size": 10.5, "valign": "vcenter"}
        plain = font | {"border": 1, "text_wrap": True}
        title = book.add_format(font | {"bold": True, "font_size": 16, "align": "center"})
        head = book.add_format(font | {"bold": True, "align": "center", "border": 1, "bg_color": "#E7ECF3", "text_wrap": True})
        cell, share = book.add_format(plain), book.add_format(plain | {"num_format": "0.0%"})
        foot = book.add_format(font | {"font_size": 9, "font_color": "#444444", "text_wrap": True, "valign": "top"})
        for sheet in sheets:
            _write(book.add_worksheet(_sheet_name(sheet.name)), sheet, _Looks(title, head, cell, share, foot))
        for chart in charts:
            _draw(book, chart, head, cell, book.add_format(font | {"border": 1, "num_format": chart.form}))


def _draw(book: xlsxwriter.Workbook, chart: Chart, head: object, cell: object, number: object) -> None:
    """The numbers as a table, and the bars that draw them. Where there is no value the cell is empty, not 0."""
    page, last = book.add_worksheet(_sheet_name(chart.name)), max(1, len(chart.categories))
    page.set_column(0, 0, 22)
    page.set_column(1, max(1, len(chart.series)), 12)
    page.write_string(0, 0, chart.axis, head)
    for n, category in enumerate(chart.categories, 1):
        page.write_string(n, 0, cell_text(category), cell)
    drawn = _bars(book, chart)
    for column, (name, values) in enumerate(chart.series.items(), 1):
        page.write_string(0, column, name, head)
        for n, value in enumerate(values, 1):
            page.write_blank(n, column, None, number) if value is None else page.write_number(n, column, value, number)
        drawn.add_series(
            {
                "name": [page.get_name(), 0, column],
                "categories": [page.get_name(), 1, 0, last, 0],
                "values": [page.get_name(), 1, column, last, column],
                "fill": {"color": COLOURS[(column - 1) % len(COLOURS)]},
                "data_labels": {"value": True, "num_format": chart.form},
                "gap": 60,
            }
        )
    page.insert_chart(0, len(chart.series) + 2, drawn)
    page.set_landscape()
    page.set_paper(A4)
    page.fit_to_pages(1, 0)


def _bars(book: xlsxwriter.Workbook, chart: Chart) -> xlsxwriter.chart.Chart:
    """Columns, or bars below one another where there are many; on a scale from 0, so that length is number."""
    count = len(chart.categories)
    many = count > MOST_COLUMNS
    drawn = book.add_chart({"type": "bar" if many else "column"})
    full = {"max": 1} if chart.form.endswith("%") else {}
    values = {"min": 0, "num_format": chart.form, "major_gridlines": {"visible": True, "line": {"color": "#C3CCD5"}}, **full}
    if many:  # the axes change places, and the first category stands below unless turned round
        drawn.set_x_axis(values)
        drawn.set_y_axis({"reverse": True})
    else:
        drawn.set_y_axis(values)
    drawn.set_title({"name": chart.title, "name_font": {"name": "宋体", "size": 14}})
    drawn.set_legend({"position": "bottom"} if len(chart.series) > 1 else {"none": True})
    drawn.set_size({"width": 860, "height": max(420, 22 * count * len(chart.series) + 120) if many else 420})
    return drawn


def _sheet_name(name: str) -> str:
    return re.sub(r"[\[\]:*?/\\']", " ", name)[:31]


def _write(page: xlsxwriter.workbook.Worksheet, sheet: Sheet, looks: _Looks) -> None:
    last = len(sheet.columns) - 1
    page.merge_range(0, 0, 0, last, sheet.title, looks.title)
    page.set_row(0, 30)
    for n, (name, width) in enumerate(sheet.columns):
        page.set_column(n, n, width * PER_CHARACTER)
        page.write_string(1, n, name, looks.head)
    page.set_row(1, 32)
    for at, row in enumerate(sheet.rows, 2):
        page.set_row(at, 4 + 15 * max(1, *(lines_of(v, sheet.columns[n][1]) for n, v in enumerate(row))))
        for n, value in enumerate(row):
            if isinstance(value, int | float) and not isinstance(value, bool):
                page.write_number(at, n, value, looks.share if isinstance(value, Share) else looks.cell)
            else:
                page.write_string(at, n, "" if value is None else cell_text(value), looks.cell)
    at = 2 + len(sheet.rows)
    width = sum(width for _, width in sheet.columns)
    for n, line in enumerate(sheet.footer):
        page.merge_range(at + n, 0, at + n, last, line, looks.foot)
        page.set_row(at + n, 13 * lines_of(line, width))
    page.set_landscape()
    page.set_paper(A4 if sum(width for _, width in sheet.columns) <= WIDEST_A4 else A3)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    page.fit_to_pages(1, 0)
    page.repeat_rows(1)
    page.freeze_panes(2, 0)
    page.set_footer("&C第 &P 页，共 &N 页")
    page.print_area(0, 0, max(1, at + len(sheet.footer) - 1), last)


def lines_of(value: object, width: float) -> int:
    """How many lines a wrapped cell takes: XlsxWriter cannot ask the font."""
    return sum(max(1, -(-int(_wide(line) * 10) // max(1, int(width * 10)))) for line in str(value or "").split("\n"))


def _wide(text: str) -> float:
    return sum(1.0 if ord(character) > 0x2E80 else LATIN_SHARE for character in text) + 0.3
