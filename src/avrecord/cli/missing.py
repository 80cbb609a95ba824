"""`avrecord cases missing`: the supervisor's question."""

from __future__ import annotations

from typing import Any

import click

from avrecord.cli.base import Session, session
from avrecord.cli.cases import cases
from avrecord.cli.clips import DAY
from avrecord.cli.output import formats, give
from avrecord.reads.clips import day_bounds
from avrecord.reads.missing import GROUPS, SORTS, missing_of


@cases.command("missing")
@click.option("--case", "case_no", default="", metavar="案号", help="只看某案件")
@click.option("--unit", default="", metavar="单位", help="只看某单位")
@click.option("--from", "since", type=DAY, metavar="日期", help="环节起始日期，如 2026-11-01")
@click.option("--to", "until", type=DAY, metavar="日期", help="环节截止日期（含当日）")
@click.option(
    "--by", "group", type=click.Choice(list(GROUPS)), metavar="口径", help="汇总：unit 按单位 / officer 按人员 / month 按月"
)
@click.option(
    "--sort",
    type=click.Choice(list(SORTS)),
    default="case",
    metavar="次序",
    help="case 案号（默认）/ days 超期天数 / start 环节时间 / unit 单位 / what 缺什么",
)
@formats
@session
def missing_(s: Session, /, case_no: str, unit: str, since: Any, until: Any, group: str | None, sort: str, **form: Any) -> None:
    """清单要求而录像没有显示的：无录像、缺口、未见、无法判断。"""
    found = missing_of(s.kit, case_no=case_no, unit=unit, group=group, sort=sort, **day_bounds(since, until))
    give(found, **form)


COMMANDS = ()
