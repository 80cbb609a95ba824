"""核验: start one, follow it, read what it found; make a case's bundle and take it away; the checkpoint as it stands."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, RedirectResponse

from avrecord.errors import BadQuestion, UnknownName
from avrecord.ledger.cases import case_number
from avrecord.ledger.sheet import qr_svg
from avrecord.model.moments import beijing, from_utc_text
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.viewing import assert_theirs, packed_taken_away
from avrecord.reads.answer import Answer, shown
from avrecord.reads.verification import COLUMNS
from avrecord.rules.roles import Account, may_do, may_see
from avrecord.web import forms
from avrecord.web.guard import Guard
from avrecord.web.jobs import Job, Jobs
from avrecord.web.shell import Shell, address
from avrecord.web.tables import XLSX
from avrecord.words import FINDINGS, JOBS, LIMITS_OF_A_SEAL

MOST_FINDINGS = 500
BUNDLE = "bundle.zip"
PARTS = {"verify": "verify", "bundle": "cases", "package": "cases", "ledger": "selfcheck", "proxy": "footage"}
"""Who may follow a job: those who see the part that it belongs to."""
FILES = {"bundle": (BUNDLE, "application/zip", "export"), "package": ("package.zip", "application/zip", "export"),
         "ledger": ("ledger.xlsx", XLSX, "take")}  # fmt: skip
"""What a job of a kind leaves to be taken away, of what type, and which deed that is."""
SCOPES: dict[str, list[str]] = {"all": [], "resume": ["--resume"]}


def routes(app: FastAPI, guard: Guard, shell: Shell, kit: Kit, jobs: Jobs) -> None:
    """The auditor's pages."""

    @app.get("/verify")
    def page(request: Request) -> Response:
        account = guard.let_in(request, "verify")
        mine = [_job(each) for each in jobs.all() if _may_follow(account, each)]
        return shell.page("verify.html", account, word=guard.word(request), jobs=mine, **_log(kit), limit=LIMITS_OF_A_SEAL)

    @app.get("/verify.json")
    def twin(request: Request) -> dict[str, Any]:
        account = guard.let_in(request, "verify")
        log = _log(kit)
        del log["qr"]
        return {
            "schema": "avrecord.verify_page/1",
            "jobs": [_job(each) for each in jobs.all() if _may_follow(account, each)],
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

    def followed(request: Request, account: Account, number: str) -> Job:
        """The job. Raises UnknownName, or Turned for one that is not theirs."""
        one = jobs.one(number)
        if not _may_follow(account, one):
            raise guard.turned(request, account)
        return one

    @app.get("/job")
    def job(request: Request, number: str = "") -> Response:
        account = guard.let_in(request, "home")
        one = followed(request, account, number)
        content = _result(None if one.running else jobs.answer(number))
        file = FILES.get(one.asked.kind)
        ready = bool(file and one.code == 0 and (jobs.folder_of(number) / file[0]).is_file() and may_do(account, file[2]))
        return shell.page("job.html", account, job=_job(one), ready=ready, word=guard.word(request), **content)

    @app.get("/job.json")
    def job_twin(request: Request, number: str = "") -> dict[str, Any]:
        one = followed(request, guard.let_in(request, "home"), number)
        return {"schema": "avrecord.job/1", **_job(one), "answer": jobs.answer(number)}

    @app.post("/job/file")
    async def file(request: Request) -> Response:
        account, form = await guard.acting(request, "take")
        one = await run_in_threadpool(followed, request, account, forms.name(form, "number"))
        name, kind, needed = FILES.get(one.asked.kind, ("", "", ""))
        path = jobs.folder_of(one.number) / name
        if needed and not may_do(account, needed):
            raise guard.turned(request, account)
        if not needed or not path.is_file() or one.code != 0:
            raise UnknownName(what="任务的文件", name=one.number)
        if needed == "export":
            why = forms.words(form, "why", "用途（记入日志）")
            await run_in_threadpool(packed_taken_away, path, why, account.number, kit)
        return FileResponse(path, media_type=kind, filename=name)

    async def started(kind: str, about: str, by: str, *commands: list[str]) -> Response:
        number = await run_in_threadpool(jobs.start, kind, about, by, commands)
        return RedirectResponse(address("/job", number=number), 303)


def _may_follow(account: Account, job: Job) -> bool:
    """Who sees the part that a job belongs to, and, where he has one unit only, started it himself."""
    return may_see(account, PARTS[job.asked.kind]) and (not account.unit or job.asked.by == account.number)


def _job(job: Job) -> dict[str, Any]:
    state = "running" if job.running else "interrupted" if job.code is None else "done"
    asked = job.asked
    facts = {"number": job.number, "kind": asked.kind, "title": JOBS[asked.kind], "about": asked.about, "by": asked.by}
    times = {"at": asked.at, "at_beijing": beijing(from_utc_text(asked.at))}
    return facts | times | {"state": state, "code": job.code, "said": job.said}


def _log(kit: Kit) -> dict[str, Any]:
    """The log's head as it stands, and who outside has seen how much of it."""
    text = kit.log.checkpoint()
    origin, size, root = [*text.split("\n"), "", "", ""][:3]
    anchor = kit.store.row("last_anchor")
    seen = (
        {"size": anchor["size"], "by": anchor["witness"], "at": beijing(from_utc_text(anchor["cosigned_at"]))} if anchor else None
    )
    return {"origin": origin, "size": int(size or 0), "root": root, "witnessed": seen, "qr": qr_svg(f"{origin} {size} {root}")}


def _result(answer: dict[str, Any] | None) -> dict[str, Any]:
    """Findings as a table; what a job printed that is none gives none."""
    if answer is None or not isinstance(answer.get("rows"), list) or answer.get("schema") != "avrecord.verify/1":
        return {"rows": [], "columns": [], "totals": {}, "facts": []}
    rows = [row for row in answer["rows"] if isinstance(row, dict)][:MOST_FINDINGS]
    table = Answer("verify", "核验结论", COLUMNS, rows)
    cells = [
        [
            (text, _clip_of(row) if column.key == "about" else None)
            for column, text in zip(COLUMNS, shown(table, row), strict=True)
        ]
        for row in rows
    ]
    totals = {FINDINGS.get(code, code): count for code, count in answer.get("totals", {}).items()}
    facts = [
        ("日志", f"{answer.get('log_size')} 条"),
        ("应有片段", f"{answer.get('checked')} 个"),
        ("已重读", f"{answer.get('read')} 个"),
    ]
    return {"rows": cells, "columns": COLUMNS, "totals": totals, "facts": facts}


def _clip_of(row: dict[str, Any]) -> str | None:
    """The page of the clip that a finding is about: what was sealed is what should be there."""
    sealed = str(row.get("expected") or "")
    return address("/clip", clip=sealed) if re.fullmatch("[0-9a-f]{64}", sealed) else None
