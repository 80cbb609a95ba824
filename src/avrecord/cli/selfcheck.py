"""`avrecord audit report`: the data sheet of the self-check report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Session, by_default, session
from avrecord.cli.clips import DAY
from avrecord.cli.output import formats, give
from avrecord.cli.trust import audit
from avrecord.pipeline.selfcheck import REMARKS, UnitCheck, self_check, summary, write_self_check
from avrecord.reads.answer import Answer, Column
from avrecord.reads.clips import day_bounds
from avrecord.words import POINTS, UNITLESS

COLUMNS = [
    Column("unit", "单位", lambda name: name or UNITLESS, 12),
    Column("point", "自查内容", lambda point: POINTS[point], 18),
    Column("confirmed", "人工确认"),
    Column("missing", "人工认定缺失"),
    Column("seen", "抽检已见"),
    Column("not_seen", "抽检未见"),
    Column("cannot_tell", "无法判断"),
]


@audit.command("report")
@click.option("--unit", default="", metavar="单位", help="只看某单位")
@click.option("--from", "since", type=DAY, metavar="日期", help="环节起始日期")
@click.option("--to", "until", type=DAY, metavar="日期", help="环节截止日期（含当日）")
@click.option("--explain", is_flag=True, help="在 JSON 中给出每个数字所依据的环节")
@formats
@by_default
@session
def report(
    s: Session, /, unit: str, since: Any, until: Any, explain: bool, as_json: bool, as_csv: bool, xlsx: Path | None, by: str
) -> None:
    """自查报告的数据：五项自查内容、整改销号，按单位。"""
    found = self_check(s.kit, unit=unit, **day_bounds(since, until))
    if xlsx:
        begins, ends = (f"{day:%Y-%m-%d}" if day else "不限" for day in (since, until))
        write_self_check(xlsx, found, f"自查报告，单位 {unit or '全部'}，{begins} 至 {ends}", by, s.kit)
        click.echo(f"已写入 {xlsx}", err=True)
        if not (as_json or as_csv):
            return
    rows = [row for each in found for row in _rows(each, explain)]
    told = [
        {
            "unit": each.unit,
            "cases": len(each.cases),
            "stages": each.stages,
            "filmed": each.filmed,
            "whole": each.whole,
            "problems": [problem.number for problem in each.opened],
            "closed": [problem.number for problem in each.opened if problem.closed_at],
            "overdue": [problem.number for problem in each.late],
            "again": [problem.number for problem in each.back],
        }
        for each in found
    ]
    notes = [*summary(found), *REMARKS]
    give(Answer("selfcheck", "五项自查（按单位）", COLUMNS, rows, {"units": told}, notes), as_json, as_csv, None)


def _rows(each: UnitCheck, explain: bool) -> list[dict[str, Any]]:
    outcomes = ("confirmed", "missing", "seen", "not_seen", "cannot_tell")
    return [
        {"unit": each.unit, "point": point}
        | {outcome: each.count(point, outcome) for outcome in outcomes}
        | ({"explain": each.points.get(point, {})} if explain else {})
        for point in POINTS
    ]


COMMANDS = ()
