"""自查: samples that nobody can choose, the ledger, the package, and problems from their opening to 销号."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from avrecord.errors import AvrecordError, BadQuestion, UnknownName
from avrecord.ledger.cases import case_number
from avrecord.model.case import StageId
from avrecord.pipeline import problems
from avrecord.pipeline.draw import announce, draw
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.viewing import assert_theirs
from avrecord.reads.draws import announcements
from avrecord.reads.problems import one_problem
from avrecord.rules.roles import Account
from avrecord.web.guard import Form, Guard
from avrecord.web.jobs import Jobs
from avrecord.web.questions import SELFCHECK_PAGES, assert_announced_for
from avrecord.web.shell import Shell, address
from avrecord.words import PROBLEM_ITEMS

LONGEST = 500
MOST_DRAWN = 10_000
Deed = Callable[[Account, Form], str]
"""What a form asks for: it does it and returns where to go on."""


def routes(app: FastAPI, guard: Guard, shell: Shell, kit: Kit, jobs: Jobs) -> None:
    """The self-check's page, one problem, and what is done on both."""

    @app.get("/selfcheck")
    def page(request: Request) -> Response:
        account = guard.let_in(request, "selfcheck")
        if isinstance(account, Response):
            return account
        waiting = [row for row in announcements(kit, account.unit).rows if row["seed_from"] is None]
        return shell.page("selfcheck.html", account, word=guard.word(request), waiting=waiting, related=SELFCHECK_PAGES)

    @app.get("/problem")
    def problem(request: Request, number: str = "") -> Response:
        account = guard.let_in(request, "selfcheck")
        if isinstance(account, Response):
            return account
        try:
            found = _problem(account, number, kit)
            answer = one_problem(found.number, kit)
        except AvrecordError as error:
            return shell.failure(request, error, account)
        return shell.page("problem_of.html", account, word=guard.word(request), found=found, answer=answer)

    async def done(request: Request, deed: str, work: Deed) -> Response:
        found = await guard.acting(request, deed)
        if isinstance(found, Response):
            return found
        account, form = found
        try:
            return RedirectResponse(await run_in_threadpool(work, account, form), 303)
        except AvrecordError as error:
            return shell.failure(request, error, account)

    @app.post("/problem/open")
    async def opening(request: Request) -> Response:
        return await done(request, "rectify", lambda account, form: _open(account, form, kit))

    @app.post("/problem/close")
    async def closing(request: Request) -> Response:
        return await done(request, "rectify", lambda account, form: _settle(account, form, kit, again=False))

    @app.post("/problem/reopen")
    async def reopening(request: Request) -> Response:
        return await done(request, "rectify", lambda account, form: _settle(account, form, kit, again=True))

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


def _words(form: Form, name: str, title: str) -> str:
    """What somebody wrote. Raises BadQuestion where nothing stands."""
    text = form.get(name, "").strip()[:LONGEST]
    if not text:
        raise BadQuestion(what=title, detail="请填写")
    return text


def _day(form: Form, name: str, title: str) -> date:
    try:
        return date.fromisoformat(form.get(name, ""))
    except ValueError as error:
        raise BadQuestion(what=title, detail="应为日期，如 2026-12-20") from error


def _problem(account: Account, text: str, kit: Kit) -> Any:
    """A problem of the account's unit. Raises UnknownName."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else -1
    mine = {each.number: each for each in problems.problems(kit, unit=account.unit)}
    if number not in mine:
        raise UnknownName(what="整改问题", name=text[:40])
    return mine[number]


def _open(account: Account, form: Form, kit: Kit) -> str:
    at = StageId(case_number(form.get("no", "")[:LONGEST]), form.get("stage", "")[:LONGEST])
    assert_theirs(account, at.case, kit, at.name)
    item = form.get("item", "")
    if item not in PROBLEM_ITEMS:
        raise UnknownName(what="要件", name=item[:40])
    told = problems.Told(
        _words(form, "problem", "问题"), _words(form, "leader", "责任领导"), _words(form, "department", "责任单位（部门）"),
        _words(form, "measure", "整改措施"), _day(form, "deadline", "整改时限"),
    )  # fmt: skip
    return address("/problem", number=problems.open_problem(at, item, told, account.number, kit))


def _settle(account: Account, form: Form, kit: Kit, *, again: bool) -> str:
    found = _problem(account, form.get("number", ""), kit)
    why = _words(form, "why", "为什么重新打开" if again else "整改完成情况")
    if again:
        problems.reopen_problem(found.number, why, account.number, kit)
    else:
        problems.close_problem(found.number, None, why, account.number, kit)
    return address("/problem", number=found.number)


def _announce(account: Account, form: Form, kit: Kit) -> str:
    text = form.get("count", "")
    if not (text.isascii() and text.isdecimal() and 0 < len(text) < 6 and 0 < int(text) <= MOST_DRAWN):
        raise BadQuestion(what="抽多少个环节", detail=f"应为 1 至 {MOST_DRAWN} 的整数")
    announce(int(text), account.number, kit, unit=account.unit or form.get("unit", "").strip()[:LONGEST])
    return "/selfcheck"


def _draw(account: Account, form: Form, kit: Kit) -> str:
    text = form.get("number", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise UnknownName(what="抽取公告", name=text[:40])
    assert_announced_for(account.unit, int(text), kit)
    draw(int(text), account.number, kit, form.get("public", "").strip()[:LONGEST])
    return address("/drawn", number=int(text))


def _ledger(account: Account, form: Form, jobs: Jobs) -> str:
    unit = account.unit or form.get("unit", "").strip()[:LONGEST]
    words = ["audit", "ledger", "--out", "ledger.xlsx", "--by", account.number, *(["--unit", unit] if unit else [])]
    return address("/job", number=jobs.start("ledger", unit or "全部单位", account.number, [words]))


def _package(account: Account, form: Form, kit: Kit, jobs: Jobs) -> str:
    unit = account.unit or form.get("unit", "").strip()[:LONGEST]
    if not kit.store.row("any_stage", case_no="", unit=unit) or not unit:
        raise UnknownName(what="单位", name=unit)
    make = ["audit", "package", "--unit", unit, "--out", "package", "--by", account.number]
    return address("/job", number=jobs.start("package", unit, account.number, [make, ["zip", "package.zip", "package"]]))
