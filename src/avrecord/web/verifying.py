"""核验: start one; make a case's bundle; the jobs of both; the checkpoint as it stands."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from avrecord.errors import BadQuestion
from avrecord.ledger.cases import case_number
from avrecord.ledger.sheet import qr_svg
from avrecord.model.moments import beijing, from_utc_text
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.viewing import assert_theirs
from avrecord.web import forms
from avrecord.web.following import BUNDLE, job_facts, may_follow
from avrecord.web.guard import Guard
from avrecord.web.jobs import Jobs
from avrecord.web.shell import Shell, address
from avrecord.words import LIMITS_OF_A_SEAL

SCOPES: dict[str, list[str]] = {"all": [], "resume": ["--resume"]}


def routes(app: FastAPI, guard: Guard, shell: Shell, kit: Kit, jobs: Jobs) -> None:
    """The auditor's pages."""

    @app.get("/verify")
    def page(request: Request) -> Response:
        account = guard.let_in(request, "verify")
        mine = [job_facts(each) for each in jobs.all() if may_follow(account, each)]
        return shell.page("verify.html", account, word=guard.word(request), jobs=mine, **_log(kit), limit=LIMITS_OF_A_SEAL)

    @app.get("/verify.json")
    def twin(request: Request) -> dict[str, Any]:
        account = guard.let_in(request, "verify")
        log = _log(kit)
        del log["qr"]
        return {
            "schema": "avrecord.verify_page/1",
            "jobs": [job_facts(each) for each in jobs.all() if may_follow(account, each)],
            **log,
        }

    @app.post("/verify")
    async def start(request: Request) -> Response:
        account, form = await guard.acting(request, "verify")
        scope = forms.name(form, "scope")
        if scope not in SCOPES:
            raise BadQuestion(what="核验范围", detail="没有这个范围")
        return await started("verify", scope, account.number, ["verify", "--all", "--json", "--brief", *SCOPES[scope]])

    @app.post("/bundle")
    async def bundle(request: Request) -> Response:
        account, form = await guard.acting(request, "export")
        case = case_number(forms.name(form, "no"))
        await run_in_threadpool(assert_theirs, account, case, kit)
        make = ["audit", "bundle", "--case", case, "--out", "bundle", "--by", account.number]
        return await started("bundle", case, account.number, make, ["zip", BUNDLE, "bundle"])

    async def started(kind: str, about: str, by: str, *commands: list[str]) -> Response:
        number = await run_in_threadpool(jobs.start, kind, about, by, commands)
        return RedirectResponse(address("/job", number=number), 303)


def _log(kit: Kit) -> dict[str, Any]:
    """The log's head as it stands, and who outside has seen how much of it."""
    text = kit.log.checkpoint()
    origin, size, root = [*text.split("\n"), "", "", ""][:3]
    anchor = kit.store.row("last_anchor")
    seen = (
        {"size": anchor["size"], "by": anchor["witness"], "at": beijing(from_utc_text(anchor["cosigned_at"]))} if anchor else None
    )
    return {"origin": origin, "size": int(size or 0), "root": root, "witnessed": seen, "qr": qr_svg(f"{origin} {size} {root}")}
