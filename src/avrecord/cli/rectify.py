"""`avrecord rectify`: problems, who answers for them, until when, and what settles them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import F, Group, Session, by_option, options, session, words_needed
from avrecord.cli.clips import DAY
from avrecord.cli.output import Answer, Column, formats, give, moment, words
from avrecord.ledger.cases import case_number
from avrecord.model.case import Problem, StageId
from avrecord.model.moments import beijing, from_utc_text
from avrecord.pipeline import problems as told
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


@click.group("rectify", cls=Group)
def rectify() -> None:
    """整改：登记问题、变更、销号、回头看。"""


def _told(*, required: bool) -> Callable[[F], F]:
    """The options that say who does what until when."""
    return options(
        click.option("--problem", required=required, default=None, metavar="文字", help="问题描述"),
        click.option("--leader", required=required, default=None, metavar="姓名", help="责任领导（定领导）"),
        click.option("--department", required=required, default=None, metavar="名称", help="责任单位（部门）（定责任）"),
        click.option("--measure", required=required, default=None, metavar="文字", help="整改措施（定方案）"),
        click.option("--deadline", type=DAY, required=required, metavar="日期", help="整改时限（定时限）"),
    )


@rectify.command("open")
@click.argument("number", metavar="案号")
@click.argument("stage", metavar="环节")
@click.argument("item", metavar="要件")
@_told(required=True)
@by_option
@session
def open_(s: Session, /, number: str, stage: str, item: str, by: str, deadline: datetime, **said: str) -> None:
    """登记一个问题（定领导、定责任、定方案、定时限）。要件写编码，不属于任何要件的写 other。"""
    code = next((code for code, name in PROBLEM_ITEMS.items() if name == item), item)
    at = StageId(case_number(number), stage)
    made = told.open_problem(at, code, told.Told(**said, deadline=deadline.date()), by, s.kit)
    click.echo(f"已登记整改问题 {made}：{number} {stage} {PROBLEM_ITEMS.get(code, code)}，{deadline.date()} 前整改完成。")


@rectify.command("change")
@click.argument("problem_no", type=int, metavar="编号")
@_told(required=False)
@by_option
@session
def change(s: Session, /, problem_no: int, by: str, deadline: datetime | None, **said: str | None) -> None:
    """变更责任、措施或时限（没有写的保持不变，原来的留在日志里）。"""
    before = told.find_problem(problem_no, s.kit)
    now = {name: value if value is not None else getattr(before, name) for name, value in said.items()}
    day = deadline.date() if deadline else date.fromisoformat(before.deadline)
    told.change_problem(problem_no, told.Told(**now, deadline=day), by, s.kit)
    click.echo(f"已变更整改问题 {problem_no}，时限 {day}。")


@rectify.command("close")
@click.argument("problem_no", type=int, metavar="编号")
@click.option("--evidence", type=click.Path(dir_okay=False, path_type=Path), metavar="文件", help="整改完成的证明材料")
@click.option("--why", required=True, metavar="文字", callback=words_needed, help="整改完成情况")
@by_option
@session
def close(s: Session, problem_no: int, evidence: Path | None, why: str, by: str) -> None:
    """销号。"""
    told.close_problem(problem_no, evidence, why, by, s.kit)
    kept = "，证明材料已按摘要保存" if evidence else "（没有附证明材料）"
    click.echo(f"整改问题 {problem_no} 已销号{kept}。")


@rectify.command("reopen")
@click.argument("problem_no", type=int, metavar="编号")
@click.option("--why", required=True, metavar="文字", callback=words_needed, help="为什么重新打开")
@by_option
@session
def reopen(s: Session, problem_no: int, why: str, by: str) -> None:
    """重新打开已销号的问题（回头看发现反弹）。"""
    told.reopen_problem(problem_no, why, by, s.kit)
    click.echo(f"整改问题 {problem_no} 已重新打开。")


@rectify.command("list")
@click.option("--unit", default="", metavar="单位", help="只看某单位")
@click.option(
    "--only",
    type=click.Choice(["open", "overdue", "closed", "again"]),
    metavar="状态",
    help="open 未销号 / overdue 逾期 / closed 已销号 / again 回头看：销号后同类问题再次出现",
)
@formats
@session
def list_(s: Session, /, unit: str, only: str | None, **form: Any) -> None:
    """列出整改问题，未销号的在前。"""
    found = told.problems(s.kit, unit=unit)
    late = {each.number for each in told.overdue(found, s.kit)}
    back = {each.number: cases for each, cases in told.came_back(s.kit, unit)}
    rows = [_row(each, each.number in late, back.get(each.number, [])) for each in found]
    shown = [row for row in rows if only is None or _is(row, only)]
    summary = f"共 {len(rows)} 个问题，未销号 {sum(row['state'] != 'closed' for row in rows)} 个，其中逾期 {len(late)} 个"
    notes = [f"{summary}；销号后再次出现的 {len(back)} 个（只计人工认定缺失、没有录像、录像有缺口的）。"]
    give(Answer("rectification", "整改问题", COLUMNS, shown, {"count": len(shown)}, notes, 10 if late else 0), **form)


STEPS = [
    Column("at", "时间", moment, 10),
    Column("by", "操作人"),
    Column("step", "做了什么", words(PROBLEM_STEPS)),
    Column("words", "内容", width=40),
    Column("row", "出处（日志序号）"),
]


@rectify.command("show")
@click.argument("problem_no", type=int, metavar="编号")
@formats
@session
def show(s: Session, /, problem_no: int, **form: Any) -> None:
    """查看一个问题从登记到销号的每一步。"""
    found = told.find_problem(problem_no, s.kit)
    rows = [
        {"at": step.at, "by": step.by, "step": step.step, "words": step.words, "row": f"log:{step.seq}"}
        for step in told.steps_of(problem_no, s.kit)
    ]
    title = f"整改问题 {problem_no}：{found.stage.case} {found.stage.name}"
    give(Answer("rectification_steps", title, STEPS, rows, {"number": problem_no}), **form)


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


COMMANDS = (rectify,)
