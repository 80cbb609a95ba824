"""案件: what is missing first, and a case with its stages against its recordings. The same answers as the command line gives."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, RedirectResponse
from starlette.background import BackgroundTask

from avrecord.errors import AvrecordError, UnknownName
from avrecord.ledger.cases import case_number
from avrecord.model.case import Account, Mark, Stage, StageId
from avrecord.model.moments import beijing, utc_text
from avrecord.pipeline.cells import decided_text, footage_text, moment_in
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.missing import accounts
from avrecord.pipeline.opinion import write_opinion
from avrecord.pipeline.review import review
from avrecord.pipeline.viewing import assert_theirs, pictured, watched
from avrecord.rules.judging import is_whole, lacks
from avrecord.rules.roles import Account as Person
from avrecord.rules.roles import narrowed
from avrecord.web import forms, months
from avrecord.web.footage import plays
from avrecord.web.guard import Guard, inside, token_of
from avrecord.web.questions import CASE_PAGES
from avrecord.web.shell import Shell, address
from avrecord.web.timeline import time_line
from avrecord.words import DECISIONS, LACKS, LIMITS_OF_A_CHECK, MARKS, MODES, PROBLEM_ITEMS, SEGMENTS

LONGEST = 200
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def routes(app: FastAPI, guard: Guard, shell: Shell, kit: Kit) -> None:
    """The pages of cases, their JSON twins, and what is decided on them."""

    @app.get("/cases")
    def cases_page(request: Request, unit: str = "", month: str = "") -> Any:
        return _cases(request, unit, month, page=True)

    @app.get("/cases.json", response_model=None)
    def cases_json(request: Request, unit: str = "", month: str = "") -> Any:
        return _cases(request, unit, month, page=False)

    @app.get("/case.json", response_model=None)
    def case_json(request: Request, no: str = "") -> Any:
        return _case(request, no, page=False)

    @app.get("/case")
    def case_page(request: Request, no: str = "") -> Any:
        return _case(request, no, page=True)

    @app.post("/review")
    async def decide(request: Request) -> Response:
        person, form = await guard.acting(request, "review")
        at, why = StageId(forms.name(form, "no"), forms.name(form, "stage")), forms.words(form, "why", "理由")
        await run_in_threadpool(assert_theirs, person, at.case, kit, at.name)
        await run_in_threadpool(review, at, form.get("item", ""), form.get("decision", ""), person.number, why, kit)
        back = address("/case", no=at.case) + f"#{anchor_of(at.name)}"
        return RedirectResponse(inside(form["to"]) if "to" in form else back, 303)

    @app.post("/opinion")
    async def opinion(request: Request) -> Response:
        person, form = await guard.acting(request, "take")
        case = forms.name(form, "no")
        folder = tempfile.TemporaryDirectory()
        path = Path(folder.name) / "opinion.docx"
        try:
            await run_in_threadpool(assert_theirs, person, case, kit)
            await run_in_threadpool(write_opinion, case, path, person.number, kit)
            await run_in_threadpool(_state_pictures, request, case, person)
        except AvrecordError:
            folder.cleanup()
            raise
        return FileResponse(
            path, media_type=DOCX, filename=f"音像记录核查意见 {case}.docx", background=BackgroundTask(folder.cleanup)
        )

    def _state_pictures(request: Request, case: str, person: Person) -> None:
        for clip in pictured(case, kit):
            guard.door.first_time(token_of(request), clip.hex, partial(watched, clip, person.number, kit))

    def _cases(request: Request, unit: str, month: str, *, page: bool) -> Any:
        account = guard.let_in(request, "cases")
        content = missing_first(kit, guard.unit(request, account, unit[:LONGEST]), months.asked(month, kit.today))
        return shell.page("cases.html", account, related=CASE_PAGES, **content) if page else content

    def _case(request: Request, no: str, *, page: bool) -> Any:
        account = guard.let_in(request, "cases")
        content = one_case(stages_for(account, no, kit), kit)
        if not page:
            return content
        content |= {"decisions": DECISIONS, "problem_items": PROBLEM_ITEMS, "word": guard.word(request)}
        return shell.page("case.html", account, back="/cases", at="/clip", where="", left={}, shown="", **content)


def stages_for(account: Person, no: str, kit: Kit) -> list[Account]:
    """A case's stages that the account's unit may see. Raises UnknownName: another unit's case is as unknown as none."""
    number = case_number(no[:LONGEST]) if no else ""
    found = [each for each in accounts(kit, case_no=number) if narrowed(account, each.stage.unit) is not None] if number else []
    if not found:
        raise UnknownName(what="案件", name=no[:LONGEST])
    return found


def anchor_of(stage: str) -> str:
    """A stage's place on its page."""
    return "s" + hashlib.sha256(stage.encode()).hexdigest()[:12]


def missing_first(kit: Kit, unit: str, month: months.Shown) -> dict[str, Any]:
    """The month's cases, those that lack something first, and what each lacks."""
    found: dict[str, dict[str, Any]] = {}
    for account in accounts(kit, unit=unit, **month.span):
        case = found.setdefault(account.stage.id.case, _case_row(account.stage))
        case["stages"] += 1
        case["filmed"] += bool(account.clips)
        for lack in lacks(account, is_whole(account.mode)):
            words = f"{SEGMENTS.get(lack.segment or '', '')}{LACKS[lack.what]}"
            case["lacks"].append({"stage": lack.stage.id.name, "what": lack.what, "segment": lack.segment, "words": words})
    rows = sorted(found.values(), key=lambda row: (not row["lacks"], row["start"], row["case"]))
    units = sorted({row["unit"] for row in rows})
    return {
        "schema": "avrecord.cases_page/1",
        **month.names, "unit": unit, "units": units, "rows": rows,
        "lacking": sum(bool(row["lacks"]) for row in rows), "limits": LIMITS_OF_A_CHECK,
    }  # fmt: skip


def one_case(found: Sequence[Account], kit: Kit) -> dict[str, Any]:
    """A case: each stage with its time line, marks, decisions and what is missing."""
    first = found[0].stage
    return {
        "schema": "avrecord.case_page/1",
        "case": first.id.case,
        "case_kind": first.case_kind,
        "unit": first.unit,
        "stages": [_stage(account, kit) for account in found],
        "limits": LIMITS_OF_A_CHECK,
    }


def _case_row(stage: Stage) -> dict[str, Any]:
    facts = {"case": stage.id.case, "case_kind": stage.case_kind, "unit": stage.unit, "start": utc_text(stage.start)}
    return facts | {"day": beijing(stage.start, "%Y-%m-%d"), "stages": 0, "filmed": 0, "lacks": []}


def _stage(account: Account, kit: Kit) -> dict[str, Any]:
    stage = account.stage
    playable = {each.id.hex for each in account.clips if plays(each, kit.records.examination(each.id)) is None}
    marks = [_mark(mark, account) for mark in account.marks if account.mode]
    return {
        "stage": stage.id.name,
        "anchor": anchor_of(stage.id.name),
        "footage_decided": decided_text(account, "footage").removeprefix("；"),
        "when": f"{beijing(stage.start, '%Y-%m-%d %H:%M:%S')} 至 {beijing(stage.end, '%H:%M:%S')}",
        "officers": list(stage.officers),
        "mode": MODES.get(account.mode or "", "清单未列"),
        "checklist": account.checklist,
        "footage": footage_text(account).partition("：")[2],
        "line": time_line(account, kit),
        "playable": sorted(playable),
        "marks": marks,
        "lacks": [lack.detail or LACKS[lack.what] for lack in lacks(account, is_whole(account.mode)) if lack.segment is None],
    }


def _mark(mark: Mark, account: Account) -> dict[str, Any]:
    """One segment's line: mark, what it rests on with its frame and moment, and what people decided."""
    seen, clip = mark.observation, mark.clip
    return {
        "segment": mark.segment,
        "name": SEGMENTS.get(mark.segment, mark.segment),
        "mark": mark.mark.value,
        "words": MARKS[mark.mark],
        "reason": mark.reason,
        "where": f"{clip.name} {moment_in(clip, seen.at_ms)}" if clip and seen else "",
        "clip": clip.id.hex if clip else None,
        "second": seen.at_ms // 1000 if seen else None,
        "frame": seen.evidence if seen else None,
        "decided": decided_text(account, mark.segment).removeprefix("；"),
    }
