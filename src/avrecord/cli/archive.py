"""`avrecord archive`: year's end, a bag for each unit; and the receipt that comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Group, Session, by_default, by_option, session
from avrecord.cli.output import formats, give
from avrecord.errors import UnknownName
from avrecord.model.moments import from_utc_text
from avrecord.pipeline.archive import Archive, Year, make_archive, outside, units_of
from avrecord.pipeline.receipts import receive_receipt
from avrecord.reads.answer import Answer, Column, moment

FILE = click.Path(dir_okay=False, path_type=Path)
EARLIEST, LATEST = 2000, 2200


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
    clips, size = outside(Year(year), kit)
    left = f"另有 {clips} 个片段（{size / 1e6:.1f} MB）未关联案件，记录仪也没有登记单位：不在任何包里，请先登记。"
    notes = [f"{each.unit}：{year} 年没有片段，未造包。" for each in made if each.folder is None]
    notes += [left] if clips else []
    notes += ["请接收方核验资料包后对回执签名，再用 avrecord archive receipt 登记。"] if any(each.folder for each in made) else []
    columns = [
        Column("unit", "单位", width=10),
        Column("clips", "片段"),
        Column("bytes", "字节"),
        Column("result", "结果", width=10),
        Column("folder", "资料包", width=24),
        Column("bag", "清单摘要", lambda digest: digest[:16], 9),
    ]
    rows = [_row(each) for each in made]
    extra = {"year": year, "clips": sum(each.clips for each in made), "outside_clips": clips, "outside_bytes": size}
    code = 11 if any(each.wrong for each in made) else 0
    give(Answer("archive", f"{year} 年度归档", columns, rows, extra, notes, code), **form)


def _row(made: Archive) -> dict[str, Any]:
    if made.folder is None:
        result = "没有片段"
    elif made.wrong:
        result = f"已写入，其中 {len(made.wrong)} 个片段与封存不符或已不在"
    else:
        result = "早已写入" if made.was_there else "已写入"
    return {
        "unit": made.unit,
        "clips": made.clips,
        "bytes": made.bytes,
        "result": result,
        "wrong": list(made.wrong),
        "folder": str(made.folder) if made.folder else None,
        "receipt": str(made.receipt) if made.receipt else None,
        "bag": made.bag,
    }


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
    columns = [
        Column("unit", "单位", width=10),
        Column("year", "年度"),
        Column("clips", "片段"),
        Column("bytes", "字节"),
        Column("at", "造包时间", moment, 10),
        Column("bag", "清单摘要", lambda digest: digest[:16], 9),
        Column("received_at", "签收登记", lambda at: moment(at) if at else "尚未签收", 10),
        Column("received_key", "签收公钥", lambda key: (key or "")[-16:], 9),
    ]
    rows = [
        {
            **{key: row[key] for key in ("unit", "year", "clips", "bytes", "bag", "received_key", "received_by")},
            "at": from_utc_text(row["at"]),
            "received_at": from_utc_text(row["received_at"]) if row["received_at"] else None,
            "row": f"log:{row['seq']}",
        }
        for row in s.kit.store.rows("archives")
    ]
    waiting = sum(row["received_at"] is None for row in rows)
    give(
        Answer("archives", "年底归档", columns, rows, {"waiting": waiting}, [f"尚未签收 {waiting} 个，共 {len(rows)} 个。"]),
        **form,
    )


COMMANDS = (archive,)
