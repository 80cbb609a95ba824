"""整改问题: who answers for what until when."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from avrecord.model.case import Problem
from avrecord.model.moments import beijing, from_utc_text
from avrecord.pipeline import problems as told
from avrecord.pipeline.kit import Kit
from avrecord.reads.answer import Answer, Column, moment, words
from avrecord.words import PROBLEM_ITEMS, PROBLEM_STATES, PROBLEM_STEPS

COLUMNS = [
    Column("number", "编号"),
    Column("case", "案号", width=12, whole=True),
    Column("stage", "环节"),
    Column("unit", "单位", width=10),
    Column("item", "要件", words(PROBLEM_ITEMS)),
    Column("problem", "问题", width=18),
    Column("leader", "责任领导"),
    Column("department", "责任单位（部门）", width=10),
    Column("measure", "整改措施", width=14),
    Column("deadline", "整改时限"),
    Column("state", "状态", words(PROBLEM_STATES)),
    Column("again", "再次出现的案件", lambda cases: "\n".join(cases), 12),
]
STEPS = [
    Column("at", "时间", moment, 10),
    Column("by", "操作人"),
    Column("step", "做了什么", words(PROBLEM_STEPS)),
    Column("words", "内容", width=40),
    Column("row", "出处（日志序号）"),
]


def _is(row: dict[str, Any], only: str) -> bool:
    if only == "again":
        return bool(row["again"])
    return bool(row["state"] == only or (only == "open" and row["state"] == "overdue"))


def _row(each: Problem, late: bool, again: list[str]) -> dict[str, Any]:
    state = "closed" if each.closed_at else "overdue" if late else "open"
    facts = asdict(each)
    del facts["stage"]
    closed = beijing(from_utc_text(each.closed_at), "%Y-%m-%d") if each.closed_at else None
    return facts | {
        "case": each.stage.case,
        "stage": each.stage.name,
        "state": state,
        "again": again,
        "closed_day": closed,
    }


def problem_list(kit: Kit, *, unit: str = "", only: str | None = None) -> Answer:
    """Problems, open ones first. `only`: open, overdue, closed, or again (回头看)."""
    found = told.problems(kit, unit=unit)
    late = {each.number for each in told.overdue(found, kit)}
    back = {each.number: cases for each, cases in told.came_back(kit, unit)}
    rows = [_row(each, each.number in late, back.get(each.number, [])) for each in found]
    shown = [row for row in rows if only is None or _is(row, only)]
    summary = f"共 {len(rows)} 个问题，未销号 {sum(row['state'] != 'closed' for row in rows)} 个，其中逾期 {len(late)} 个"
    notes = [f"{summary}；销号后再次出现的 {len(back)} 个（只计人工认定缺失、没有录像、录像有缺口的）。"]
    return Answer("rectification", "整改问题", COLUMNS, shown, {"count": len(shown)}, notes, 10 if late else 0)


def one_problem(problem_no: int, kit: Kit) -> Answer:
    """Every step of a problem. Raises UnknownName."""
    found = told.find_problem(problem_no, kit)
    rows = [
        {"at": step.at, "by": step.by, "step": step.step, "words": step.words, "row": f"log:{step.seq}"}
        for step in told.steps_of(problem_no, kit)
    ]
    title = f"整改问题 {problem_no}：{found.stage.case} {found.stage.name}"
    return Answer("rectification_steps", title, STEPS, rows, {"number": problem_no})
