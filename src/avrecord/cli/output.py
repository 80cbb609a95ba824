"""One answer, four forms: a table for people, JSON for programs, CSV and xlsx for colleagues."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from avrecord import __version__
from avrecord.cli.base import Session, options
from avrecord.ledger.cleaning import csv_text
from avrecord.ledger.write import Chart, Sheet, write_workbook
from avrecord.model.moments import beijing, utc_text
from avrecord.pipeline.footing import assert_outside

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")  # names from cards must not speak to the terminal
WIDE = 160  # columns when the output is not a terminal
MOST_NARROW = 12  # columns of screen per column of a table below which rows are printed one below another


@dataclass(frozen=True)
class Column:
    """`key` in JSON, `title` on screen; `show` turns the JSON value into what people read."""

    key: str
    title: str
    show: Callable[[Any], str] = lambda value: "" if value is None else str(value)
    width: float = 8
    whole: bool = False
    """Never broken over lines on screen: numbers that people copy."""


@dataclass(frozen=True)
class Answer:
    """The result of a query. `extra` are further JSON keys, `notes` further lines for people."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[dict[str, Any]]
    extra: dict[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()
    exit_code: int = 0
    charts: Sequence[Chart] = ()
    """Native charts of the workbook."""


formats = options(
    click.option("--json", "as_json", is_flag=True, help="输出 JSON（键为英文，时间为 UTC）"),
    click.option("--csv", "as_csv", is_flag=True, help="输出 CSV"),
    click.option("--xlsx", type=click.Path(dir_okay=False, path_type=Path), metavar="文件", help="另存为 Excel 文件"),
)


def give(answer: Answer, as_json: bool, as_csv: bool, xlsx: Path | None) -> None:
    """Print the answer in the form asked for and exit with its code."""
    if xlsx:
        _assert_outside(xlsx)
        write_workbook(xlsx, [sheet(answer)], answer.charts)
        print(f"已写入 {xlsx}", file=sys.stderr)
    if as_json:
        print(as_document(answer))
    elif as_csv:
        sys.stdout.write("\ufeff" + _csv(answer))
    elif not xlsx:
        _table(answer)
    if answer.exit_code:
        raise click.exceptions.Exit(answer.exit_code)


def _assert_outside(xlsx: Path) -> None:
    """Not among the evidence of the station that was asked; a loose file is checked without any."""
    found = click.get_current_context().find_object(Session)
    if found and found.is_open:
        assert_outside(xlsx, found.kit)


def as_document(answer: Answer) -> str:
    """One JSON document with a stable schema name."""
    content = {"schema": f"avrecord.{answer.name}/1", **answer.extra, "rows": list(answer.rows)}
    return json.dumps(content, ensure_ascii=False, indent=2, default=plain)


def plain(value: Any) -> Any:
    """UTC text for moments, ISO for days: what JSON holds."""
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def sheet(answer: Answer) -> Sheet:
    """The answer as a printable table with a footer that says where it comes from."""
    footer = [*answer.notes, f"生成时间：{beijing(datetime.now().astimezone())}（北京时间）；程序：avrecord {__version__}"]
    columns = [(column.title, column.width) for column in answer.columns]
    return Sheet(answer.title[:31], answer.title, columns, [_shown(answer, row) for row in answer.rows], footer)


def moment(value: datetime | None) -> str:
    return beijing(value)


def words(table: dict[str, str]) -> Callable[[Any], str]:
    """Codes in the words of people."""
    return lambda value: "" if value is None else table.get(str(value), str(value))


def _shown(answer: Answer, row: dict[str, Any]) -> list[str]:
    return [CONTROL.sub("\ufffd", column.show(row.get(column.key))) for column in answer.columns]


def _table(answer: Answer) -> None:
    console = Console(width=None if sys.stdout.isatty() else WIDE, highlight=False)
    if answer.rows and console.width < MOST_NARROW * len(answer.columns):
        _records(answer, console)
    elif answer.rows:
        table = Table(title=Text(answer.title), title_justify="left", header_style="bold")
        for column in answer.columns:
            table.add_column(column.title, overflow="fold", no_wrap=column.whole)
        for row in answer.rows:
            table.add_row(*(Text(cell) for cell in _shown(answer, row)))
        console.print(table, markup=False)
    for note in answer.notes:
        console.print(note, markup=False, soft_wrap=True)


def _records(answer: Answer, console: Console) -> None:
    """One row below another where the screen is too narrow for a table: nothing is cut."""
    console.print(Text(answer.title, "bold"))
    for number, row in enumerate(answer.rows, 1):
        console.print(Text(f"—— {number} ——"))
        for column in answer.columns:
            if shown := column.show(row.get(column.key)):
                console.print(Text(f"  {column.title}：{shown}".replace("\n", "、")))


def _csv(answer: Answer) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.title for column in answer.columns])
    for row in answer.rows:
        writer.writerow([csv_text(cell) for cell in _shown(answer, row)])
    return out.getvalue()
