"""自查: samples that nobody can choose, the ledger as a workbook, and the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from avrecord.errors import BadQuestion, UnknownName
from avrecord.pipeline.draw import announce, draw
from avrecord.pipeline.kit import Kit
from avrecord.reads.draws import announcements
from avrecord.rules.roles import Account
from avrecord.web import forms
from avrecord.web.guard import Form, Guard
from avrecord.web.jobs import Jobs
from avrecord.web.questions import SELFCHECK_PAGES, assert_announced_for
from avrecord.web.shell import Shell, address

MOST_DRAWN, MOST_LEAF = 10_000, 10**15
Deed = Callable[[Account, Form], str]
"""What a form asks for: it does it and returns where to go on."""


def routes(app: FastAPI, guard: Guard, shell: Shell, kit: Kit, jobs: Jobs) -> None:
    """The self-check's page, and what is done on it."""

    @app.get("/selfcheck")
    def page(request: Request) -> Response:
        account = guard.let_in(request, "selfcheck")
        waiting = _waiting(account, kit)
        return shell.page("selfcheck.html", account, word=guard.word(request), waiting=waiting, related=SELFCHECK_PAGES)

    @app.get("/selfcheck.json")
    def twin(request: Request) -> dict[str, Any]:
        waiting = _waiting(guard.let_in(request, "selfcheck"), kit)
        rows = [{key: row[key] for key in ("announced", "of", "count", "unit") if key in row} for row in waiting]
        return {"schema": "avrecord.selfcheck_page/1", "waiting": rows}

    async def done(request: Request, deed: str, work: Deed) -> Response:
        account, form = await guard.acting(request, deed)
        return RedirectResponse(await run_in_threadpool(work, account, form), 303)

    @app.post("/draw/announce")
    async def announcing(request: Request) -> Response:
        return await done(request, "draw", lambda account, form: _announce(account, form, kit))

    @app.post("/draw")
    async def drawing(request: Request) -> Response:
        return await done(request, "draw", lambda account, form: _draw(account, form, kit))

    @app.post("/ledger")
    async def ledger(request: Request) -> Response:
        return await done(request, "take", lambda account, form: _ledger(account, form, jobs))

    @app.post("/package")
    async def package(request: Request) -> Response:
        return await done(request, "export", lambda account, form: _package(account, form, kit, jobs))


def _waiting(account: Account, kit: Kit) -> list[dict[str, Any]]:
    """Announced and not drawn yet."""
    return [row for row in announcements(kit, account.unit).rows if row["seed_from"] is None]


def _announce(account: Account, form: Form, kit: Kit) -> str:
    count = forms.whole(form, "count", MOST_DRAWN)
    if not count:
        raise BadQuestion(what="抽多少个环节", detail=f"应为 1 至 {MOST_DRAWN} 的整数")
    announce(count, account.number, kit, unit=account.unit or forms.name(form, "unit"))
    return "/selfcheck"


def _draw(account: Account, form: Form, kit: Kit) -> str:
    number = forms.whole(form, "number", MOST_LEAF)
    if number is None:
        raise UnknownName(what="抽取公告", name="")
    assert_announced_for(account.unit, number, kit)
    draw(number, account.number, kit, forms.name(form, "public"))
    return address("/drawn", number=number)


def _ledger(account: Account, form: Form, jobs: Jobs) -> str:
    unit = account.unit or forms.name(form, "unit")
    words = ["audit", "ledger", "--out", "ledger.xlsx", "--by", account.number, *(["--unit", unit] if unit else [])]
    return address("/job", number=jobs.start("ledger", unit or "全部单位", account.number, [words]))


def _package(account: Account, form: Form, kit: Kit, jobs: Jobs) -> str:
    unit = account.unit or forms.name(form, "unit")
    if not kit.store.row("any_stage", case_no="", unit=unit) or not unit:
        raise UnknownName(what="单位", name=unit)
    make = ["audit", "package", "--unit", unit, "--out", "package", "--by", account.number]
    return address("/job", number=jobs.start("package", unit, account.number, [make, ["zip", "package.zip", "package"]]))
