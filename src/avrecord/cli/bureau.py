"""`avrecord bureau`: many stations' logs in one place."""

from __future__ import annotations

import sys
from contextlib import closing, redirect_stdout
from pathlib import Path
from typing import Any

import click

from avrecord.bureau import stations
from avrecord.bureau.copying import make_copy
from avrecord.bureau.fetching import fetch_station
from avrecord.bureau.views import Views
from avrecord.cli import ask, campaigns, letters
from avrecord.cli.base import Group, Session, by_option, session
from avrecord.cli.output import formats, give
from avrecord.cli.station import init as found_init
from avrecord.ledger.write import save_text
from avrecord.pipeline import storing
from avrecord.pipeline.footing import assert_outside
from avrecord.pipeline.review import find_clip
from avrecord.pipeline.storing import trusted_objects
from avrecord.reads.copies import probed
from avrecord.reads.town import town
from avrecord.service.bureau import serve_bureau
from avrecord.settings import FILE
from avrecord.words.bureau import TAKEN


@click.group("bureau", cls=Group)
def bureau() -> None:
    """市局：收取、核对、索引、见证各采集站的日志；批量核验、归档；复核。"""


@bureau.command("init")
@click.option("--id", "station_id", default="bureau", metavar="编号", help="市局编号：小写字母、数字、连字符")
@click.option("--name", default="市局", metavar="名称", help="市局名称")
@click.pass_context
def init(context: click.Context, station_id: str, name: str) -> None:
    """新建市局目录，并写出各采集站要填入设置的两把公钥；已经建立的只写出公钥。"""
    s = context.ensure_object(Session)
    if not (s.root / FILE).exists():
        with redirect_stdout(sys.stderr):  # what is on stdout goes into the stations' settings as it stands
            context.invoke(found_init, station_id=station_id, name=name, unit="")
    clip, witness = ((s.root / "keys" / each).read_text("ascii").strip() for each in ("clip.pub", "witness.vkey"))
    click.echo("各采集站的 station.toml 填入：", err=True)
    click.echo(f'[sync]\nbureau_key = "{clip}"\nwitness = "{witness}"')
    click.echo("本机的 station.toml 填入 [store]，再用 log trust 登记各站的日志公钥，见 docs/bureau.md。", err=True)


@bureau.command("take")
@click.argument("name", metavar="采集站编号")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="目录")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="文件", help="见证签名写到哪个文件（交给采集站）")
@session
def take(s: Session, name: str, folder: Path, out: Path | None) -> None:
    """收取一个采集站公布的日志和附件；重复运行无害。不是以前见过的日志的延续时，停止收取该站。"""
    if out:
        assert_outside(out, s.kit)
    found = stations.take(name, folder, s.kit)
    waits = f"，等待{found.waits_for}" if found.waits_for else ""
    click.echo(f"{name}：{TAKEN[found.outcome]}，已见证 {found.size} 条，已索引 {found.indexed} 条{waits}。")
    if out and found.cosignature:
        save_text(out, found.cosignature)
        click.echo(f"见证签名已写入 {out}：请采集站用 log witness-add 登记。", err=True)


@bureau.command("status")
@formats
@session
def status(s: Session, /, **form: Any) -> None:
    """各采集站：收到哪里，有多少片段，哪些久无消息或已停止收取。"""
    give(town(s.kit), **form)


@bureau.command("probe-store")
@formats
@session
def probe_store(s: Session, /, **form: Any) -> None:
    """探测对象存储：用一个试验对象逐项检验所依赖的性质，不符合的拒绝使用。"""
    give(probed(storing.probe_store(storing.open_objects(s.kit), s.kit)), **form)


@bureau.command("lift")
@click.argument("name", metavar="采集站编号")
@by_option
@session
def lift(s: Session, name: str, by: str) -> None:
    """查明后恢复收取（按以前见过的日志继续；两份签名文本保留）。"""
    stations.lifted(name, by, s.kit)
    click.echo(f"{name} 已恢复收取，操作人 {by}。两份签名文本保留在 bureau/{name}。")


@bureau.command("run")
@click.option("--once", is_flag=True, help="只做一轮（由计划任务或人工运行时）")
@session
def run(s: Session, once: bool) -> None:
    """常驻运行：收取各站上传的日志、见证、核验新片段、签发入库回执。"""
    serve_bureau(s.root, once)


@bureau.command("fetch")
@click.argument("name", metavar="采集站编号")
@click.argument("to", type=click.Path(file_okay=False, path_type=Path), metavar="目录")
@session
def fetch(s: Session, name: str, to: Path) -> None:
    """由对象存储取回一个采集站的日志、附件和片段（采集站的磁盘损坏时）；中断后重新运行会接着做。"""
    assert_outside(to, s.kit)
    found = fetch_station(trusted_objects(s.kit), name, to, s.kit, s.kit.tell)
    click.echo(f"已取回 {name}：日志 {found.size} 条，附件 {found.attachments} 个，片段 {found.clips} 个，{found.bytes} 字节。")
    for what, why in found.absent.items():
        click.echo(f"没有取回 {what}：{why}", err=True)
    click.echo(f"把该站密钥的备份放到 {to / 'keys'}，再运行 avrecord --root {to} rebuild 和 verify --all。", err=True)
    if found.absent:
        raise click.exceptions.Exit(12)


@bureau.command("proxy")
@click.argument("name", metavar="采集站编号")
@click.argument("clip", metavar="片段编号")
@session
def proxy(s: Session, name: str, clip: str) -> None:
    """由存储中的片段制作浏览器可以播放的副本，留在市局；不是证据。"""
    with closing(Views(s.kit)) as views, views.of(name) as seen:
        found = find_clip(clip, seen)
    click.echo(f"已制作 {make_copy(trusted_objects(s.kit), name, found, s.kit)}（重新编码，仅供查看）")


for _command in (*campaigns.COMMANDS, *letters.COMMANDS, *ask.COMMANDS):
    bureau.add_command(_command)

COMMANDS = (bureau,)
