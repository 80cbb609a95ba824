"""年底归档: make a year's bags on the disk that the settings name, and note the receipts that come back signed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from avrecord.errors import BadInput, BadQuestion
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.receipts import LARGEST, receive_receipt
from avrecord.pipeline.yearbag import EARLIEST, LATEST
from avrecord.reads.answer import shown
from avrecord.reads.archives import archives
from avrecord.rules.roles import Account
from avrecord.web import forms
from avrecord.web.following import job_facts, may_follow
from avrecord.web.guard import Form, Guard
from avrecord.web.jobs import Jobs
from avrecord.web.questions import ARCHIVES, SELFCHECK_PAGES
from avrecord.web.shell import BUREAU, Shell, address
from avrecord.web.tables import other_forms
from avrecord.web.uploads import Sent

RECEIPT = "归档回执.txt"


def routes(app: FastAPI, guard: Guard, shell: Shell, kit: Kit, jobs: Jobs) -> None:
    """The page, and what is done on it."""

    @app.get("/archives")
    def page(request: Request) -> Response:
        account = guard.let_in(request, "selfcheck")
        answer = archives(kit, account.unit)
        rows = [shown(answer, row) for row in answer.rows]
        mine = [job_facts(each) for each in jobs.all() if each.asked.kind == "archive" and may_follow(account, each)]
        content: dict[str, Any] = {
            "answer": answer,
            "rows": rows,
            "jobs": mine,
            "to": kit.settings.archive.to,
            "year": kit.today.year,
            "of_stations": (kit.root / BUREAU).is_dir() and not account.unit,
        }
        return shell.page("archives.html", account, word=guard.word(request), related=SELFCHECK_PAGES, **content)

    other_forms(app, guard, kit, ARCHIVES)

    @app.post("/archive")
    async def make(request: Request) -> Response:
        account, form = await guard.acting(request, "archive")
        number = await run_in_threadpool(_make, account, form, kit, jobs)
        return RedirectResponse(address("/job", number=number), 303)

    @app.post("/archive/receipt")
    async def receipt(request: Request) -> Response:
        async with guard.sending(request, "archive", 3 * LARGEST) as (account, _, files):
            wanted = [files.get(name) for name in ("receipt", "signature", "key")]
            await run_in_threadpool(_receive, wanted, account, kit)
        return RedirectResponse("/archives", 303)


def _make(account: Account, form: Form, kit: Kit, jobs: Jobs) -> str:
    to, year = kit.settings.archive.to, forms.whole(form, "year", LATEST)
    if not to:
        raise BadQuestion(what="归档目录", detail="没有设置，请在 station.toml 的 [archive] to 写明归档盘上的目录")
    if not Path(to).is_absolute() or not Path(to).is_dir():
        raise BadQuestion(what="归档目录", detail=f"{to} 不在（归档盘没有接上，或不是绝对路径）")
    if year is None or year < EARLIEST:
        raise BadQuestion(what="年份", detail="应为四位年份")
    command = ["archive", "--year", str(year), "--to", to, "--by", account.number, "--json"]
    return jobs.start("archive", str(year), account.number, [command])


def _receive(sent: list[Sent | None], account: Account, kit: Kit) -> None:
    """Check a receipt as the command line does, in a folder of its own. Raises BadQuestion, BadInput."""
    receipt, signature, key = sent
    if receipt is None or signature is None or key is None:
        raise BadQuestion(what="回执", detail="请选择回执、签名、接收方公钥三个文件")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        receipt.save(folder / RECEIPT)
        key.save(folder / "公钥")
        for ending in (".sig", ".minisig"):  # which of the two it is follows from the key
            signature.save(folder / f"{RECEIPT}{ending}")
        try:
            receive_receipt(folder / RECEIPT, folder / "公钥", account.number, kit)
        except BadInput as error:
            raise BadInput(path=Path(str(error.facts["path"])).name, detail=str(error.facts["detail"])) from error
