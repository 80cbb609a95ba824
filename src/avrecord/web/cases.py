"""案件: what is missing first, and a case with its stages against its recordings. The same answers as the command line gives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from avrecord.model.case import Account, Stage
from avrecord.model.moments import beijing, milliseconds, utc_text
from avrecord.model.spans import months_later
from avrecord.pipeline.care import utc_of
from avrecord.pipeline.cells import decided_text, footage_text, moment_in
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.missing import accounts
from avrecord.rules.judging import is_whole, lacks
from avrecord.rules.roles import narrowed
from avrecord.web.guard import FORBIDDEN, Guard, shown
from avrecord.words import LACKS, LIMITS_OF_A_CHECK, MARKS, MODES, SEGMENTS

MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


def routes(app: FastAPI, guard: Guard, kit: Kit, pages: Environment) -> None:
    """The pages of cases and their JSON twins."""

    @app.get("/cases", response_class=HTMLResponse)
    def cases_page(request: Request, unit: str = "", month: str = "") -> Any:
        return _cases(request, unit, month, page=True)

    @app.get("/cases.json")
    def cases_json(request: Request, unit: str = "", month: str = "") -> Any:
        return _cases(request, unit, month, page=False)

    @app.get("/case.json")
    def case_json(request: Request, no: str = "") -> Any:
        return _case(request, no, page=False)

    @app.get("/case", response_class=HTMLResponse)
    def case_page(request: Request, no: str = "") -> Any:
        return _case(request, no, page=True)

    def _cases(request: Request, unit: str, month: str, *, page: bool) -> Any:
        account = guard.let_in(request, "cases")
        if isinstance(account, Response):
            return account
        mine = narrowed(account, unit)
        if mine is None:
            return HTMLResponse(FORBIDDEN, 403)
        chosen = month if MONTH.fullmatch(month) else f"{kit.today:%Y-%m}"
        content = missing_first(kit, mine, chosen)
        if not page:
            return content
        return pages.get_template("cases.html").render(content, station=kit.settings.station, who=shown(account))

    def _case(request: Request, no: str, *, page: bool) -> Any:
        account = guard.let_in(request, "cases")
        if isinstance(account, Response):
            return account
        found = [each for each in accounts(kit, case_no=no) if narrowed(account, each.stage.unit) is not None] if no else []
        if not found:  # another unit's case is as unknown as one that does not exist
            return HTMLResponse('<!doctype html><meta charset="utf-8"><p>没有这个案件。<a href="/cases">案件</a></p>', 404)
        content = one_case(found)
        if not page:
            return content
        return pages.get_template("case.html").render(content, station=kit.settings.station, who=shown(account))


def missing_first(kit: Kit, unit: str, month: str) -> dict[str, Any]:
    """The month's cases, those that lack something first, and what each lacks."""
    first = date.fromisoformat(f"{month}-01")
    after = months_later(first, 1)
    found: dict[str, dict[str, Any]] = {}
    for account in accounts(kit, unit=unit, since=utc_of(first), until=utc_of(after)):
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
        "month": month, "unit": unit, "units": units, "rows": rows,
        "before": f"{first - timedelta(days=1):%Y-%m}", "after": f"{after:%Y-%m}",
        "lacking": sum(bool(row["lacks"]) for row in rows), "limits": LIMITS_OF_A_CHECK,
    }  # fmt: skip


def one_case(found: Sequence[Account]) -> dict[str, Any]:
    """A case: each stage with its time line, marks, decisions and what is missing."""
    first = found[0].stage
    return {
        "schema": "avrecord.case_page/1",
        "case": first.id.case,
        "case_kind": first.case_kind,
        "unit": first.unit,
        "stages": [_stage(account) for account in found],
        "limits": LIMITS_OF_A_CHECK,
    }


def _case_row(stage: Stage) -> dict[str, Any]:
    facts = {"case": stage.id.case, "case_kind": stage.case_kind, "unit": stage.unit, "start": utc_text(stage.start)}
    return facts | {"day": beijing(stage.start, "%Y-%m-%d"), "stages": 0, "filmed": 0, "lacks": []}


def _stage(account: Account) -> dict[str, Any]:
    stage = account.stage
    marks = [
        {
            "segment": mark.segment,
            "name": SEGMENTS.get(mark.segment, mark.segment),
            "mark": mark.mark.value,
            "words": MARKS[mark.mark],
            "reason": mark.reason,
            "where": f"{mark.clip.name} {moment_in(mark.clip, mark.observation.at_ms)}" if mark.clip and mark.observation else "",
            "decided": decided_text(account, mark.segment).removeprefix("；"),
        }
        for mark in account.marks
        if account.mode
    ]
    return {
        "stage": stage.id.name,
        "when": f"{beijing(stage.start, '%Y-%m-%d %H:%M:%S')} 至 {beijing(stage.end, '%H:%M:%S')}",
        "officers": list(stage.officers),
        "mode": MODES.get(account.mode or "", "清单未列"),
        "checklist": account.checklist,
        "footage": footage_text(account).partition("：")[2],
        "line": time_line(account),
        "marks": marks,
        "lacks": [lack.detail or LACKS[lack.what] for lack in lacks(account, is_whole(account.mode)) if lack.segment is None],
    }


WIDTH = 1000.0


def time_line(account: Account) -> dict[str, Any]:
    """The stage's window as 0 … 1000, its clips by recorder, and its gaps: what the picture draws and the numbers beside it."""
    start, span = account.stage.start, milliseconds(account.stage.end - account.stage.start)

    def at(moment: datetime) -> float:
        return round(min(WIDTH, max(0.0, WIDTH * milliseconds(moment - start) / span)), 1)

    lanes: dict[str, list[dict[str, Any]]] = {}
    for clip in account.clips:
        if clip.true_start and clip.true_end and clip.duration_ms:
            doubt = round(WIDTH * clip.uncertainty_ms / span, 1)
            bar = {"from": at(clip.true_start), "to": at(clip.true_end), "name": clip.name, "doubt": min(doubt, WIDTH)}
            lanes.setdefault(clip.recorder or "未知设备", []).append(bar)
    gaps = [
        {"from": at(gap.start), "to": at(gap.end), "words": f"{beijing(gap.start, '%H:%M:%S')} 起缺 {gap.seconds} 秒"}
        for gap in account.coverage.gaps
    ]
    return {"lanes": [{"recorder": name, "bars": bars} for name, bars in sorted(lanes.items())], "gaps": gaps}
