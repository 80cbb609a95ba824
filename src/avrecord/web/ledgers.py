"""台账: 附件9 as a page. A cell is changed where it comes from: by a review, or by what is told of a problem."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response

from avrecord.errors import UnknownName
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.report import Filled, Ledger, annex9, filled, read_columns
from avrecord.web import months
from avrecord.web.cases import anchor_of
from avrecord.web.guard import Guard
from avrecord.web.questions import SELFCHECK_PAGES
from avrecord.web.shell import Shell, address
from avrecord.words import DECISIONS, LIMITS_OF_A_CHECK, PROBLEM_ITEMS, SEGMENTS

FACTS = ("number", "case_no", "case_kind", "unit", "officers")
REVIEWED = ("footage", *SEGMENTS)
"""Columns whose cells a person's review decides."""


def routes(app: FastAPI, guard: Guard, shell: Shell, kit: Kit) -> None:
    """The page of a month and its JSON twin."""

    @app.get("/ledger")
    def page(request: Request, month: str = "", unit: str = "") -> Response:
        account = guard.let_in(request, "selfcheck")
        content = _month(kit, guard.unit(request, account, unit.strip()[:200]), month)
        words: dict[str, Any] = {"decisions": DECISIONS, "problem_items": PROBLEM_ITEMS, "word": guard.word(request)}
        return shell.page("ledger.html", account, related=SELFCHECK_PAGES, **content, **words)

    @app.get("/ledger.json")
    def twin(request: Request, month: str = "", unit: str = "") -> dict[str, Any]:
        account = guard.let_in(request, "selfcheck")
        return _month(kit, guard.unit(request, account, unit.strip()[:200]), month)


def _month(kit: Kit, unit: str, month: str) -> dict[str, Any]:
    """A month's cases as the ledger has them; a month without any is an empty one."""
    chosen, ledger = months.asked(month, kit.today), read_columns(annex9(kit))
    try:
        found = filled(ledger, kit, unit=unit, **chosen.span)
    except UnknownName:
        found = []
    return {
        "schema": "avrecord.ledger_page/1", "title": ledger.title, **chosen.names, "unit": unit,
        "rows": [_case(ledger, each) for each in found], "limits": LIMITS_OF_A_CHECK,
    }  # fmt: skip


def _case(ledger: Ledger, found: Filled) -> dict[str, Any]:
    """One case: facts, cells that a review decides with where to decide, cells of problems with each problem."""
    cells = {column.source: (column.title, str(cell)) for column, cell in zip(ledger.columns, found.cells, strict=True)}
    first = found.stages[0].stage
    case = first.id.case
    stages = [account.stage.id.name for account in found.stages]
    return {
        "case": case,
        "case_kind": first.case_kind,
        "unit": first.unit,
        "link": address("/case", no=case),
        "officers": cells.get("officers", ("", ""))[1],
        "stages": [{"name": name, "link": f"{address('/case', no=case)}#{anchor_of(name)}"} for name in stages],
        "reviewed": [{"item": source, "title": title, "text": text}
                     for source, (title, text) in cells.items() if source in REVIEWED],
        "others": [{"title": title, "text": text}
                   for source, (title, text) in cells.items() if source not in (*FACTS, *REVIEWED)],
        "problems": [{"number": each.number, "stage": each.stage.name, "item": PROBLEM_ITEMS.get(each.item, each.item),
                      "problem": each.problem, "closed": each.closed_at is not None} for each in found.problems],
    }  # fmt: skip
