"""Tables: one page, one JSON twin, one CSV and one workbook for each question, all of the same answer."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from fastapi import FastAPI, Request, Response

from avrecord.errors import BadQuestion
from avrecord.ledger.write import write_workbook
from avrecord.pipeline.kit import Kit
from avrecord.reads.answer import Answer, as_document, csv_of, sheet, shown
from avrecord.rules.roles import Account, may_do, may_see
from avrecord.web.guard import Guard
from avrecord.web.shell import Shell

LONGEST = 200  # characters of a filter
MOST_SHOWN = 500  # rows of a page; the workbook has them all
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SVG = "image/svg+xml"
Asked = dict[str, str]


@dataclass(frozen=True, slots=True)
class Filter:
    """What can be asked for. `choices`: words by code; the first one stands when nothing is asked."""

    name: str
    title: str
    kind: Literal["text", "day", "month", "choice"] = "text"
    choices: Mapping[str, str] = field(default_factory=dict)
    default: Callable[[Kit], str] = lambda _: ""


@dataclass(frozen=True, slots=True)
class Act:
    """Something to be done from a table's page: a button that sends what was asked for, and `fields`."""

    deed: str
    address: str
    title: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """A table. `answer` gets the unit that the account may ask about and what was asked; `links` lead on from a column."""

    path: str
    title: str
    part: str
    answer: Callable[[Kit, str, Asked], Answer]
    filters: tuple[Filter, ...] = ()
    links: Mapping[str, Callable[[dict[str, Any]], str | None]] = field(default_factory=dict)
    related: tuple[tuple[str, str], ...] = ()
    """Further pages of the same room: address and title."""
    whole: Callable[[Kit, str, Asked], Answer] | None = None
    """The answer for a workbook, where a page gives a part of it only."""
    plot: Callable[[Kit, str, Asked], str] | None = None
    """A drawing of the answer (SVG). The numbers stand beside it in the table."""
    acts: tuple[Act, ...] = ()


def routes(app: FastAPI, guard: Guard, shell: Shell, kit: Kit, question: Question) -> None:
    """A question's page and its other forms."""
    shell.parts[question.path] = question.part

    @app.get(question.path)
    def page(request: Request) -> Response:
        account = guard.let_in(request, question.part)
        given = _given_by(request, account, guard, kit, question)
        answer = question.answer(kit, given["unit"], given)
        rows = [_cells(question, answer, row) for row in answer.rows[:MOST_SHOWN]]
        query = {key: value for key, value in given.items() if value and key != "after"}
        related = [(path, title) for path, title in question.related if may_see(account, shell.parts.get(path, question.part))]
        return shell.page(
            "table.html", account, related=related,
            question=question, answer=answer, rows=rows, given=given, query=query,
            acts=[act for act in question.acts if may_do(account, act.deed)], word=guard.word(request),
            cut=len(answer.rows) - len(rows), following=answer.extra.get("next"),
        )  # fmt: skip

    other_forms(app, guard, kit, question)


def other_forms(app: FastAPI, guard: Guard, kit: Kit, question: Question) -> None:
    """A question's JSON twin, CSV, workbook and drawing, for one that has a page of its own, too."""

    def given_by(request: Request) -> Asked:
        return _given_by(request, guard.let_in(request, question.part), guard, kit, question)

    def whole(request: Request) -> Answer:
        """The answer for a file, with all its rows."""
        given = given_by(request)
        return (question.whole or question.answer)(kit, given["unit"], given)

    @app.get(f"{question.path}.json", openapi_extra={"parameters": _described(question)})
    def twin(request: Request) -> Response:
        given = given_by(request)
        return Response(as_document(question.answer(kit, given["unit"], given)), media_type="application/json")

    if draw := question.plot:

        @app.get(f"{question.path}.svg")
        def drawing(request: Request) -> Response:
            given = given_by(request)
            return Response(draw(kit, given["unit"], given), media_type=SVG)

    @app.get(f"{question.path}.csv")
    def as_csv(request: Request) -> Response:
        found = whole(request)
        return Response(csv_of(found), media_type="text/csv; charset=utf-8", headers=saved(found.title, "csv"))

    @app.get(f"{question.path}.xlsx")
    def as_xlsx(request: Request) -> Response:
        found = whole(request)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "answer.xlsx"
            write_workbook(path, [sheet(found)], found.charts)
            content = path.read_bytes()
        return Response(content, media_type=XLSX, headers=saved(found.title, "xlsx"))


def _given_by(request: Request, account: Account, guard: Guard, kit: Kit, question: Question) -> Asked:
    """What is asked, within the account's unit. Raises Turned, BadQuestion."""
    unit = guard.unit(request, account, request.query_params.get("unit", "").strip()[:LONGEST])
    return _read(request, question, kit) | {"unit": unit}


def _described(question: Question) -> list[dict[str, Any]]:
    """The twin's parameters for OpenAPI."""
    names = ("unit", "after", *(each.name for each in question.filters))
    return [{"name": name, "in": "query", "required": False, "schema": {"type": "string"}} for name in dict.fromkeys(names)]


def _cells(question: Question, answer: Answer, row: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Each cell's text, and where it leads."""
    texts = shown(answer, row)
    return [
        (text, question.links[column.key](row) if column.key in question.links else None)
        for column, text in zip(answer.columns, texts, strict=True)
    ]


def _read(request: Request, question: Question, kit: Kit) -> Asked:
    """What is asked, each in its form. Raises BadQuestion."""
    given = {"after": request.query_params.get("after", "")[:LONGEST]}
    for each in question.filters:
        text = request.query_params.get(each.name, "").strip()[:LONGEST] or each.default(kit)
        if not _is_right(text, each):
            raise BadQuestion(what=each.title, detail=f"“{text}”不是{_WANTED[each.kind]}")
        given[each.name] = text
    return given


_WANTED = {"day": "日期（如 2026-11-16）", "month": "月份（如 2026-11）", "choice": "可选的一项", "text": "可读的文字"}


def _is_right(text: str, wanted: Filter) -> bool:
    if wanted.kind == "choice":
        return text in wanted.choices
    if not text:
        return True
    if wanted.kind == "text":
        return text.isprintable()
    try:
        day = date.fromisoformat(f"{text}-01" if wanted.kind == "month" else text)
    except ValueError:
        return False
    return 2000 <= day.year < 2100 and len(text) == (7 if wanted.kind == "month" else 10)


def saved(title: str, ending: str) -> dict[str, str]:
    """The header that makes a browser keep what it gets under this name."""
    name = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in title)
    return {"Content-Disposition": f"attachment; filename=avrecord.{ending}; filename*=UTF-8''{quote(f'{name}.{ending}')}"}
