"""核验: start one, follow it, read what it found; make a case's bundle and take it away; the checkpoint as it stands."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, RedirectResponse

from avrecord.errors import AvrecordError, BadQuestion, UnknownName
from avrecord.ledger.cases import case_number
from avrecord.ledger.sheet import qr_svg
from avrecord.model.moments import beijing, from_utc_text
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.viewing import packed_taken_away
from avrecord.reads.answer import Answer, shown
from avrecord.reads.verification import COLUMNS
from avrecord.rules.roles import Account, may_do, may_see
from avrecord.web.guard import Form, Guard, token_of
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
        if isinstance(account, Response):
            return account
        mine = [_job(each) for each in jobs.all() if _may_follow(account, each)]
        return shell.page("verify.html", account, word=guard.word(request), jobs=mine, **_log(kit), limit=LIMITS_OF_A_SEAL)

    @app.get("/verify.json", response_model=None)
    def twin(request: Request) -> Response | dict[str, Any]:
        account = guard.let_in(request, "verify")
        if isinstance(account, Response):
            return account
        log = _log(kit)
        del log["qr"]
        return {
            "schema": "avrecord.verify_page/1",
            "jobs": [_job(each) for each in jobs.all() if _may_follow(account, each)],
            **log,
        }

    @app.post("/verify")
    async def start(request: Request) -> Response:
        found = await guard.acting(request, "verify")
        if isinstance(found, Response):
            return found
        account, form = found
        scope = form.get("scope", "")
        commands = {
            "all": ["verify", "--all", "--json", "--brief"],
            "resume": ["verify", "--all", "--resume", "--json", "--brief"],
        }
        if scope not in commands:
            return shell.failure(request, BadQuestion(what="核验范围", detail="没有这个范围"), account)
        return await _started(request, "verify", scope, account.number, [commands[scope]])

    @app.post("/bundle")
    async def bundle(request: Request) -> Response:
        found = await guard.acting(request, "export")
        if isinstance(found, Response):
            return found
        account, form = found
        case = case_number(form.get("no", "")[:200])
        stages = await run_in_threadpool(lambda: kit.records.stages(case_no=case) if case else [])
        if not stages or (account.unit and any(stage.unit != account.unit for stage in stages)):
            return shell.failure(request, UnknownName(what="案件", name=case), account)
        commands = [
            ["audit", "bundle", "--case", case, "--out", "bundle", "--by", account.number],
            ["zip", BUNDLE, "bundle"],
        ]
        return await _started(request, "bundle", case, account.number, commands)

    def followed(request: Request, number: str) -> tuple[Account, Job] | Response:
        """Who asks and the job, or what to answer instead."""
        account = guard.let_in(request, "home")
        if isinstance(account, Response):
            return account
        try:
            one = jobs.one(number)
        except AvrecordError as error:
            return shell.failure(request, error, account)
        return (account, one) if _may_follow(account, one) else guard.forbidden(request)

    @app.get("/job")
    def job(request: Request, number: str = "") -> Response:
        found = followed(request, number)
        if isinstance(found, Response):
            return found
        account, one = found
        content = _result(None if one.running else jobs.answer(number))
        file = FILES.get(one.asked.kind)
        ready = bool(file and one.code == 0 and (jobs.folder_of(number) / file[0]).is_file() and may_do(account, file[2]))
        return shell.page("job.html", account, job=_job(one), ready=ready, word=guard.word(request), **content)

    @app.get("/job.json", response_model=None)
    def job_twin(request: Request, number: str = "") -> Response | dict[str, Any]:
        found = followed(request, number)
        if isinstance(found, Response):
            return found
        return {"schema": "avrecord.job/1", **_job(found[1]), "answer": jobs.answer(number)}

    @app.post("/job/file")
    async def file(request: Request) -> Response:
        account = await run_in_threadpool(guard.door.who_is, token_of(request))
        deed = "export" if account and may_do(account, "export") else "take"
        found = await guard.acting(request, deed)
        if isinstance(found, Response):
            return found
        account, form = found
        one = followed(request, form.get("number", ""))
        if isinstance(one, Response):
            return one
        name, kind, needed = FILES.get(one[1].asked.kind, ("", "", "export"))
        path = jobs.folder_of(one[1].number) / name
        if not name or not may_do(account, needed) or not path.is_file() or one[1].code != 0:
            return shell.failure(request, UnknownName(what="任务的文件", name=one[1].number), account)
        try:
            if needed == "export":
                await run_in_threadpool(packed_taken_away, path, _purpose(form), account.number, kit)
        except AvrecordError as error:
            return shell.failure(request, error, account)
        return FileResponse(path, media_type=kind, filename=name)

    async def _started(request: Request, kind: str, about: str, by: str, commands: list[list[str]]) -> Response:
        try:
            number = await run_in_threadpool(jobs.start, kind, about, by, commands)
        except AvrecordError as error:
            return shell.failure(request, error, guard.door.who_is(token_of(request)))
        return RedirectResponse(address("/job", number=number), 303)


def _purpose(form: Form) -> str:
    """Why originals are taken away. Raises BadQuestion where nothing stands."""
    why = form.get("why", "").strip()[:2000]
    if not why:
        raise BadQuestion(what="用途", detail="带走原件要写明用途，并记入日志")
    return why


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
