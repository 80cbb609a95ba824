"""自查: samples that nobody can choose, the ledger, the package, and problems from their opening to 销号."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from avrecord.errors import BadQuestion, UnknownName
from avrecord.ledger.cases import case_number
from avrecord.model.case import Problem, StageId
from avrecord.pipeline import problems
from avrecord.pipeline.draw import announce, draw
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.viewing import assert_theirs
from avrecord.reads.draws import announcements
from avrecord.reads.problems import one_problem
from avrecord.rules.roles import Account
from avrecord.web import forms
from avrecord.web.guard import Form, Guard
from avrecord.web.jobs import Jobs
from avrecord.web.questions import SELFCHECK_PAGES, assert_announced_for
from avrecord.web.shell import Shell, address
from avrecord.words import PROBLEM_ITEMS

PROBLEM_FIELDS = {"problem": "问题", "leader": "责任领导", "department": "责任单位（部门）", "measure": "整改措施"}
MOST_DRAWN, MOST_LEAF = 10_000, 10**15
Deed = Callable[[Account, Form], str]
"""What a form asks for: it does it and returns where to go on."""


def routes(app: FastAPI, guard: Guard, shell: Shell, kit: Kit, jobs: Jobs) -> None:
    """The self-check's page, one problem, and what is done on both."""

    @app.get("/selfcheck")
    def page(request: Request) -> Response:
        account = guard.let_in(request, "selfcheck")
        waiting = [row for row in announcements(kit, account.unit).rows if row["seed_from"] is None]
        return shell.page("selfcheck.html", account, word=guard.word(request), waiting=waiting, related=SELFCHECK_PAGES)

    @app.get("/problem")
    def problem(request: Request, number: str = "") -> Response:
        account = guard.let_in(request, "selfcheck")
        found = _problem(account, forms.whole({"number": number}, "number", MOST_LEAF), kit)
        answer = one_problem(found.number, kit)
        return shell.page("problem_of.html", account, word=guard.word(request), found=found, answer=answer)

    async def done(request: Request, deed: str, work: Deed) -> Response:
        account, form = await guard.acting(request, deed)
        return RedirectResponse(await run_in_threadpool(work, account, form), 303)

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


def _problem(account: Account, number: int | None, kit: Kit) -> Problem:
    """A problem of the account's unit. Raises UnknownName."""
    mine = {each.number: each for each in problems.problems(kit, unit=account.unit)}
    if number not in mine:
        raise UnknownName(what="整改问题", name="" if number is None else str(number))
    return mine[number]


def _open(account: Account, form: Form, kit: Kit) -> str:
    at = StageId(case_number(forms.name(form, "no")), forms.name(form, "stage"))
    assert_theirs(account, at.case, kit, at.name)
    item = forms.name(form, "item")
    if item not in PROBLEM_ITEMS:
        raise UnknownName(what="要件", name=item[:40])
    said = {name: forms.words(form, name, title) for name, title in PROBLEM_FIELDS.items()}
    told = problems.Told(**said, deadline=forms.day(form, "deadline", "整改时限"))
    return address("/problem", number=problems.open_problem(at, item, told, account.number, kit))


def _settle(account: Account, form: Form, kit: Kit, *, again: bool) -> str:
    found = _problem(account, forms.whole(form, "number", MOST_LEAF), kit)
    why = forms.words(form, "why", "为什么重新打开" if again else "整改完成情况")
    if again:
        problems.reopen_problem(found.number, why, account.number, kit)
    else:
        problems.close_problem(found.number, None, why, account.number, kit)
    return address("/problem", number=found.number)


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
