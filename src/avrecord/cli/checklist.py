"""《音像记录事项清单》: look at its versions, compare them, write one out, adopt one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Group, Session, by_option, session
from avrecord.cli.checklist_import import day_option, import_
from avrecord.cli.output import formats, give
from avrecord.errors import UnknownName
from avrecord.ledger.listout import list_sheets, method_words
from avrecord.ledger.write import write_workbook
from avrecord.model.checklist import Checklist, Item, Mode
from avrecord.model.moments import beijing, from_utc_text
from avrecord.pipeline import lists
from avrecord.pipeline.asif import assert_not_shorter
from avrecord.pipeline.kit import Kit
from avrecord.reads.answer import Answer, Column, joined, moment, words
from avrecord.rules.list_diff import Change, differences
from avrecord.rules.terms import retention_words
from avrecord.words import LIST_CHANGES, LIST_FIELDS, MODES, SEGMENTS

FILE = click.Path(dir_okay=False, path_type=Path)
SHOWN = ("case_kind", "matter", "stage", "record", "place", "method", "recorded_by", "segments", "retention", "remarks")
"""On screen; the rest is in --json and in the exported workbook."""


@click.group("checklist", cls=Group)
def checklist() -> None:
    """《音像记录事项清单》：导入、采用、查看、比较、导出。"""


checklist.add_command(import_)


@checklist.command("show")
@click.option("--version", default="", metavar="版本", help="看某个版本（默认现行的）")
@day_option("--on", "on", help="看某一天施行的版本")
@formats
@session
def show(s: Session, /, version: str, on: date | None, **form: Any) -> None:
    """查看清单。"""
    if version and on:
        raise click.UsageError("--version 和 --on 只用一个")
    found = _chosen(version, on, s.kit)
    names = _names(s.kit)
    rows = [_row(item) for item in (found.items if found else ())]
    columns = [Column("code", "编号", whole=True)]
    columns += [_column(name, names) for name in SHOWN if name in ("stage", "method") or any(row.get(name) for row in rows)]
    title = f"{found.name} {found.version}（{found.in_force_from} 起施行）" if found else "没有施行的清单"
    extra = {"name": found.name, "version": found.version, "in_force_from": found.in_force_from} if found else {}
    give(Answer("checklist", title, columns, rows, extra), **form)


@checklist.command("list")
@formats
@session
def list_(s: Session, /, **form: Any) -> None:
    """列出采用过的各个版本：何时施行、何人采用。"""
    now = s.kit.records.checklist_for(s.kit.clock())
    rows = [
        {
            "name": each.checklist.name, "version": each.checklist.version, "unit": each.checklist.unit,
            "in_force_from": each.checklist.in_force_from, "items": len(each.checklist.items), "by": each.by,
            "adopted_at": each.adopted_at, "seq": each.seq, "in_force": each.checklist == now,
        }
        for each in lists.versions(s.kit)
    ]  # fmt: skip
    columns = [
        Column("version", "版本", whole=True),
        Column("name", "清单", width=16),
        Column("in_force_from", "施行日期", whole=True),
        Column("in_force", "现行", lambda yes: "是" if yes else ""),
        Column("items", "项数"),
        Column("by", "采用人", lambda by: "建站时" if by == "service" else by),
        Column("adopted_at", "采用时间", lambda at: _at(at), 10),
        Column("seq", "日志序号"),
    ]
    give(Answer("checklists", "清单版本", columns, rows, {"count": len(rows)}), **form)


@checklist.command("diff")
@click.argument("old", metavar="旧版本")
@click.argument("new", metavar="新版本")
@formats
@session
def diff(s: Session, /, old: str, new: str, **form: Any) -> None:
    """比较两个版本：新增、取消、改动的事项，逐项列出。"""
    before, after = lists.version_named(old, s.kit), lists.version_named(new, s.kit)
    names = _names(s.kit)
    found = differences(before, after)
    rows = [
        {
            "change": each.change, "code": each.item.code, "case_kind": each.item.case_kind, "stage": each.item.stage,
            "field": each.field, "before": _plain(each.before), "after": _plain(each.after),
        } | _sides(each, names)
        for each in found
    ]  # fmt: skip
    columns = [
        Column("change", "变化", words(LIST_CHANGES)),
        Column("code", "编号", whole=True),
        Column("case_kind", "执法类别", lambda kind: kind or "不限"),
        Column("stage", "环节"),
        Column("field", "项目", lambda name: _field_name(name)),
        Column("before_words", "原为", width=16),
        Column("after_words", "改为", width=16),
    ]
    counts = {change: len({each.item for each in found if each.change == change}) for change in LIST_CHANGES}
    notes = ["、".join(f"{LIST_CHANGES[change]} {n} 项" for change, n in counts.items()) if found else "两个版本的事项完全相同"]
    title = f"{before.name} {before.version} → {after.name} {after.version}"
    give(Answer("checklist_diff", title, columns, rows, {"old": old, "new": new, "counts": counts}, notes), **form)


@checklist.command("export")
@click.option("--version", default="", metavar="版本", help="哪个版本（默认现行的）")
@click.option("--xlsx", "file", type=FILE, required=True, metavar="文件", help="写到哪个 Excel 文件")
@session
def export(s: Session, version: str, file: Path) -> None:
    """把一个版本导出为 Excel 清单（列与各地清单相同，可再导入）。"""
    found = _chosen(version, None, s.kit)
    if found is None:
        raise UnknownName(what="现行清单", name="")
    names = _names(s.kit)
    footer = [f"由 avrecord 导出，{beijing(s.kit.clock())}（北京时间）", "“要件”一列可改可删：删去后再导入，由文字重新提议"]
    write_workbook(file, list_sheets(found, names, footer))
    click.echo(f"已写入 {file}：{found.name} {found.version}，{len(found.items)} 项")


@checklist.command("adopt")
@click.argument("file", type=FILE, metavar="文件")
@click.option("--accept-shorter", is_flag=True, help="已知保管期限缩短、已有片段会提前到期，仍然采用")
@by_option
@click.option("--confirm-all", is_flag=True, help="一次确认提案中尚未确认的各项（记入日志）")
@click.option("--source", type=FILE, metavar="原表", help="提案所据的原表（已移动位置时）")
@session
def adopt(s: Session, file: Path, by: str, confirm_all: bool, source: Path | None, accept_shorter: bool) -> None:
    """采用一个版本的清单（TOML），记入日志。"""
    if not accept_shorter:
        assert_not_shorter(file, s.kit)
    before = {(each.checklist.name, each.checklist.version) for each in lists.versions(s.kit)}
    found, fresh = lists.adopt_checklist(file, by, s.kit, source=source, confirm_all=confirm_all)
    click.echo(
        f"{'已采用' if fresh else '已在用，未重复记录'}：{found.name} {found.version}，"
        f"{found.in_force_from} 起施行，{len(found.items)} 项"
    )
    if fresh and (found.name, found.version) in before:
        click.echo(
            "注意：这个版本号已采用过，今后以这次的内容为准（先前的内容仍在日志中）。改动内容时建议换一个版本号。", err=True
        )


def _at(at: str) -> str:
    """A statement's time as people read it."""
    return moment(from_utc_text(at))


def _chosen(version: str, on: date | None, kit: Kit) -> Checklist | None:
    if version:
        return lists.version_named(version, kit)
    return lists.list_on(on, kit) if on else kit.records.checklist_for(kit.clock())


def _row(item: Item) -> dict[str, Any]:
    """The keys that were there before come first; later ones only where they say something."""
    said = {name: getattr(item, name) for name in Item.__dataclass_fields__}
    row = {name: said[name] for name in ("code", "case_kind", "stage", "mode", "segments", "retention", "remarks")}
    row |= {name: value for name, value in said.items() if value}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in row.items()} | {
        "mode": item.mode.value, "method": method_words(item.mode, item.means),
    }  # fmt: skip


def _column(name: str, names: dict[str, str]) -> Column:
    if name == "case_kind":
        return Column(name, LIST_FIELDS[name], lambda kind: kind or "不限")
    if name == "segments":
        return Column(name, LIST_FIELDS[name], lambda found: joined(names.get(segment, segment) for segment in found))
    if name == "retention":
        return Column(name, "保管期限", retention_words)
    if name == "stage":
        return Column(name, "环节", whole=True)
    return Column(name, LIST_FIELDS[name], width=20 if name == "remarks" else 8)


def _names(kit: Kit) -> dict[str, str]:
    return SEGMENTS | {code: table["name"] for code, table in kit.segments.items() if "name" in table}


def _field_name(name: str) -> str:
    return {"mode": "记录方式", "means": "记录手段"}.get(name) or LIST_FIELDS.get(name, name)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _sides(each: Change, names: dict[str, str]) -> dict[str, str]:
    """Before and after in words; of an added or removed item what it requires."""
    if each.change == "changed":
        return {"before_words": _value(each.field, each.before, names), "after_words": _value(each.field, each.after, names)}
    asked = joined((names.get(segment, segment) for segment in each.item.segments), "")
    required = "；".join(part for part in (method_words(each.item.mode, each.item.means), asked) if part)
    added = each.change == "added"
    return {"before_words": "" if added else required, "after_words": required if added else ""}


def _value(field: str, value: Any, names: dict[str, str]) -> str:
    if field == "mode":
        return MODES[value]
    if field == "retention":
        return retention_words(value)
    if field == "means":
        return method_words(Mode.KEY, value).removeprefix(MODES["key"]) or "—"
    if isinstance(value, tuple):
        return joined(names.get(str(part), str(part)) for part in value)
    return str(value or "—")


COMMANDS = (checklist,)
