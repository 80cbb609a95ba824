"""`avrecord platform` and `avrecord tokens`: the index for other systems, and who of them may ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Command, Group, Session, number, session
from avrecord.cli.output import formats, give
from avrecord.ledger.platform import write_index
from avrecord.model.moments import utc_text
from avrecord.pipeline.exchange import whole_index
from avrecord.pipeline.footing import assert_outside
from avrecord.pipeline.tokens import DEEDS, TokenFile
from avrecord.reads.answer import Answer, Column
from avrecord.words.bureau import TOKEN_DEEDS

MAY = "、".join(f"{deed} {TOKEN_DEEDS[deed]}" for deed in DEEDS)


@click.command("platform", cls=Command)
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="目录", help="写到哪个目录")
@session
def platform(s: Session, out: Path) -> None:
    """平台索引：全部片段的索引文件（CSV、JSON、Excel），供其他系统读取。"""
    assert_outside(out, s.kit)
    out.parent.mkdir(parents=True, exist_ok=True)
    count = write_index(out, f"平台索引 {s.kit.settings.station.name}", whole_index(s.kit))
    click.echo(f"已写入 {out}：{count} 行。")


@click.group("tokens", cls=Group)
def tokens() -> None:
    """其他系统的令牌：数字城管平台读取索引，案件系统推送案件。"""


@tokens.command("give")
@click.argument("name", metavar="系统名称")
@click.option(
    "--may",
    multiple=True,
    type=click.Choice(DEEDS),
    required=True,
    metavar="权限",
    help="、".join(f"{d} {TOKEN_DEEDS[d]}" for d in DEEDS),
)
@click.option("--number", "who", required=True, metavar="编号", callback=number, help="该系统的编号，推送的案件以此记入日志")
@session
def give_(s: Session, name: str, may: tuple[str, ...], who: str) -> None:
    """发一个令牌；只显示这一次。同名的旧令牌随即作废。"""
    secret = TokenFile(s.kit.root).give(name, who, tuple(sorted(set(may))), utc_text(s.kit.clock()))
    click.echo(secret)
    click.echo("请立即交给该系统的管理员，本机不保存原文。调用时放在 Authorization: Bearer 之后。", err=True)


@tokens.command("end")
@click.argument("name", metavar="系统名称")
@session
def end(s: Session, name: str) -> None:
    """收回一个令牌，立即生效。"""
    TokenFile(s.kit.root).end(name)
    click.echo(f"系统 {name} 的令牌已收回。")


@tokens.command("list")
@formats
@session
def list_(s: Session, /, **form: Any) -> None:
    """列出令牌（不含原文）。"""
    kept = TokenFile(s.kit.root).read().values()
    rows = [{"name": each.name, "number": each.number, "may": list(each.may), "given_at": each.given_at} for each in kept]
    columns = [
        Column("name", "系统"),
        Column("number", "编号"),
        Column("may", "权限", lambda may: "、".join(TOKEN_DEEDS[deed] for deed in may), 16),
        Column("given_at", "发放时间", lambda at: at[:19] + "Z", 12),
    ]
    give(Answer("tokens", "令牌", columns, rows, {"count": len(rows)}), **form)


COMMANDS = (platform, tokens)
