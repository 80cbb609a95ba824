"""One answer, four forms: a table for people, JSON for programs, CSV and xlsx for colleagues."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from avrecord.cli.base import Asking, Session, options
from avrecord.ledger.write import write_workbook
from avrecord.pipeline.footing import assert_outside
from avrecord.reads.answer import Answer, as_document, csv_of, sheet, shown

WIDE = 160  # columns when the output is not a terminal
MOST_NARROW = 12  # columns of screen per column of a table below which rows are printed one below another

formats = options(
    click.option("--json", "as_json", is_flag=True, help="输出 JSON（键为英文，时间为 UTC）"),
    click.option("--csv", "as_csv", is_flag=True, help="输出 CSV"),
    click.option("--xlsx", type=click.Path(dir_okay=False, path_type=Path), metavar="文件", help="另存为 Excel 文件"),
)


def give(answer: Answer, as_json: bool, as_csv: bool, xlsx: Path | None) -> None:
    """Print the answer in the form asked for and exit with its code."""
    if (asking := click.get_current_context().find_object(Asking)) is not None:
        asking.heard(answer, {"as_json": as_json, "as_csv": as_csv, "xlsx": xlsx})
        return
    if xlsx:
        _assert_outside(xlsx)
        write_workbook(xlsx, [sheet(answer)], answer.charts)
        print(f"已写入 {xlsx}", file=sys.stderr)
    if as_json:
        print(as_document(answer))
    elif as_csv:
        sys.stdout.write(csv_of(answer))
    elif not xlsx:
        _table(answer)
    if answer.exit_code:
        raise click.exceptions.Exit(answer.exit_code)


def _assert_outside(xlsx: Path) -> None:
    """Not among the evidence of the station that was asked; a loose file is checked without any."""
    found = click.get_current_context().find_object(Session)
    if found and found.is_open:
        assert_outside(xlsx, found.kit)


def _table(answer: Answer) -> None:
    console = Console(width=None if sys.stdout.isatty() else WIDE, highlight=False)
    if answer.rows and console.width < MOST_NARROW * len(answer.columns):
        _records(answer, console)
    elif answer.rows:
        table = Table(title=Text(answer.title), title_justify="left", header_style="bold")
        for column in answer.columns:
            table.add_column(column.title, overflow="fold", no_wrap=column.whole)
        for row in answer.rows:
            table.add_row(*(Text(cell) for cell in shown(answer, row)))
        console.print(table, markup=False)
    for note in answer.notes:
        console.print(note, markup=False, soft_wrap=True)


def _records(answer: Answer, console: Console) -> None:
    """One row below another where the screen is too narrow for a table: nothing is cut."""
    console.print(Text(answer.title, "bold"))
    for number, row in enumerate(answer.rows, 1):
        console.print(Text(f"—— {number} ——"))
        for column, cell in zip(answer.columns, shown(answer, row), strict=True):
            if cell:
                console.print(Text(f"  {column.title}：{cell}".replace("\n", "、")))
