"""`avrecord rectify`: problems, who answers for them, until when, and what settles them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from avrecord import durable
from avrecord.cli.base import F, Group, Session, by_option, options, session, words_needed
from avrecord.cli.clips import DAY
from avrecord.cli.output import formats, give
from avrecord.errors import BadInput
from avrecord.ledger.cases import case_number
from avrecord.model.case import StageId
from avrecord.pipeline import problems as told
from avrecord.reads.problems import one_problem, problem_list
from avrecord.words import PROBLEM_ITEMS


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
    told.close_problem(problem_no, _read(evidence) if evidence else None, why, by, s.kit)
    kept = "，证明材料已按摘要保存" if evidence else "（没有附证明材料）"
    click.echo(f"整改问题 {problem_no} 已销号{kept}。")


def _read(evidence: Path) -> bytes:
    try:
        return durable.read_small(evidence, told.LARGEST_EVIDENCE)
    except OSError as error:
        raise BadInput(path=evidence, detail=error.strerror or "读不出") from error


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
    give(problem_list(s.kit, unit=unit, only=only), **form)


@rectify.command("show")
@click.argument("problem_no", type=int, metavar="编号")
@formats
@session
def show(s: Session, /, problem_no: int, **form: Any) -> None:
    """查看一个问题从登记到销号的每一步。"""
    give(one_problem(problem_no, s.kit), **form)


COMMANDS = (rectify,)
