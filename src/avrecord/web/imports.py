"""导入: a table is checked first; what is brought in is the file that was checked, not another one of its name."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from avrecord.errors import BadQuestion, UnknownName
from avrecord.rules.roles import Account, may_do
from avrecord.web import forms
from avrecord.web.following import IMPORT_DEEDS, job_facts, may_follow
from avrecord.web.guard import Guard
from avrecord.web.jobs import Job, Jobs
from avrecord.web.shell import Shell, address
from avrecord.web.uploads import Sent
from avrecord.words import IMPORTS

LARGEST = 30 << 20  # bytes; a year of a large bureau's stages has 8 MB as .xlsx
TABLES = (".xlsx", ".xls", ".csv")


@dataclass(frozen=True, slots=True)
class Kind:
    """How a table is given to the program: the command, and what makes it check only, or bring it in."""

    command: tuple[str, ...]
    check: tuple[str, ...]
    bring: tuple[str, ...]
    endings: tuple[str, ...] = TABLES


KINDS = {
    "cases": Kind(("cases", "import"), (), ("--apply",), (*TABLES, ".json")),
    "officers": Kind(("officers", "import"), ("--check",), ()),
    "duty": Kind(("officers", "duty"), ("--check",), ()),
    "devices": Kind(("devices", "import"), ("--check",), ()),
}


def routes(app: FastAPI, guard: Guard, shell: Shell, jobs: Jobs) -> None:
    """The page, the check of a file that was sent, and bringing in what was checked."""

    @app.get("/imports")
    def page(request: Request) -> Response:
        account = guard.let_in(request, "imports")
        mine = _jobs_of(account, jobs)
        kinds = {code: IMPORTS[code] for code in KINDS if may_do(account, IMPORT_DEEDS[code])}
        accepted = {code: ",".join(KINDS[code].endings) for code in kinds}
        content: dict[str, Any] = {"jobs": mine, "kinds": kinds, "accepted": accepted, "largest": LARGEST >> 20}
        return shell.page("imports.html", account, word=guard.word(request), **content)

    @app.get("/imports.json")
    def twin(request: Request) -> dict[str, Any]:
        return {"schema": "avrecord.imports_page/1", "jobs": _jobs_of(guard.let_in(request, "imports"), jobs)}

    for code in KINDS:  # an address for each: who may send it is known before a byte of it is read
        app.add_api_route(f"/import/{code}", _checker(code, guard, jobs), methods=["POST"])

    @app.post("/import-checked")
    async def bring(request: Request) -> Response:
        account, form = await guard.acting(request, "import")
        number = await run_in_threadpool(_bring, account, forms.name(form, "number"), jobs)
        return RedirectResponse(address("/job", number=number), 303)


def _jobs_of(account: Account, jobs: Jobs) -> list[dict[str, Any]]:
    """Checks and imports that this account may follow, the latest first."""
    return [job_facts(each) for each in jobs.all() if each.asked.kind in ("check", "import") and may_follow(account, each)]


def _checker(kind: str, guard: Guard, jobs: Jobs) -> Callable[[Request], Awaitable[Response]]:
    """What takes a file of this kind."""

    async def check(request: Request) -> Response:
        async with guard.sending(request, IMPORT_DEEDS[kind], LARGEST) as (account, _, files):
            number = await run_in_threadpool(_check, kind, account, files.get("file"), jobs)
        return RedirectResponse(address("/job", number=number), 303)

    return check


def _check(kind: str, account: Account, sent: Sent | None, jobs: Jobs) -> str:
    if sent is None or not sent.size:
        raise BadQuestion(what="文件", detail="请选择一个不是空的文件")
    if sent.ending not in KINDS[kind].endings:
        raise BadQuestion(what="文件", detail=f"应为 {'、'.join(KINDS[kind].endings)} 文件")
    name = f"import{sent.ending}"
    command = [*KINDS[kind].command, name, *KINDS[kind].check, "--by", account.number, "--json"]
    return jobs.start("check", kind, account.number, [command], {name: sent.save})


def _bring(account: Account, number: str, jobs: Jobs) -> str:
    """Start the import of what a check of theirs read. Raises UnknownName."""
    checked = jobs.one(number)
    if not may_follow(account, checked) or checked.asked.kind != "check" or checked.code != 0:
        raise UnknownName(what="检查过的文件", name=number)
    kind = KINDS[checked.asked.about]
    file = _file_of(checked, jobs)
    command = [*kind.command, file.name, *kind.bring, "--by", account.number, "--json"]
    return jobs.start("import", checked.asked.about, account.number, [command], {file.name: partial(shutil.copyfile, file)})


def _file_of(checked: Job, jobs: Jobs) -> Path:
    for ending in KINDS[checked.asked.about].endings:
        if (path := jobs.folder_of(checked.number) / f"import{ending}").is_file():
            return path
    raise UnknownName(what="检查过的文件", name=checked.number)
