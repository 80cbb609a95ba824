"""Cases, the checklist, reviews: the supervisor's commands."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Command, Group, Session, by_option, joined, session
from avrecord.cli.clips import DAY, day_bounds
from avrecord.cli.output import Answer, Column, formats, give, moment, words
from avrecord.ledger.cases import case_number
from avrecord.model.case import Account, Lack, StageId
from avrecord.model.moments import beijing
from avrecord.pipeline import bring
from avrecord.pipeline.link import link_all
from avrecord.pipeline.missing import accounts, missing
from avrecord.pipeline.report import moment_in
from avrecord.pipeline.review import find_clip, link_by_hand, review, unlink_by_hand
from avrecord.words import DECISIONS, LACKS, LIMITS_OF_A_CHECK, MARKS, MODES, SEGMENTS

FILE = click.Path(dir_okay=False, path_type=Path)

MISSING = [
    Column("case", "案号", width=12, whole=True),
    Column("stage", "环节"),
    Column("unit", "单位", width=12),
    Column("officers", "执法人员", lambda officers: "\n".join(officers)),
    Column("start", "环节开始", moment, 10),
    Column("what", "缺什么", words(LACKS)),
    Column("segment", "要件", words(SEGMENTS)),
    Column("detail", "说明", width=20),
    Column("clip_name", "所看片段", width=16),
    Column("days_open", "逾期天数"),
]
GROUPS = {"unit": "单位", "officer": "执法人员", "month": "月份"}


@click.group("cases", cls=Group)
def cases() -> None:
    """案件：导入、查看、缺什么、人工关联。"""


@cases.command("import")
@click.argument("file", type=FILE, metavar="文件")
@click.option("--apply", "apply_it", is_flag=True, help="确认导入（默认只检查，不写入）")
@click.option("--by", default="service", metavar="证号", help="操作人的执法证号或工号")
@formats
@session
def import_(s: Session, /, file: Path, apply_it: bool, by: str, **form: Any) -> None:
    """导入案件环节表（xlsx、xls、csv），一行一个环节。"""
    report = bring.inspect_cases(file, s.kit)
    if apply_it:
        bring.import_cases(file, report, by, s.kit)
        link_all(s.kit)
    linked = Counter(bool(s.kit.records.linked(stage.id)) for stage in report.file.stages)
    rows = [{"row": number, "reason": reason} for number, reason in report.file.invalid]
    notes = [
        (
            f"有效 {len(report.file.stages)} 行（新增 {len(report.new)}，变更 {len(report.changed)}，"
            f"无变化 {report.unchanged}），无效 {len(rows)} 行"
        ),
        f"已关联录像 {linked[True]} 个环节，未关联 {linked[False]} 个"
        if apply_it
        else "以上只是检查结果，未写入；确认无误后加 --apply 导入",
    ]
    if report.file.unknown:
        notes.append(f"未识别的列（已忽略）：{joined(report.file.unknown)}")
    extra = {
        "applied": apply_it,
        "valid": len(report.file.stages),
        "new": len(report.new),
        "changed": len(report.changed),
        "unchanged": report.unchanged,
        "unknown_columns": list(report.file.unknown),
        "linked": linked[True] if apply_it else None,
    }
    columns = [Column("row", "行号"), Column("reason", "无效原因", width=20)]
    give(Answer("cases_import", "无效的行", columns, rows, extra, notes), **form)


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
        for decided in account.reviews:
            item = SEGMENTS.get(decided.item, "录像")
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


@cases.command("missing")
@click.option("--case", "case_no", default="", metavar="案号", help="只看某案件")
@click.option("--unit", default="", metavar="单位", help="只看某单位")
@click.option("--from", "since", type=DAY, metavar="日期", help="环节起始日期，如 2026-11-01")
@click.option("--to", "until", type=DAY, metavar="日期", help="环节截止日期（含当日）")
@click.option(
    "--by", "group", type=click.Choice(list(GROUPS)), metavar="口径", help="汇总：unit 按单位 / officer 按人员 / month 按月"
)
@formats
@session
def missing_(s: Session, /, case_no: str, unit: str, since: Any, until: Any, group: str | None, **form: Any) -> None:
    """清单要求而录像没有显示的：无录像、缺口、未见、无法判断。"""
    found = missing(s.kit, case_no=case_number(case_no) if case_no else "", unit=unit, **day_bounds(since, until))
    rows = [_lack_row(lack, s.kit.clock(), s.kit.settings.coverage.grace_days) for lack in found]
    counts = Counter(row["what"] for row in rows)
    summary = joined((f"{LACKS[what]} {count}" for what, count in sorted(counts.items())), "没有发现缺少的内容")
    notes = [f"{summary}。", LIMITS_OF_A_CHECK]
    extra = {"count": len(rows), "totals": dict(sorted(counts.items()))}
    code = 10 if rows else 0
    if group:
        give(_grouped(rows, group, extra, notes, code), **form)
    give(Answer("missing", "案件缺什么", MISSING, rows, extra, notes, code), **form)


def _lack_row(lack: Lack, now: datetime, grace_days: int) -> dict[str, Any]:
    overdue = now - lack.stage.end - timedelta(days=grace_days)
    return {
        "case": lack.stage.id.case,
        "stage": lack.stage.id.name,
        "unit": lack.stage.unit,
        "officers": list(lack.stage.officers),
        "start": lack.stage.start,
        "end": lack.stage.end,
        "what": lack.what,
        "segment": lack.segment,
        "detail": lack.detail,
        "clip": lack.clip.id.hex if lack.clip else None,
        "clip_name": lack.clip.name if lack.clip else None,
        "gap_seconds": lack.gap.seconds if lack.gap else None,
        "gap_start": lack.gap.start if lack.gap else None,
        "days_open": max(0, overdue.days),
    }


def _grouped(rows: list[dict[str, Any]], group: str, extra: dict[str, Any], notes: list[str], code: int) -> Answer:
    keys: dict[str, Any] = {
        "unit": lambda row: [row["unit"]],
        "officer": lambda row: row["officers"],
        "month": lambda row: [beijing(row["start"], "%Y-%m")],
    }
    counted = Counter((key, row["what"]) for row in rows for key in keys[group](row))
    names = sorted({key for key, _ in counted})
    table = [{group: name, **{what: counted[(name, what)] for what in LACKS}} for name in names]
    columns = [Column(group, GROUPS[group], width=12), *(Column(what, title) for what, title in LACKS.items())]
    return Answer("missing_by", f"案件缺什么（按{GROUPS[group]}）", columns, table, extra | {"by": group}, notes, code)


@cases.command("link")
@click.argument("number", metavar="案号")
@click.argument("stage", metavar="环节")
@click.argument("clip", metavar="片段编号")
@by_option
@session
def link(s: Session, number: str, stage: str, clip: str, by: str) -> None:
    """人工把片段关联到环节。"""
    found = find_clip(clip, s.kit)
    link_by_hand(StageId(case_number(number), stage), found.id, by, s.kit)
    click.echo(f"已关联：{found.name} → {number} {stage}")


@cases.command("unlink")
@click.argument("number", metavar="案号")
@click.argument("stage", metavar="环节")
@click.argument("clip", metavar="片段编号")
@by_option
@click.option("--why", required=True, metavar="理由", help="为什么取消关联")
@session
def unlink(s: Session, number: str, stage: str, clip: str, by: str, why: str) -> None:
    """人工取消关联（规则不会再自动关联）。"""
    found = find_clip(clip, s.kit)
    unlink_by_hand(StageId(case_number(number), stage), found.id, why, by, s.kit)
    click.echo(f"已取消关联：{found.name} × {number} {stage}")


@click.command("review", cls=Command)
@click.argument("number", metavar="案号")
@click.argument("stage", metavar="环节")
@click.argument("item", metavar="要件")
@click.option(
    "--as",
    "decision",
    required=True,
    type=click.Choice(list(DECISIONS)),
    metavar="结论",
    help="seen 已见 / missing 缺失 / not_required 不要求",
)
@by_option
@click.option("--why", required=True, metavar="理由", help="复核理由")
@session
def review_(s: Session, number: str, stage: str, item: str, decision: str, by: str, why: str) -> None:
    """人工复核一个要件（要件写编码，如 id_shown；录像本身写 footage）。"""
    code = next((code for code, name in SEGMENTS.items() if name == item), item)
    review(StageId(case_number(number), stage), code, decision, by, why, s.kit)
    click.echo(f"已记录：{number} {stage} {SEGMENTS.get(code, '录像')} {DECISIONS[decision]}（{by}）。抽检结果保留不变。")


@click.group("checklist", cls=Group)
def checklist() -> None:
    """《音像记录事项清单》：查看、采用。"""


@checklist.command("show")
@formats
@session
def checklist_show(s: Session, /, **form: Any) -> None:
    """查看现行清单。"""
    found = s.kit.records.checklist_for(s.kit.clock())
    rows = [
        {
            "code": item.code, "case_kind": item.case_kind, "stage": item.stage, "mode": item.mode.value,
            "segments": list(item.segments), "retention": item.retention, "remarks": item.remarks,
        }
        for item in (found.items if found else ())
    ]  # fmt: skip
    columns = [
        Column("code", "编号"),
        Column("case_kind", "执法类别", lambda kind: kind or "不限"),
        Column("stage", "环节"),
        Column("mode", "记录方式", words(MODES)),
        Column("segments", "要件", lambda segments: joined(SEGMENTS[segment] for segment in segments)),
        Column("retention", "保管期限"),
        Column("remarks", "备注", width=20),
    ]
    title = f"{found.name} {found.version}（{found.in_force_from} 起施行）" if found else "尚未采用清单"
    extra = {"name": found.name, "version": found.version, "in_force_from": found.in_force_from} if found else {}
    give(Answer("checklist", title, columns, rows, extra), **form)


@checklist.command("adopt")
@click.argument("file", type=FILE, metavar="文件")
@by_option
@session
def checklist_adopt(s: Session, file: Path, by: str) -> None:
    """采用一个版本的清单（TOML），记入日志。"""
    found, fresh = bring.adopt_checklist(file, by, s.kit)
    click.echo(
        f"{'已采用' if fresh else '已在用，未重复记录'}：{found.name} {found.version}，"
        f"{found.in_force_from} 起施行，{len(found.items)} 项"
    )


COMMANDS = (cases, review_, checklist)
