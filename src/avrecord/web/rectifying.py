"""整改: a problem from its opening to 销号, with what shows that it is settled, and 回头看."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from avrecord.errors import BadQuestion, UnknownName
from avrecord.ledger.cases import case_number
from avrecord.model.case import Problem, StageId
from avrecord.pipeline import problems
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.problems import LARGEST_EVIDENCE
from avrecord.pipeline.viewing import assert_theirs
from avrecord.reads.answer import as_document
from avrecord.reads.problems import one_problem
from avrecord.rules.roles import Account
from avrecord.web import forms
from avrecord.web.guard import Form, Guard
from avrecord.web.shell import Shell, address
from avrecord.web.tables import saved
from avrecord.web.uploads import Sent
from avrecord.words import PROBLEM_ITEMS

PROBLEM_FIELDS = {"problem": "问题", "leader": "责任领导", "department": "责任单位（部门）", "measure": "整改措施"}
MOST_LEAF = 10**15
KNOWN = ((b"%PDF-", "pdf"), (b"\xff\xd8\xff", "jpg"), (b"\x89PNG", "png"), (b"GIF8", "gif"), (b"\xd0\xcf\x11\xe0", "doc"),
         (b"PK\x03\x04", "zip"))  # fmt: skip
"""First bytes of what is usually attached; the log keeps a digest and no name."""
PACKED = ((b"word/document.xml", "docx"), (b"xl/workbook.xml", "xlsx"), (b"ppt/presentation.xml", "pptx"))
Deed = Callable[[Account, Form], str]
"""What a form asks for: it does it and returns where to go on."""


def routes(app: FastAPI, guard: Guard, shell: Shell, kit: Kit) -> None:
    """One problem's page, its evidence, and what is done about it."""

    @app.get("/problem")
    def problem(request: Request, number: str = "") -> Response:
        account = guard.let_in(request, "selfcheck")
        found = _problem(account, number, kit)
        answer = one_problem(found.number, kit)
        content: dict[str, Any] = {"found": found, "answer": answer, "largest": LARGEST_EVIDENCE >> 20}
        return shell.page("problem_of.html", account, word=guard.word(request), **content)

    @app.get("/problem.json")
    def twin(request: Request, number: str = "") -> Response:
        found = _problem(guard.let_in(request, "selfcheck"), number, kit)
        return Response(as_document(one_problem(found.number, kit)), media_type="application/json")

    @app.get("/problem/evidence")
    def evidence(request: Request, number: str = "") -> Response:
        found = _problem(guard.let_in(request, "selfcheck"), number, kit)
        if not found.evidence:
            raise UnknownName(what="证明材料", name=number[:20])
        content = kit.attachments.get(found.evidence)
        headers = saved(f"整改问题{found.number}证明材料", ending_of(content))
        return Response(content, media_type="application/octet-stream", headers=headers)

    async def done(request: Request, work: Deed) -> Response:
        account, form = await guard.acting(request, "rectify")
        return RedirectResponse(await run_in_threadpool(work, account, form), 303)

    @app.post("/problem/open")
    async def opening(request: Request) -> Response:
        return await done(request, lambda account, form: _open(account, form, kit))

    @app.post("/problem/change")
    async def changing(request: Request) -> Response:
        return await done(request, lambda account, form: _change(account, form, kit))

    @app.post("/problem/close")
    async def closing(request: Request) -> Response:
        async with guard.sending(request, "rectify", LARGEST_EVIDENCE) as (account, form, files):
            to = await run_in_threadpool(_close, account, form, files.get("evidence"), kit)
        return RedirectResponse(to, 303)

    @app.post("/problem/reopen")
    async def reopening(request: Request) -> Response:
        return await done(request, lambda account, form: _reopen(account, form, kit))


def _problem(account: Account, number: str, kit: Kit) -> Problem:
    """A problem of the account's unit. Raises UnknownName."""
    mine = {each.number: each for each in problems.problems(kit, unit=account.unit)}
    found = mine.get(forms.whole({"number": number}, "number", MOST_LEAF) or -1)
    if found is None:
        raise UnknownName(what="整改问题", name=number[:20])
    return found


def _told(form: Form) -> problems.Told:
    said = {name: forms.words(form, name, title) for name, title in PROBLEM_FIELDS.items()}
    return problems.Told(**said, deadline=forms.day(form, "deadline", "整改时限"))


def _open(account: Account, form: Form, kit: Kit) -> str:
    at = StageId(case_number(forms.name(form, "no")), forms.name(form, "stage"))
    assert_theirs(account, at.case, kit, at.name)
    item = forms.name(form, "item")
    if item not in PROBLEM_ITEMS:
        raise UnknownName(what="要件", name=item[:40])
    return address("/problem", number=problems.open_problem(at, item, _told(form), account.number, kit))


def _change(account: Account, form: Form, kit: Kit) -> str:
    found = _problem(account, form.get("number", ""), kit)
    problems.change_problem(found.number, _told(form), account.number, kit)
    return address("/problem", number=found.number)


def _close(account: Account, form: Form, sent: Sent | None, kit: Kit) -> str:
    found = _problem(account, form.get("number", ""), kit)
    why = forms.words(form, "why", "整改完成情况")
    if sent is not None and not sent.size:
        raise BadQuestion(what="证明材料", detail="是空文件")
    problems.close_problem(found.number, sent.content.read() if sent else None, why, account.number, kit)
    return address("/problem", number=found.number)


def _reopen(account: Account, form: Form, kit: Kit) -> str:
    found = _problem(account, form.get("number", ""), kit)
    problems.reopen_problem(found.number, forms.words(form, "why", "为什么重新打开"), account.number, kit)
    return address("/problem", number=found.number)


def ending_of(content: bytes) -> str:
    """What to call a file of which only the bytes are known, so that it opens on an office PC."""
    found = next((ending for first, ending in KNOWN if content.startswith(first)), "bin")
    if found != "zip":
        return found
    # A packed file names its parts in the clear: a Word document is told from any other without being opened.
    return next((ending for part, ending in PACKED if part in content), "zip")
