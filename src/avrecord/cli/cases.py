"""Cases, the checklist, reviews: the supervisor's commands."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Group, Session, by_default, session
from avrecord.cli.output import formats, give
from avrecord.ledger.cases import case_number
from avrecord.model.case import Account, MarkKind
from avrecord.model.moments import beijing
from avrecord.pipeline import bring
from avrecord.pipeline.cells import moment_in
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.link import link_all
from avrecord.pipeline.missing import accounts
from avrecord.pipeline.offering import offered_in
from avrecord.pipeline.opinion import write_opinion
from avrecord.reads.answer import Answer, Column, joined, moment
from avrecord.reads.imports import of_cases
from avrecord.rules.recordings import join_recordings
from avrecord.words import DECISIONS, LIMITS_OF_A_CHECK, MARKS, MODES, REVIEW_ITEMS, SEGMENTS

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("cases", cls=Group)
def cases() -> None:
    """案件：导入、查看、缺什么、人工关联。"""


@cases.command("import")
@click.argument("file", type=FILE, metavar="文件")
@click.option("--apply", "apply_it", is_flag=True, help="确认导入（默认只检查，不写入）")
@by_default
@formats
@session
def import_(s: Session, /, file: Path, apply_it: bool, by: str, **form: Any) -> None:
    """导入案件环节表或巡查记录（xlsx、xls、csv、json），一行一个环节；由表头认出是哪一种。"""
    report = bring.inspect_cases(file, s.kit)
    if apply_it:
        bring.import_cases(file, report, by, s.kit)
        link_all(s.kit)
    give(of_cases(report, apply_it, s.kit), **form)


@cases.command("list")
@click.option("--unit", default="", metavar="单位", help="只看某单位")
@formats
@session
def list_(s: Session, /, unit: str, **form: Any) -> None:
    """列出案件环节和关联的录像。"""
    rows = [_account_row(account) for account in accounts(s.kit, unit=unit)]
    columns = [
        Column("case", "案号", width=12, whole=True),
        Column("stage", "环节"),
        Column("unit", "单位", width=12),
        Column("start", "开始", moment, 10),
        Column("mode", "记录方式", lambda mode: MODES.get(mode, "清单未列")),
        Column("covered_s", "录像（秒）"),
        Column("window_s", "环节（秒）"),
        Column("clips", "片段", lambda clips: str(len(clips))),
    ]
    give(Answer("cases", "案件环节", columns, rows, {"count": len(rows)}), **form)


def _account_row(account: Account) -> dict[str, Any]:
    return {
        "case": account.stage.id.case,
        "stage": account.stage.id.name,
        "unit": account.stage.unit,
        "officers": list(account.stage.officers),
        "start": account.stage.start,
        "end": account.stage.end,
        "mode": account.mode,
        "checklist": account.checklist,
        "window_s": account.coverage.window_s,
        "covered_s": account.coverage.covered_s,
        "coverage": account.coverage.extent,
        "gaps": [{"start": gap.start, "end": gap.end, "seconds": gap.seconds} for gap in account.coverage.gaps],
        "marks": [
            {
                "segment": mark.segment,
                "mark": mark.mark.value,
                "reason": mark.reason,
                "clip": mark.clip.id.hex if mark.clip else None,
                "at_ms": mark.observation.at_ms if mark.observation else None,
                "score": mark.observation.score if mark.observation else None,
                "evidence": mark.observation.evidence if mark.observation else None,
            }
            for mark in account.marks
        ],
        "reviews": [{"item": r.item, "decision": r.decision, "by": r.by, "at": r.at} for r in account.reviews],
        "clips": [clip.id.hex for clip in account.clips],
        "recordings": [
            {"recorder": r.recorder, "start": r.start, "end": r.end, "clips": [clip.id.hex for clip in r.clips]}
            for r in join_recordings(account.clips)
        ],
    }


@cases.command("show")
@click.argument("number", metavar="案号")
@formats
@session
def show(s: Session, /, number: str, **form: Any) -> None:
    """查看一个案件：每个环节的覆盖、抽检结果、复核。"""
    found = list(accounts(s.kit, case_no=case_number(number)))
    rows = []
    for account in found:
        gaps = joined(f"{beijing(gap.start, '%H:%M:%S')} 起 {gap.seconds} 秒" for gap in account.coverage.gaps)
        facts = _account_row(account)
        rows.append(
            facts
            | {"item": "录像", "result": f"{account.coverage.covered_s}/{account.coverage.window_s} 秒", "basis": f"缺口：{gaps}"}
        )
        for mark in account.marks:
            basis = mark.reason
            if mark.clip and mark.observation:
                basis = f"{mark.clip.name}，{moment_in(mark.clip, mark.observation.at_ms)}，{mark.reason}"
            rows.append(facts | {"item": SEGMENTS.get(mark.segment, mark.segment), "result": MARKS[mark.mark], "basis": basis})
        rows += _to_look_at(account, facts, s.kit)
        for decided in account.reviews:
            item = (SEGMENTS | REVIEW_ITEMS).get(decided.item, decided.item)
            rows.append(
                facts
                | {"item": f"复核 {item}", "result": DECISIONS[decided.decision], "basis": f"{decided.by}，{moment(decided.at)}"}
            )
    columns = [
        Column("stage", "环节"),
        Column("start", "开始", moment, 10),
        Column("item", "要件"),
        Column("result", "结果", width=10),
        Column("basis", "依据", width=30),
    ]
    notes = [LIMITS_OF_A_CHECK] if rows else [f"没有案件 {number}"]
    give(Answer("case", f"案件 {number}", columns, rows, {"case": case_number(number)}, notes, 0 if rows else 32), **form)


def _to_look_at(account: Account, facts: dict[str, Any], kit: Kit) -> list[dict[str, Any]]:
    """The frames kept for whoever marks what no check could, one clip a row; none where every item was seen."""
    if all(mark.mark is MarkKind.SEEN for mark in account.marks):
        return []
    rows = []
    for clip, group in groupby(offered_in(account.clips, kit), key=lambda found: found[0]):
        frames = [(each, path) for _, each, path in group]
        basis = "\n".join(f"{clip.name}，{moment_in(clip, each.at_ms)}：{path}" for each, path in frames)
        offered = [{"clip": clip.id.hex, "at_ms": each.at_ms, "digest": each.digest} for each, _ in frames]
        rows.append(facts | {"item": "供人工查看", "result": f"{len(frames)} 帧", "basis": basis, "offered": offered})
    return rows


@cases.command("opinion")
@click.argument("number", metavar="案号")
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="文件", help="写到哪个 .docx 或 .html 文件"
)
@by_default
@session
def opinion_(s: Session, number: str, out: Path, by: str) -> None:
    """生成一页《音像记录核查意见》，交法制审核。"""
    open_points = write_opinion(case_number(number), out, by, s.kit)
    click.echo(f"已写入 {out}：" + (f"{open_points} 处需要核实。" if open_points else "未发现缺少的内容。"))


COMMANDS = (cases,)
