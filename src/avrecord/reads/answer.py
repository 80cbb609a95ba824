"""One answer, whatever shows it: rows with stable keys, columns for people, notes; the same as JSON, CSV and workbook."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from avrecord import __version__
from avrecord.ledger.cleaning import csv_text
from avrecord.ledger.write import Chart, Sheet
from avrecord.model.moments import beijing, utc_text

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")  # names from cards must not speak to the terminal


@dataclass(frozen=True)
class Column:
    """`key` in JSON, `title` on screen; `show` turns the JSON value into what people read."""

    key: str
    title: str
    show: Callable[[Any], str] = lambda value: "" if value is None else str(value)
    width: float = 8
    of_row: bool = False
    """`show` is given the whole row: what it says takes more than one value."""
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
    return Sheet(answer.title[:31], answer.title, columns, [shown(answer, row) for row in answer.rows], footer)


def moment(value: datetime | None) -> str:
    return beijing(value)


def words(table: dict[str, str]) -> Callable[[Any], str]:
    """Codes in the words of people."""
    return lambda value: "" if value is None else table.get(str(value), str(value))


def shown(answer: Answer, row: dict[str, Any]) -> list[str]:
    """A row's cells as people read them; control characters from cards speak to no terminal."""
    return [CONTROL.sub("\ufffd", column.show(row if column.of_row else row.get(column.key))) for column in answer.columns]


def csv_of(answer: Answer) -> str:
    """With a byte order mark: what Excel needs to read Chinese."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.title for column in answer.columns])
    for row in answer.rows:
        writer.writerow([csv_text(cell) for cell in shown(answer, row)])
    return "\ufeff" + out.getvalue()


def joined(parts: Iterable[str], empty: str = "—") -> str:
    """Words for one cell."""
    return "、".join(part for part in parts if part) or empty
