"""Recorders: the custodian's commands. Registry and condition here; rates, plans and entries by hand in the files beside it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Group, Session, by_default, joined, session
from avrecord.cli.device_events import assign, event, flags
from avrecord.cli.device_plans import plan
from avrecord.cli.device_rates import availability, sufficiency
from avrecord.cli.device_show import show
from avrecord.cli.output import Answer, Column, formats, give, moment
from avrecord.cli.profile_test import profile_test
from avrecord.model.device import Condition
from avrecord.pipeline import bring
from avrecord.pipeline.care import conditions
from avrecord.pipeline.holding import flagged, shared
from avrecord.pipeline.link import link_all
from avrecord.rules.plans import yuan
from avrecord.words import DEVICE_EVENTS, DEVICE_FLAGS, FAULTS

FILE = click.Path(dir_okay=False, path_type=Path)
STATES = {"in_service": "在用", "out": "停用", "unknown": "未登记"}
MOST_OVERLAPS = 20


@click.group("devices", cls=Group)
def devices() -> None:
    """执法记录仪：登记、状况、完好率、计划。"""


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
    found = shared(s.kit)
    for overlap in found[:MOST_OVERLAPS]:
        span = f"{overlap.since} 至 {overlap.until or '今'}"
        click.echo(f"  注意：{overlap.recorder} 在 {span} 同时领给 {'、'.join(overlap.officers)}（共用，未拒绝）", err=True)
    if len(found) > MOST_OVERLAPS:
        click.echo(f"  另有 {len(found) - MOST_OVERLAPS} 处共用", err=True)


@devices.command("list")
@formats
@session
def list_(s: Session, /, **form: Any) -> None:
    """列出记录仪和状况（来自停靠、录像和登记的事实）。"""
    now = s.kit.clock()
    marked: dict[str, list[str]] = {}
    for flag in flagged(s.kit.today, s.kit):
        marked.setdefault(flag.recorder, []).append(flag.kind)
    rows = [_row(condition, now) | {"flags": marked.get(condition.device.serial, [])} for condition in conditions(s.kit)]
    shown = [row | {"docked": row, "drift": row, "card": row, "repaired": row, "registered": row} for row in rows]
    columns = [
        Column("recorder", "设备编号"),
        Column("model", "型号"),
        Column("unit", "执法单位", width=12),
        Column("registered", "登记", _registered),
        Column("docked", "最近停靠", _docked, 10),
        Column("clock_offset_s", "时钟差（秒）", lambda value: "—" if value is None else f"{value:+.0f}", 6),
        Column("drift", "日漂移（秒）", _drift, 6),
        Column("battery_percent", "电量（%）", lambda value: "—" if value is None else str(value), 4),
        Column("card", "卡已用", _card),
        Column("clips", "片段", width=5),
        Column("faults", "录像问题（片段数）", lambda found: joined((f"{FAULTS[k]} {n}" for k, n in found.items())), 14),
        Column("repaired", "送修", _repaired),
        Column("flags", "标记", lambda kinds: joined(DEVICE_FLAGS[kind] for kind in kinds), 12),
    ]
    notes = ["电量、卡的剩余空间只有设备日志写明时才有；读不出不等于没有问题。"] if rows else ["没有登记或停靠过的记录仪。"]
    give(Answer("devices", "执法记录仪", columns, shown if not form["as_json"] else rows, {"count": len(rows)}, notes), **form)


def _row(condition: Condition, now: datetime) -> dict[str, Any]:
    device, drift = condition.device, condition.drift
    offset = condition.clock_offset_ms
    return {
        "recorder": device.serial,
        "model": device.model,
        "unit": device.unit,
        "state": ("in_service" if device.in_service else "out") if device.known else "unknown",
        "open_event": condition.open_event,
        "last_docked": condition.last_docked,
        "docking_row": condition.docking_row,
        "days_since": (now - condition.last_docked).days if condition.last_docked else None,
        "clock_offset_s": offset / 1000 if offset is not None else None,
        "drift_s_per_day": round(drift.ms_per_day / 1000, 3) if drift else None,
        "drift_uncertainty_s_per_day": round(drift.uncertainty_ms_per_day / 1000, 3) if drift else None,
        "clock_stepped": drift.stepped if drift else None,
        "drift_rows": list(drift.rows) if drift else [],
        "battery_percent": condition.battery_percent,
        "card_bytes": condition.card_bytes,
        "free_mb": condition.free_mb,
        "card_used_percent": condition.card_used_percent,
        "clips": condition.clips,
        "faults": dict(condition.faults),
        "repairs": condition.repairs,
        "repair_cost_fen": condition.repair_cost_fen,
        "bought_on": device.bought_on,
        "warranty_until": device.warranty_until,
        "service_life_months": device.service_life_months,
        "price_fen": device.price_fen,
        "row": device.row,
    }


def _registered(row: dict[str, Any]) -> str:
    return STATES[row["state"]] + (f"（{DEVICE_EVENTS[row['open_event']]}）" if row["open_event"] else "")


def _docked(row: dict[str, Any]) -> str:
    return f"{moment(row['last_docked'])}（{row['days_since']} 天前）" if row["last_docked"] else "从未"


def _drift(row: dict[str, Any]) -> str:
    if row["clock_stepped"]:
        return "期间被改过或停过"
    return "—" if row["drift_s_per_day"] is None else f"{row['drift_s_per_day']:+.2f}"


def _card(row: dict[str, Any]) -> str:
    if row["card_bytes"] is None:
        return "—"
    used = f"{row['card_bytes'] / 1e9:.1f} GB"
    return used if row["card_used_percent"] is None else f"{row['card_used_percent']}%（{used}）"


def _repaired(row: dict[str, Any]) -> str:
    cost = f"，{yuan(row['repair_cost_fen'])} 元" if row["repair_cost_fen"] else ""
    return f"{row['repairs']} 次{cost}" if row["repairs"] or cost else "—"


for _command in (show, assign, event, flags, availability, sufficiency, plan, profile_test):
    devices.add_command(_command)

COMMANDS = (devices,)
