"""Clips: find them, look at one."""

from __future__ import annotations

from typing import Any

import click

from avrecord.cli.base import Group, Session, session
from avrecord.cli.output import formats, give
from avrecord.pipeline.proxies import make_proxy
from avrecord.pipeline.review import find_clip
from avrecord.reads.clips import clip_list, day_bounds, one_clip

DAY = click.DateTime(["%Y-%m-%d"])


@click.group("clips", cls=Group, invoke_without_command=True)
@click.option("--case", "case_no", default="", metavar="案号", help="只看某案件")
@click.option("--recorder", default="", metavar="编号", help="只看某记录仪")
@click.option("--officer", default="", metavar="证号", help="只看某执法人员领用的记录仪")
@click.option("--from", "since", type=DAY, metavar="日期", help="起始日期，如 2026-11-16")
@click.option("--to", "until", type=DAY, metavar="日期", help="截止日期（含当日）")
@click.option(
    "--state", type=click.Choice(["sealed", "set_aside"]), default=None, metavar="状态", help="sealed 正常封存 / set_aside 待查"
)
@formats
@click.pass_context
def clips(
    context: click.Context, /, case_no: str, recorder: str, officer: str, since: Any, until: Any, state: str | None, **form: Any
) -> None:
    """列出片段：来源、时间、抽检结果。"""
    if context.invoked_subcommand:
        return
    bounds = day_bounds(since, until)
    give(clip_list(context.obj.kit, case_no=case_no, recorder=recorder, officer=officer, state=state or "", **bounds), **form)


@clips.command("show")
@click.argument("clip", metavar="编号")
@formats
@session
def show(s: Session, /, clip: str, **form: Any) -> None:
    """查看一个片段：封存、抽检依据、关联、如何自行核验。"""
    give(one_clip(find_clip(clip, s.kit), s.kit), **form)


@clips.command("proxy")
@click.argument("clip", metavar="编号")
@session
def proxy(s: Session, clip: str) -> None:
    """为浏览器不能播放的片段制作一个可播放的副本；原件不动，副本不是证据。"""
    click.echo(f"已制作 {make_proxy(find_clip(clip, s.kit), s.kit)}（重新编码，仅供查看）")


COMMANDS = (clips,)
