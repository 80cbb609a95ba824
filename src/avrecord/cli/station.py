"""Setting a station up, feeding it by hand, asking how it is."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import click

from avrecord import station as stations
from avrecord.checks import segments
from avrecord.cli.base import Command, Group, Session, session
from avrecord.cli.output import formats, give
from avrecord.dock import profiles
from avrecord.dock.volumes import volume_at
from avrecord.errors import CardError, NoSpace
from avrecord.model.keeping import Fate
from avrecord.model.moments import from_utc_text
from avrecord.pipeline.examine import examine_pending
from avrecord.pipeline.gaps import observe_gaps
from avrecord.pipeline.link import link_all
from avrecord.pipeline.outstanding import outstanding
from avrecord.pipeline.receive import Receipt, receive
from avrecord.pipeline.retention import Book
from avrecord.pipeline.space import days_left_text, space_left
from avrecord.reads.answer import Answer, Column, moment
from avrecord.service.health import problems
from avrecord.settings import load


@click.command("init", cls=Command)
@click.option("--id", "station_id", default="station-01", metavar="编号", help="采集站编号：小写字母、数字、连字符")
@click.option("--name", default="执法记录仪采集站", metavar="名称", help="采集站名称")
@click.option("--unit", default="", metavar="单位", help="所属执法单位")
@session
def init(s: Session, station_id: str, name: str, unit: str) -> None:
    """新建采集站：配置、密钥、日志、默认清单。"""
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", station_id) or re.search(r'["\\\x00-\x1f{}]', name + unit):
        raise click.UsageError("--id 只能用小写字母、数字和连字符；名称中不能有引号、反斜杠、花括号或换行")
    stations.create(s.root, station_id, name, unit)
    click.echo(f"已建立采集站 {station_id}：{s.root}")
    click.echo(f"把存储卡挂载或复制到 {s.root / 'dock'} 下，运行 avrecord --root {s.root} run 即自动采集。")


@click.command("ingest", cls=Command)
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="目录…")
@click.option("--no-check", is_flag=True, help="只采集封存，暂不抽检")
@formats
@session
def ingest(s: Session, /, paths: tuple[Path, ...], no_check: bool, **form: Any) -> None:
    """立即采集一张或多张存储卡（挂载点或文件夹）。"""
    stations.heal(s.kit)
    receipts = [_take(path, s) for path in paths]
    if not no_check:
        examine_pending(s.kit)
    link_all(s.kit)
    observe_gaps(s.kit)
    code = 0 if all(receipt.complete for receipt in receipts) else CardError.exit_code
    if any(receipt.no_space for receipt in receipts):
        code = NoSpace.exit_code
    give(receipts_answer(receipts, code), **form)


def _take(path: Path, s: Session) -> Receipt:
    volume = volume_at(path)
    if volume is None:
        raise CardError(card=path, detail="不是文件夹")
    roots = [s.root / root for root in s.kit.settings.dock.roots]
    inside = path.resolve().is_relative_to(s.root.resolve()) or s.root.resolve().is_relative_to(path.resolve())
    if inside and not any(path.resolve().is_relative_to(root.resolve()) for root in roots):
        raise click.UsageError(f"{path} 在采集站自己的目录里，不是存储卡")
    s.kit.tell("step", text=f"采集 {path}")
    try:
        return receive(volume, s.kit)
    except CardError as error:  # the next card is taken all the same; the exit code tells
        return Receipt(path.name, None, 0, problem=str(error))


def receipts_answer(receipts: list[Receipt], exit_code: int = 0) -> Answer:
    """What each docking brought."""
    columns = [
        Column("title", "存储卡"),
        Column("files", "文件"),
        Column("sealed", "新封存"),
        Column("set_aside", "待认领/待查"),
        Column("again", "重复内容"),
        Column("unchanged", "已在库"),
        Column("complete", "结果", lambda done: "完整" if done else "未完成"),
        Column("problem", "说明"),
    ]
    rows = [
        {
            "title": r.title,
            "recorder": r.recorder,
            "files": r.files,
            "sealed": r.sealed,
            "set_aside": r.set_aside,
            "again": r.again,
            "unchanged": r.unchanged,
            "bytes": r.bytes,
            "complete": r.complete,
            "problem": r.problem or (f"未能读取：{'、'.join(r.failed)}" if r.failed else None),
        }
        for r in receipts
    ]
    return Answer("ingest", "采集结果", columns, rows, exit_code=exit_code)


@click.command("status", cls=Command)
@formats
@session
def status(s: Session, /, **form: Any) -> None:
    """采集站概况：片段、案件、待抽检、日志、磁盘。"""
    totals = s.kit.records.store.row("totals") or {}
    last = totals["last_docking"]
    checkpoint = s.kit.log.checkpoint().split("\n")
    left = space_left(s.kit)
    lasts, space = days_left_text(left, s.kit.settings.vault.warn_days)
    removed = f"，按规则移除 {totals['removed']} 个" if totals["removed"] else ""
    lines = [
        ("片段", f"{totals['clips']} 个，{totals['bytes'] / 1e6:.1f} MB（其中待认领/待查 {totals['set_aside']} 个{removed}）"),
        (
            "记录仪",
            (
                f"到过 {totals['recorders']} 台，登记 {totals['devices']} 台；"
                f"最近一次 {moment(from_utc_text(last) if last else None)}"
            ),
        ),
        ("抽检", f"待抽检 {totals['pending']} 个，失败 {totals['failed']} 个"),
        ("案件", f"{totals['cases']} 件 {totals['stages']} 个环节，关联 {totals['links']} 条"),
        ("日志", f"{checkpoint[1]} 条，根 {checkpoint[2]}"),
        ("磁盘", space if lasts else f"注意：{space}"),
    ]
    if not lasts:
        lines.append(("可腾出", _could_go(s)))
    if waits := outstanding(s.kit):
        lines.append(("上传", f"注意：{waits.text}" if waits.is_late(s.kit.clock()) else waits.text))
    rows = [{"what": what, "value": value} for what, value in lines]
    extra = {"station": s.kit.station, "totals": totals, "log_size": s.kit.log.size}
    extra |= {
        "free_bytes": left.free,
        "bytes_per_day": left.per_day,
        "days_left": left.days,
        "days_left_at_worst": left.days_at_worst,
    }
    answer = Answer(
        "status", f"采集站 {s.kit.settings.station.name}", [Column("what", "项目"), Column("value", "情况")], rows, extra
    )
    give(answer, **form)


def _could_go(s: Session) -> str:
    """What a person may decide to let go when the disk is short. Nothing goes by itself."""
    due = [each for each in Book(s.kit).over(s.kit.today) if each.fate in (Fate.DUE, Fate.WAITING)]
    size = sum(each.row["size"] for each in due)
    on = "" if s.kit.settings.retention.expiry != "off" else "，到期移除未启用"
    return (
        f"保管期满的片段 {len(due)} 个，{size / 1e9:.2f} GB（明细 retention due{on}）；记录仪上可清除的原件见 releases --docked"
    )


@click.command("doctor", cls=Command)
@formats
@session
def doctor(s: Session, /, **form: Any) -> None:
    """检查运行环境：SQLite、密钥、磁盘、时钟、抽检程序。"""
    found = problems(s.kit, thorough=True)
    rows = [{"what": check.what, "ok": check.ok, "detail": check.detail} for check in found]
    columns = [Column("what", "检查项"), Column("ok", "结果", lambda ok: "正常" if ok else "有问题"), Column("detail", "说明")]
    give(Answer("doctor", "运行环境检查", columns, rows, exit_code=0 if all(c.ok for c in found) else 30), **form)


@click.command("rebuild", cls=Command)
@session
def rebuild(s: Session) -> None:
    """由日志和附件重建数据库（旧数据库改名保留）。"""
    leaves = stations.rebuild(s.root)
    click.echo(f"已由日志 {leaves} 条记录重建数据库；旧数据库改名保留（{stations.DATABASE}.….old）。")


@click.group("config", cls=Group)
def config() -> None:
    """查看和检查配置。"""


@config.command("check")
@session
def config_check(s: Session) -> None:
    """检查 station.toml、segments.toml 和机型配置，有误时指出每一处。"""
    settings = load(s.root)
    segments.read(s.root / "config" / "segments.toml")
    known = profiles.load(s.root / "devices")
    click.echo(f"配置无误：{settings.station.id}（{settings.station.name}），监视 {'、'.join(settings.dock.roots)}")
    click.echo(f"机型配置：{'、'.join(f'{profile.title}（{profile.name}）' for profile in known)}")
    if os.environ.get("AVRECORD_ROOT"):
        click.echo("提示：采集站目录取自环境变量 AVRECORD_ROOT。")


COMMANDS = (init, ingest, status, doctor, config, rebuild)
