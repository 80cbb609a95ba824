"""Campaigns begun, held and ended from the pages; `bureau run`, or the workers of the queue, do what was begun."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from avrecord.bureau import duty
from avrecord.bureau.asking import units
from avrecord.bureau.campaigns import cancel
from avrecord.bureau.scope import Scope
from avrecord.errors import BadQuestion
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.storing import trusted_objects
from avrecord.pipeline.yearbag import EARLIEST, LATEST, Year
from avrecord.web import forms
from avrecord.web.guard import Guard
from avrecord.web.shell import Shell, address

SCOPES = {"new": Scope(new=True), "all": Scope()}
CHANGES: dict[str, Callable[[Kit, str], None]] = {"pause": duty.pause, "resume": duty.resume, "cancel": cancel}
NOTHING = "没有要做的片段：各站还没有上传到本机设置的存储，或都做过了。没有新建任务。"

NO_ARCHIVE = "没有要归档的片段，或各单位的资料包都已经做好。没有新建任务。"


def routes(app: FastAPI, guard: Guard, shell: Shell, kit: Kit) -> None:
    """Begin a verification, or a year's archive, of what lies in the store; pause, resume or cancel one."""

    @app.post("/bureau-campaigns/begin")
    async def begin(request: Request) -> Response:
        account, form = await guard.acting(request, "campaign")
        scope = SCOPES.get(form.get("scope", ""))
        if scope is None:
            raise BadQuestion(what="核验范围", detail="没有这个范围")
        name = await run_in_threadpool(_begun, scope, account.number)
        if name is None:
            return shell.problem(request, 409, NOTHING, account)
        return RedirectResponse(address("/bureau-campaign", campaign=name), 303)

    @app.post("/bureau-campaigns/archive")
    async def archive(request: Request) -> Response:
        account, form = await guard.acting(request, "archive")
        year = forms.whole(form, "year", LATEST)
        if year is None or year < EARLIEST:
            raise BadQuestion(what="年份", detail="应为四位年份")
        if not await run_in_threadpool(_archives_begun, Year(year), account.number):
            return shell.problem(request, 409, NO_ARCHIVE, account)
        return RedirectResponse("/bureau-campaigns", 303)

    @app.post("/bureau-campaign/set")
    async def change(request: Request) -> Response:
        _, form = await guard.acting(request, "campaign")
        wanted, name = CHANGES.get(form.get("to", "")), forms.name(form, "campaign")
        if wanted is None:
            raise BadQuestion(what="任务", detail="不能这样改")
        await run_in_threadpool(partial(wanted, kit, name))
        return RedirectResponse(address("/bureau-campaign", campaign=name), 303)

    def _archives_begun(year: Year, by: str) -> int:
        objects = trusted_objects(kit)
        scopes = [Scope(year=year.number, unit=unit) for unit in units(year, None, kit)]
        return sum(duty.begin(objects, kit, scope, by, "archive") is not None for scope in scopes)

    def _begun(scope: Scope, by: str) -> str | None:
        return duty.begin(trusted_objects(kit), kit, scope, by)
