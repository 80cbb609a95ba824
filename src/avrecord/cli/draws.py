"""`avrecord audit draw`: a sample that nobody can choose and everybody can draw again."""

from __future__ import annotations

from typing import Any

import click

from avrecord.cli.base import Session, at_least, by_option, session
from avrecord.cli.clips import DAY
from avrecord.cli.output import formats, give
from avrecord.cli.trust import audit
from avrecord.pipeline.draw import announce, draw, drawn
from avrecord.reads.clips import day_bounds
from avrecord.reads.draws import announcements, drawn_of


@audit.command("announce")
@click.option("--count", type=int, required=True, metavar="个数", callback=at_least(1), help="抽多少个环节")
@click.option("--unit", default="", metavar="单位", help="只从某单位抽")
@click.option("--from", "since", type=DAY, metavar="日期", help="环节起始日期，如 2026-11-01")
@click.option("--to", "until", type=DAY, metavar="日期", help="环节截止日期（含当日）")
@by_option
@session
def announce_(s: Session, count: int, unit: str, since: Any, until: Any, by: str) -> None:
    """公告抽取规则：范围和名单先记入日志，之后才产生种子。"""
    number, of = announce(count, by, s.kit, unit=unit, **day_bounds(since, until))
    click.echo(f"已公告：从 {of} 个环节中抽 {min(count, of)} 个，公告序号 {number}。")
    click.echo(f"下一步：请外部见证人签署检查点（log witness-request），再运行 avrecord audit draw {number} --by 证号")


@audit.command("draw")
@click.argument("number", type=int, required=False, metavar="公告序号")
@click.option("--by", default="", metavar="证号", help="抽取人的执法证号或工号（抽取时必填）")
@click.option("--public", default="", metavar="文字", help="没有见证时可用的公开号码及来源，如“福彩开奖号码 第2026316期 572”")
@click.option("--check", is_flag=True, help="复验：按公告的名单和种子再抽一次，看是否相同")
@click.option("--list", "list_", is_flag=True, help="列出所有公告")
@formats
@session
def draw_(s: Session, /, number: int | None, by: str, public: str, check: bool, list_: bool, **form: Any) -> None:
    """按公告抽取，或复验一次抽取。"""
    if list_ or number is None:
        give(announcements(s.kit), **form)
        return
    if not check and not by:
        raise click.UsageError("抽取须写明 --by 证号；只看结果请加 --check")
    found = drawn(number, s.kit) if check else draw(number, by, s.kit, public)
    give(drawn_of(number, found), **form)


COMMANDS = ()
