"""A job as its page shows it: how far it is, what came out, and the file that it left, for those who may have it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse

from avrecord.errors import UnknownName
from avrecord.model.moments import beijing, from_utc_text
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.viewing import packed_taken_away
from avrecord.reads import archives, imports, verification
from avrecord.reads.answer import Answer, Column, shown
from avrecord.rules.roles import Account, may_do, may_see
from avrecord.web import forms
from avrecord.web.guard import Guard
from avrecord.web.jobs import Job, Jobs
from avrecord.web.shell import Shell, address
from avrecord.web.tables import XLSX
from avrecord.words import FINDINGS, IMPORTS, JOBS

MOST_ROWS = 500
BUNDLE = "bundle.zip"
IMPORT_DEEDS = {"cases": "import_cases", "officers": "import_people", "duty": "import_people", "devices": "import_devices"}
"""Which deed it is to bring a table of a kind, or to see what it holds."""
ABOUT = {"all": "全部", "resume": "全部（续）", **IMPORTS}


@dataclass(frozen=True, slots=True)
class Left:
    """The file that a job of a kind leaves, its type, and which deed it is to take it away."""

    name: str
    type: str
    deed: str


@dataclass(frozen=True, slots=True)
class Kind:
    """Who follows a job of a kind: those who see `part`. `back` is the page that it was started from."""

    part: str
    back: str
    leaves: Left | None = None


KINDS = {
    "verify": Kind("verify", "/verify"),
    "bundle": Kind("cases", "/verify", Left(BUNDLE, "application/zip", "export")),
    "package": Kind("cases", "/selfcheck", Left("package.zip", "application/zip", "export")),
    "ledger": Kind("selfcheck", "/selfcheck", Left("ledger.xlsx", XLSX, "take")),
    "proxy": Kind("footage", "/clips"),
    "check": Kind("imports", "/imports"),
    "import": Kind("imports", "/imports"),
    "archive": Kind("selfcheck", "/archives"),
}


def routes(app: FastAPI, guard: Guard, shell: Shell, kit: Kit, jobs: Jobs) -> None:
    """A job's page, its twin, and its file."""

    def followed(request: Request, account: Account, number: str) -> Job:
        """The job. Raises UnknownName, or Turned for one that is not theirs."""
        one = jobs.one(number)
        if not may_follow(account, one):
            raise guard.turned(request, account)
        return one

    @app.get("/job")
    def job(request: Request, number: str = "") -> Response:
        account = guard.let_in(request, "home")
        one = followed(request, account, number)
        result = _result(None if one.running else jobs.answer(number))
        left = KINDS[one.asked.kind].leaves
        ready = bool(left and one.code == 0 and (jobs.folder_of(number) / left.name).is_file() and may_do(account, left.deed))
        back = KINDS[one.asked.kind].back
        return shell.page("job.html", account, job=job_facts(one), ready=ready, back=back, word=guard.word(request), **result)

    @app.get("/job.json")
    def job_twin(request: Request, number: str = "") -> dict[str, Any]:
        one = followed(request, guard.let_in(request, "home"), number)
        return {"schema": "avrecord.job/1", **job_facts(one), "answer": jobs.answer(number)}

    @app.post("/job/file")
    async def file(request: Request) -> Response:
        account, form = await guard.acting(request, "take")
        one = await run_in_threadpool(followed, request, account, forms.name(form, "number"))
        left = KINDS[one.asked.kind].leaves
        if left is None or one.code != 0 or not (path := jobs.folder_of(one.number) / left.name).is_file():
            raise UnknownName(what="任务的文件", name=one.number)
        if not may_do(account, left.deed):
            raise guard.turned(request, account)
        if left.deed == "export":
            why = forms.words(form, "why", "用途（记入日志）")
            await run_in_threadpool(packed_taken_away, path, why, account.number, kit)
        return FileResponse(path, media_type=left.type, filename=left.name)


def may_follow(account: Account, job: Job) -> bool:
    """Who sees the part that a job belongs to, and, where he has one unit only, started it himself."""
    asked = job.asked
    if asked.kind in ("check", "import") and not may_do(account, IMPORT_DEEDS[asked.about]):
        return False
    return may_see(account, KINDS[asked.kind].part) and (not account.unit or asked.by == account.number)


def job_facts(job: Job) -> dict[str, Any]:
    """A job as pages and twins give it."""
    state = "running" if job.running else "interrupted" if job.code is None else "done"
    asked = job.asked
    about = ABOUT.get(asked.about, asked.about)
    facts = {"number": job.number, "kind": asked.kind, "title": JOBS[asked.kind], "about": asked.about, "about_words": about}
    times = {"by": asked.by, "at": asked.at, "at_beijing": beijing(from_utc_text(asked.at))}
    return facts | times | {"state": state, "code": job.code, "said": job.said}


def _result(answer: dict[str, Any] | None) -> dict[str, Any]:
    """What came out as counts, sentences and a table; a job that printed no such answer gives none."""
    nothing: dict[str, Any] = {"rows": [], "columns": [], "facts": [], "told": [], "checked": False, "fresh": 0}
    if answer is None or not isinstance(answer.get("rows"), list):
        return nothing
    schema = answer.get("schema")
    if schema == "avrecord.verify/1":
        totals = [(FINDINGS.get(code, code), count) for code, count in answer.get("totals", {}).items()]
        size, wanted, read = (answer.get(key) for key in ("log_size", "checked", "read"))
        facts = [("日志", f"{size} 条"), ("应有片段", f"{wanted} 个"), ("已重读", f"{read} 个"), *totals]
        return nothing | _table(verification.COLUMNS, answer) | {"facts": facts, "checked": True}
    if schema in ("avrecord.cases_import/1", "avrecord.import/1"):
        fresh = answer.get("new", 0) + answer.get("changed", 0)
        told = [str(line) for line in answer.get("said", [])]
        return nothing | _table(imports.COLUMNS, answer) | {"told": told, "fresh": fresh}
    if schema == "avrecord.archive/1":
        return nothing | _table(archives.MADE, answer) | {"told": [str(line) for line in answer.get("said", [])]}
    return nothing


def _table(columns: list[Column], answer: dict[str, Any]) -> dict[str, Any]:
    table = Answer("", "", columns, [row for row in answer["rows"] if isinstance(row, dict)][:MOST_ROWS])
    rows = [
        [
            (text, _clip_of(row) if column.key == "about" else None)
            for column, text in zip(columns, shown(table, row), strict=True)
        ]
        for row in table.rows
    ]
    return {"rows": rows, "columns": columns}


def _clip_of(row: dict[str, Any]) -> str | None:
    """The page of the clip that a finding is about: what was sealed is what should be there."""
    sealed = str(row.get("expected") or "")
    return address("/clip", clip=sealed) if re.fullmatch("[0-9a-f]{64}", sealed) else None
