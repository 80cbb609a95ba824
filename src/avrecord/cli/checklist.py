"""《音像记录事项清单》: look at it, adopt a version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Group, Session, by_option, joined, session
from avrecord.cli.output import Answer, Column, formats, give, words
from avrecord.pipeline import bring
from avrecord.pipeline.asif import assert_not_shorter
from avrecord.words import MODES, SEGMENTS, retention_words

FILE = click.Path(dir_okay=False, path_type=Path)


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
        Column("segments", "要件", lambda segments: joined(SEGMENTS.get(segment, segment) for segment in segments)),
        Column("retention", "保管期限", retention_words),
        Column("remarks", "备注", width=20),
    ]
    title = f"{found.name} {found.version}（{found.in_force_from} 起施行）" if found else "尚未采用清单"
    extra = {"name": found.name, "version": found.version, "in_force_from": found.in_force_from} if found else {}
    give(Answer("checklist", title, columns, rows, extra), **form)


@checklist.command("adopt")
@click.argument("file", type=FILE, metavar="文件")
@click.option("--accept-shorter", is_flag=True, help="已知保管期限缩短、已有片段会提前到期，仍然采用")
@by_option
@session
def checklist_adopt(s: Session, file: Path, accept_shorter: bool, by: str) -> None:
    """采用一个版本的清单（TOML），记入日志。"""
    if not accept_shorter:
        assert_not_shorter(file, s.kit)
    found, fresh = bring.adopt_checklist(file, by, s.kit)
    click.echo(
        f"{'已采用' if fresh else '已在用，未重复记录'}：{found.name} {found.version}，"
        f"{found.in_force_from} 起施行，{len(found.items)} 项"
    )


COMMANDS = (checklist,)
