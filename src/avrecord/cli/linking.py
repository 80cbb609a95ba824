"""`avrecord cases link|unlink|proposals`: what belongs to what, by a person's hand."""

from __future__ import annotations

from typing import Any

import click

from avrecord.cli.base import Session, by_option, session, words_needed
from avrecord.cli.cases import cases
from avrecord.cli.clips import DAY
from avrecord.cli.output import formats, give
from avrecord.ledger.cases import case_number
from avrecord.model.case import StageId
from avrecord.pipeline.link import proposals
from avrecord.pipeline.review import find_clip, find_stage, link_by_hand, unlink_by_hand
from avrecord.reads.answer import Answer, Column, moment, words
from avrecord.reads.clips import day_bounds
from avrecord.words import PROPOSALS

COLUMNS = [
    Column("case", "案号", width=12, whole=True),
    Column("stage", "环节"),
    Column("stage_start", "环节开始", moment, 10),
    Column("clip", "片段编号", lambda clip: str(clip)[:12], 9, whole=True),
    Column("name", "片段文件", width=16),
    Column("recorder", "记录仪"),
    Column("clip_start", "片段开始", moment, 10),
    Column("reason", "为什么不能自动关联", words(PROPOSALS), 20),
]


@cases.command("link")
@click.argument("number", metavar="案号")
@click.argument("stage", metavar="环节")
@click.argument("clip", metavar="片段编号")
@by_option
@session
def link(s: Session, number: str, stage: str, clip: str, by: str) -> None:
    """人工把片段关联到环节。"""
    found = find_clip(clip, s.kit)
    at = find_stage(StageId(case_number(number), stage), s.kit)
    link_by_hand(at.id, found.id, by, s.kit)
    click.echo(f"已关联：{found.name} → {number} {stage}")
    start, end = found.true_start, found.true_end
    if start is None or end is None or end < at.start or start > at.end:
        click.echo("注意：片段的时间与该环节不重叠，覆盖和缺口不会因此改变，抽检结果会计入该环节。", err=True)


@cases.command("unlink")
@click.argument("number", metavar="案号")
@click.argument("stage", metavar="环节")
@click.argument("clip", metavar="片段编号")
@by_option
@click.option("--why", required=True, metavar="理由", callback=words_needed, help="为什么取消关联，或不采纳建议")
@session
def unlink(s: Session, number: str, stage: str, clip: str, by: str, why: str) -> None:
    """人工取消关联，或不采纳关联建议（规则不会再自动关联或建议）。"""
    found = find_clip(clip, s.kit)
    unlink_by_hand(StageId(case_number(number), stage), found.id, why, by, s.kit)
    click.echo(f"已记录：{found.name} 不属于 {number} {stage}")


@cases.command("proposals")
@click.option("--case", "case_no", default="", metavar="案号", help="只看某案件")
@click.option("--unit", default="", metavar="单位", help="只看某单位")
@click.option("--from", "since", type=DAY, metavar="日期", help="环节起始日期，如 2026-11-01")
@click.option("--to", "until", type=DAY, metavar="日期", help="环节截止日期（含当日）")
@formats
@session
def proposals_(s: Session, /, case_no: str, unit: str, since: Any, until: Any, **form: Any) -> None:
    """关联建议：规则不能确定、需要人工决定的。"""
    number = case_number(case_no) if case_no else ""
    stages = {stage.id: stage for stage in s.kit.records.stages(case_no=number, unit=unit, **day_bounds(since, until))}
    rows = [
        {
            "case": each.stage.case,
            "stage": each.stage.name,
            "stage_start": stages[each.stage].start,
            "stage_end": stages[each.stage].end,
            "clip": each.clip.id.hex,
            "name": each.clip.name,
            "recorder": each.clip.recorder,
            "clip_start": each.clip.true_start,
            "overlap_ms": each.overlap_ms,
            "uncertainty_ms": each.uncertainty_ms,
            "reason": each.reason,
        }
        for each in proposals(s.kit, stages.values())
    ]
    notes = [
        f"{len(rows)} 条建议。采纳：avrecord cases link 案号 环节 片段编号 --by 证号；不采纳：cases unlink，写明理由。"
        if rows
        else "没有需要人工决定的关联。"
    ]
    give(Answer("proposals", "关联建议", COLUMNS, rows, {"count": len(rows)}, notes), **form)


COMMANDS = ()
