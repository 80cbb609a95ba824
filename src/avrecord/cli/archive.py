"""`avrecord archive`: year's end, a bag for each unit; and the receipt that comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Group, Session, by_default, by_option, session
from avrecord.cli.output import formats, give
from avrecord.errors import UnknownName
from avrecord.pipeline.archive import make_archive
from avrecord.pipeline.receipts import receive_receipt
from avrecord.pipeline.yearbag import EARLIEST, LATEST, Year, outside, units_of
from avrecord.reads.archives import archives, made_of

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("archive", cls=Group, invoke_without_command=True)
@click.option("--year", type=int, default=None, metavar="年份", help="哪一年")
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), default=None, metavar="目录", help="写到哪个目录")
@click.option("--unit", default=None, metavar="单位", help="只做某单位（缺省为全部）")
@by_default
@formats
@click.pass_context
def archive(context: click.Context, /, year: int | None, to: Path | None, unit: str | None, by: str, **form: Any) -> None:
    """年底归档：每个单位一个资料包，附平台索引和待接收方签名的回执；中断后重新运行会接着做。"""
    if context.invoked_subcommand:
        return
    if year is None or to is None:
        raise click.UsageError("请用 --year 和 --to 指明年份和目录；查看已做的：avrecord archive list")
    if not EARLIEST <= year <= LATEST:
        raise click.UsageError("--year 应为四位年份")
    kit = context.obj.kit
    units = [unit] if unit is not None else units_of(Year(year), kit)
    if not units:
        raise UnknownName(what="有案件或登记了记录仪的单位", name=str(year))
    made = [make_archive(each, Year(year), to, by, kit) for each in units]
    give(made_of(year, made, outside(Year(year), kit)), **form)


@archive.command("receipt")
@click.argument("file", type=FILE, metavar="回执文件")
@click.option("--key", required=True, type=FILE, metavar="文件", help="接收方的公钥文件")
@by_option
@session
def receipt(s: Session, file: Path, key: Path, by: str) -> None:
    """登记接收方签了名的回执（同目录下的 .sig 或 .minisig）。"""
    row, fresh = receive_receipt(file, key, by, s.kit)
    said = "已登记回执" if fresh else "早已登记，未重复记录"
    click.echo(f"{said}：{row['unit']} {row['year']} 年，片段 {row['clips']} 个，清单摘要 {row['bag'][:16]}")
    click.echo("签名只说明持有这把钥匙的人签了回执；公钥是谁的，请向接收方另行核对。")


@archive.command("list")
@formats
@session
def list_(s: Session, /, **form: Any) -> None:
    """已做的归档，以及接收方是否已签收。"""
    give(archives(s.kit), **form)


COMMANDS = (archive,)
