"""`avrecord bureau verify` and what belongs to it: mass verification of what lies in the object store."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from avrecord import durable
from avrecord.bureau import duty
from avrecord.bureau.archiving import close_archives
from avrecord.bureau.asking import units
from avrecord.bureau.campaigns import book, cancel, leave_receipts, progress
from avrecord.bureau.local import hand, run_local
from avrecord.bureau.scope import Scope
from avrecord.cli.base import Command, Session, by_default, session
from avrecord.cli.clips import DAY
from avrecord.cli.output import formats, give
from avrecord.errors import UnknownName
from avrecord.pipeline.storing import trusted_objects
from avrecord.pipeline.yearbag import EARLIEST, LATEST, Year
from avrecord.reads import campaigns as asked
from avrecord.reads.clips import day_bounds

NAME = click.argument("name", metavar="任务")


@click.command("verify", cls=Command)
@click.option("--all", "everything", is_flag=True, help="核验存储中的全部片段")
@click.option("--since", type=DAY, default=None, metavar="日期", help="只核验这天起封存的片段")
@click.option("--new", is_flag=True, help="只核验还没有任务核验过的片段")
@click.option("--station", default=None, metavar="采集站编号", help="只核验一个采集站")
@click.option("--queue", "to_queue", is_flag=True, help="交给任务队列的工作进程，不在本机做")
@by_default
@formats
@session
def verify(
    s: Session, /, everything: bool, since: Any, new: bool, station: str | None, to_queue: bool, by: str, **form: Any
) -> None:
    """批量核验：把存储中的片段逐个读回，核对内容和封存签名；中断后可以接着做。"""
    if sum((everything, since is not None, new)) != 1:
        raise click.UsageError("请给出 --all、--since 日期 或 --new 中的一个")
    scope = Scope(station, day_bounds(since, None)["since"] if since else "", new)
    _campaign(s, scope, by, "verify", to_queue, form)


@click.command("examine", cls=Command)
@click.option("--all", "everything", is_flag=True, help="重新抽检存储中的全部片段")
@click.option("--since", type=DAY, default=None, metavar="日期", help="只看这天起封存的片段")
@click.option("--station", default=None, metavar="采集站编号", help="只看一个采集站")
@click.option("--queue", "to_queue", is_flag=True, help="交给任务队列的工作进程，不在本机做")
@by_default
@formats
@session
def examine(s: Session, /, everything: bool, since: Any, station: str | None, to_queue: bool, by: str, **form: Any) -> None:
    """重新抽检：清单或抽检程序更新后，把存储中的片段再看一遍，列出与采集站所见不同的；不改动采集站的记录。"""
    if everything == (since is not None):
        raise click.UsageError("请给出 --all 或 --since 日期 中的一个")
    scope = Scope(station, day_bounds(since, None)["since"] if since else "")
    _campaign(s, scope, by, "examine", to_queue, form)


@click.command("archive", cls=Command)
@click.option("--year", required=True, type=int, metavar="年份", help="哪一年")
@click.option("--unit", default=None, metavar="单位", help="只做某单位（缺省为全部）")
@click.option("--station", default=None, metavar="采集站编号", help="只做一个采集站的")
@click.option("--with-gaps", is_flag=True, help="存储中缺失或不符的片段不补了，照样封口；包内索引和回执写明")
@click.option("--queue", "to_queue", is_flag=True, help="交给任务队列的工作进程，不在本机做")
@by_default
@formats
@session
def archive(
    s: Session, /, year: int, unit: str | None, station: str | None, with_gaps: bool, to_queue: bool, by: str, **form: Any
) -> None:
    """年底归档：从存储取回片段，写到归档盘（archive.to），每个采集站的每个单位一个资料包；中断后再运行会接着做。"""
    if not EARLIEST <= year <= LATEST:
        raise click.UsageError("--year 应为四位年份")
    wanted = [unit] if unit else units(Year(year), station, s.kit)
    if not wanted:
        raise UnknownName(what="有案件或登记了记录仪的单位", name=str(year))
    scopes = [Scope(station, year=year, unit=each, gaps=with_gaps) for each in wanted]
    begun = [name for scope in scopes if (name := _begun(s, scope, by, "archive"))]
    for name in begun if not to_queue else ():
        _do(name, s)
    if begun:  # all are begun, and done, before the worst of them gives its exit code
        give(asked.campaign(begun[0], s.kit) if len(begun) == 1 else asked.campaigns(s.kit, begun), **form)


@click.command("campaigns", cls=Command)
@click.argument("name", required=False, metavar="[任务]")
@formats
@session
def campaigns(s: Session, /, name: str | None, **form: Any) -> None:
    """批量任务的进度；给出任务时，列出它发现的问题。"""
    place = hand(s.root)
    give(asked.campaign(name, place) if name else asked.campaigns(place), **form)


@click.command("pause", cls=Command)
@NAME
@session
def pause(s: Session, name: str) -> None:
    """暂停一个任务；手中的片段做完为止。"""
    duty.pause(hand(s.root), name)
    click.echo(f"任务 {name} 已暂停；用 bureau resume 接着做。")


@click.command("cancel", cls=Command)
@NAME
@session
def cancel_(s: Session, name: str) -> None:
    """取消一个任务；已得出的结论保留，没有做到的片段以后仍按新片段核验。"""
    cancel(hand(s.root), name)
    click.echo(f"任务 {name} 已取消，已得出的结论保留。")


@click.command("resume", cls=Command)
@NAME
@click.option("--queue", "to_queue", is_flag=True, help="交给任务队列的工作进程，不在本机做")
@formats
@session
def resume(s: Session, /, name: str, to_queue: bool, **form: Any) -> None:
    """接着做一个暂停或中断的任务，不论先前由谁做。"""
    duty.resume(s.kit, name)
    if not to_queue:
        _do(name, s)
    give(asked.campaign(name, s.kit), **form)


@click.command("worker", cls=Command)
@click.option("--until-idle", is_flag=True, help="队列空了就结束")
@session
def worker(s: Session, until_idle: bool) -> None:
    """工作进程：从任务队列取任务来做，可在任意多台电脑上运行；不需要私钥。"""
    from avrecord.bureau.queue import run_worker

    run_worker(hand(s.root), durable.owner(), until_idle)


def _campaign(s: Session, scope: Scope, by: str, kind: str, to_queue: bool, form: dict[str, Any]) -> None:
    """Begin one, do it here unless the queue does, say what came of it."""
    name = _begun(s, scope, by, kind)
    if name is None:
        return
    if not to_queue:
        _do(name, s)
    give(asked.campaign(name, s.kit), **form)


def _begun(s: Session, scope: Scope, by: str, kind: str) -> str | None:
    """The campaign that was begun; None, said in words, where there is nothing to do."""
    name = duty.begin(trusted_objects(s.kit), s.kit, scope, by, kind)
    nothing = "没有要做的片段：各站还没有上传到本机设置的存储（store.url 的写法也要一致），或都做过了。"
    if scope.year:
        nothing = f"{scope.unit} {scope.year} 年：没有要归档的片段，或资料包已经做好（archive list）。"
    click.echo(f"任务 {name}" if name else nothing, err=name is not None)
    return name


def _do(name: str, s: Session) -> None:
    """On this machine's cores; receipts afterwards."""
    objects = trusted_objects(s.kit)
    run_local(name, s.kit, heard=partial(_tell, name, s))
    leave_receipts(s.kit, objects)
    for made in close_archives(s.kit, objects):
        click.echo(f"  资料包 {made.folder}：{made.clips} 个片段，回执 {made.receipt}", err=True)


def _tell(name: str, s: Session) -> None:
    """After each chunk: seconds lie between two of them."""
    if not s.quiet:
        with book(s.kit) as found:
            stand = progress(found, name, s.kit)
        click.echo(f"  已做 {stand.clips_done}/{stand.clips} 个片段", err=True)


COMMANDS = (verify, examine, archive, campaigns, pause, resume, cancel_, worker)
