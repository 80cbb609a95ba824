"""Recorders and officers: the custodian's commands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Group, Session, by_default, joined, session
from avrecord.cli.device_show import show
from avrecord.cli.output import Answer, Column, formats, give, moment, words
from avrecord.cli.profile_test import profile_test
from avrecord.model.device import Condition
from avrecord.pipeline import bring
from avrecord.pipeline.care import conditions, of_month
from avrecord.pipeline.link import link_all
from avrecord.words import FAULTS, LOST_DAY

FILE = click.Path(dir_okay=False, path_type=Path)
FORMULA = "设备完好率 = 完好台日 ÷ 在用台日"


@click.group("devices", cls=Group)
def devices() -> None:
    """执法记录仪：登记、状况、完好率。"""


@devices.command("import")
@click.argument("file", type=FILE, metavar="文件")
@by_default
@session
def import_(s: Session, /, file: Path, by: str) -> None:
    """导入设备、领用、设备事件（一个工作簿的三张表）。"""
    fleet, fresh = bring.import_devices(file, by, s.kit)
    link_all(s.kit)
    click.echo(f"读到 {len(fleet.bodies)} 条，已写入新记录 {fresh} 条，无效 {len(fleet.invalid)} 条（未写入）")
    for sheet, number, reason in fleet.invalid:
        click.echo(f"  {sheet} 第 {number} 行：{reason}", err=True)


@devices.command("list")
@formats
@session
def list_(s: Session, /, **form: Any) -> None:
    """列出记录仪和状况（来自停靠和录像的事实）。"""
    now = s.kit.clock()
    rows = [_row(condition, now) for condition in conditions(s.kit)]
    columns = [
        Column("recorder", "设备编号"),
        Column("model", "型号"),
        Column("unit", "执法单位", width=12),
        Column("state", "登记", lambda state: {"in_service": "在用", "out": "停用", "unknown": "未登记"}[state]),
        Column("last_docked", "最近停靠", moment, 10),
        Column("days_since", "距今（天）"),
        Column("clock_offset_s", "时钟偏差（秒）", lambda value: "—" if value is None else f"{value:+.0f}"),
        Column("battery_percent", "电量（%）", lambda value: "—" if value is None else str(value)),
        Column("clips", "片段"),
        Column("faults", "录像问题（片段数）", lambda found: joined((f"{FAULTS[k]} {n}" for k, n in found.items())), 14),
    ]
    give(Answer("devices", "执法记录仪", columns, rows, {"count": len(rows)}), **form)


def _row(condition: Condition, now: Any) -> dict[str, Any]:
    device = condition.device
    offset = condition.clock_offset_ms
    return {
        "recorder": device.serial,
        "model": device.model,
        "unit": device.unit,
        "state": ("in_service" if device.in_service else "out") if device.known else "unknown",
        "last_docked": condition.last_docked,
        "days_since": (now - condition.last_docked).days if condition.last_docked else None,
        "clock_offset_s": offset / 1000 if offset is not None else None,
        "battery_percent": condition.battery_percent,
        "clips": condition.clips,
        "faults": dict(condition.faults),
        "bought_on": device.bought_on,
        "warranty_until": device.warranty_until,
        "service_life_months": device.service_life_months,
    }


@devices.command("availability")
@click.option("--month", required=True, metavar="月份", help="如 2026-11")
@formats
@session
def availability(s: Session, /, month: str, **form: Any) -> None:
    """设备完好率：公式、每个损失台日的原因和出处。"""
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month):
        raise click.UsageError(f"月份应写成 2026-11 这样：{month}")
    found = of_month(month, s.kit)
    if found.until < found.since:
        raise click.UsageError(f"{month} 尚未开始，没有可统计的日子")
    rows = [
        {"recorder": lost.serial, "day": lost.day, "reason": lost.reason, "detail": lost.detail, "row": lost.row}
        for lost in found.lost
    ]
    rate = "—（没有在用设备）" if found.rate is None else f"{found.rate:.2%}"
    notes = [
        f"{FORMULA} = {found.serviceable_days} ÷ {found.in_service_days} = {rate}（{found.since} 至 {found.until}）",
        "法规未规定完好率的具体数值，是否满足日常使用由单位判断。同一台同一天有多个原因只计一个损失台日。",
    ]
    never = [c.device.serial for c in conditions(s.kit) if c.device.known and c.last_docked is None]
    if never:
        notes.append(f"从未停靠的设备没有状况事实，除已登记的事件外按完好计：{joined(never)}")
    per_device = dict(found.per_device)
    notes.append(f"各设备在用台日：{joined(f'{serial} {days}' for serial, days in per_device.items())}")
    extra = {
        "per_device": per_device, "never_docked": never,
        "month": month, "since": found.since, "until": found.until, "in_service_days": found.in_service_days,
        "serviceable_days": found.serviceable_days, "rate": found.rate,
        "formula": "serviceable_days / in_service_days",
    }  # fmt: skip
    columns = [
        Column("recorder", "设备编号"),
        Column("day", "日期", str),
        Column("reason", "原因", words(LOST_DAY)),
        Column("detail", "说明", width=16),
        Column("row", "出处（日志序号）"),
    ]
    give(Answer("availability", f"{month} 损失台日", columns, rows, extra, notes), **form)


for _command in (show, profile_test):
    devices.add_command(_command)


@click.group("officers", cls=Group)
def officers() -> None:
    """执法人员名册。"""


@officers.command("import")
@click.argument("file", type=FILE, metavar="文件")
@by_default
@session
def officers_import(s: Session, file: Path, by: str) -> None:
    """导入执法人员名册（执法证号、姓名、单位、类别、有效期）。"""
    count, fresh = bring.import_officers(file, by, s.kit)
    click.echo(f"读到 {count} 人，新增或变更 {fresh} 人")


COMMANDS = (devices, officers)
