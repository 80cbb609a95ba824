"""`checklist import`: a bureau's own list becomes a proposal that a person confirms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Command, Session, session
from avrecord.cli.output import formats, give
from avrecord.durable import replace_with
from avrecord.errors import CannotWrite
from avrecord.ledger.listin import Said
from avrecord.ledger.listout import method_words
from avrecord.model.proposal import Proposal, Proposed
from avrecord.pipeline import lists
from avrecord.reads.answer import Answer, Column, joined, words
from avrecord.words import SEGMENTS

FILE = click.Path(dir_okay=False, path_type=Path)
STATES = {"item": "事项", "left": "未作为事项"}


def _day(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise click.BadParameter("日期应写作 2026-11-21") from None


def day_option(*names: str, help: str) -> Callable[[Any], Any]:  # noqa: A002 - click's own word
    """An option that takes a day."""
    return click.option(*names, callback=_day, metavar="日期", help=help)


@click.command("import", cls=Command)
@click.argument("file", type=FILE, metavar="文件")
@click.option("--sheet", metavar="工作表", help="读哪个工作表（默认第一个）")
@click.option("--name", default="", metavar="名称", help="清单名称（默认取表头以上的标题）")
@click.option("--version", default="", metavar="版本", help="版本号（默认取施行日期）")
@day_option("--in-force-from", "in_force_from", help="施行日期（默认取标题中的日期，没有则为今天）")
@click.option("--unit", default="", metavar="单位", help="制定单位")
@click.option("--out", type=FILE, metavar="文件", help="提案写到哪个 TOML 文件（默认只显示，不写）")
@formats
@session
def import_(s: Session, /, file: Path, sheet: str | None, out: Path | None, **rest: Any) -> None:
    """读入本单位的清单（xlsx、xls、csv），提出要件，写成待确认的提案。"""
    said = Said(*(rest.pop(name) for name in ("name", "unit", "version", "in_force_from")))
    found = lists.propose(file, sheet, said, s.kit)
    names = SEGMENTS | {code: table.get("name", code) for code, table in s.kit.segments.items()}
    rows = sorted((*(_row(each, names) for each in found.items), *_left(found)), key=lambda row: row["row"])
    notes = [f"读出 {len(found.items)} 项，{len(found.left)} 行或列未作为事项；{_columns(found)}"]
    if found.differing:
        stages = joined(f"{kind or '不限'} {stage}" for kind, stage in found.differing)
        notes.append(f"注意：{stages} 在不同执法事项下要求不同；案件表不分执法事项，判断时只取各事项都要求的部分")
    if out:
        _write(out, lists.proposal_text(found, file, out, s.kit))
        notes.append(f"提案已写入 {out}：请逐项核对并改 confirmed = true，然后 checklist adopt {out} --by 证号")
    else:
        notes.append("以上只是提案，未写入任何文件；加 --out 提案.toml 写出，核对后用 checklist adopt 采用")
    columns = [
        Column("row", "行", lambda row: str(row or "")),
        Column("state", "结果", words(STATES)),
        Column("stage", "环节"),
        Column("method", "记录方式"),
        Column("segments", "要件（待确认）", lambda codes: joined(names.get(code, code) for code in codes or ())),
        Column("reasons", "依据原话", lambda given: "；".join(given or ()), 18),
        Column("notes", "说明", lambda given: "；".join(given or ()), 18),
    ]
    extra = {
        "name": found.name, "unit": found.unit, "version": found.version, "in_force_from": found.in_force_from,
        "items": len(found.items), "left": len(found.left), "columns": dict(found.columns), "out": str(out) if out else None,
    }  # fmt: skip
    title = f"{found.name} {found.version}（{found.in_force_from} 起施行，提案）"
    give(Answer("checklist_import", title, columns, rows, extra, notes), **rest)


def _row(each: Proposed, names: dict[str, str]) -> dict[str, Any]:
    reasons = [
        f"{'记录方式' if reason.proposes == 'mode' else names.get(reason.proposes, reason.proposes)}：{reason.words}"
        for reason in each.reasons
    ]
    return {
        "row": each.row, "state": "item", "code": each.item.code, "case_kind": each.item.case_kind, "matter": each.item.matter,
        "stage": each.item.stage, "also": list(each.item.also), "mode": each.item.mode.value, "means": list(each.item.means),
        "method": method_words(each.item.mode, each.item.means), "segments": list(each.item.segments),
        "retention": each.item.retention, "reasons": reasons, "notes": list(each.notes),
        "relied_on": [{"proposes": r.proposes, "column": r.column, "words": r.words} for r in each.reasons],
    }  # fmt: skip


def _left(found: Proposal) -> list[dict[str, Any]]:
    return [{"row": each.row, "state": "left", "notes": [f"{each.reason}：{each.text}"]} for each in found.left]


def _columns(found: Proposal) -> str:
    known = [header for header, field in found.columns if field]
    return f"认出的列：{'、'.join(known)}"


def _write(path: Path, text: str) -> None:
    """Write a proposal; never over another file, which may hold a person's corrections. Raises CannotWrite."""
    if path.exists():
        raise CannotWrite(path=path, detail="已有同名文件（可能已有人核对过），不会覆盖；请换一个文件名")
    try:
        replace_with(path, text.encode())
    except OSError as error:
        raise CannotWrite(path=path, detail=error.strerror or "写不了") from error
