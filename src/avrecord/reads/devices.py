"""Recorders and their condition, one row each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from avrecord.model.device import Condition
from avrecord.pipeline.care import conditions
from avrecord.pipeline.holding import flagged
from avrecord.pipeline.kit import Kit
from avrecord.reads.answer import Answer, Column, joined, moment
from avrecord.rules.plans import yuan
from avrecord.words import DEVICE_EVENTS, DEVICE_FLAGS, FAULTS

STATES = {"in_service": "在用", "out": "停用", "unknown": "未登记"}


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


def device_list(kit: Kit) -> Answer:
    """Every recorder that is registered or was docked, with its condition."""
    now = kit.clock()
    marked: dict[str, list[str]] = {}
    for flag in flagged(kit.today, kit):
        marked.setdefault(flag.recorder, []).append(flag.kind)
    rows = [_row(condition, now) | {"flags": marked.get(condition.device.serial, [])} for condition in conditions(kit)]
    columns = [
        Column("recorder", "设备编号", whole=True),
        Column("model", "型号"),
        Column("unit", "执法单位", width=12),
        Column("registered", "登记", _registered, of_row=True),
        Column("docked", "最近停靠", _docked, 10, of_row=True),
        Column("clock_offset_s", "时钟差（秒）", lambda value: "—" if value is None else f"{value:+.0f}", 6),
        Column("drift", "日漂移（秒）", _drift, 6, of_row=True),
        Column("battery_percent", "电量（%）", lambda value: "—" if value is None else str(value), 4),
        Column("card", "卡已用", _card, of_row=True),
        Column("clips", "片段", width=5),
        Column("faults", "录像问题（片段数）", lambda found: joined((f"{FAULTS[k]} {n}" for k, n in found.items())), 14),
        Column("repaired", "送修", _repaired, of_row=True),
        Column("flags", "标记", lambda kinds: joined(DEVICE_FLAGS[kind] for kind in kinds), 12),
    ]
    notes = ["电量、卡的剩余空间只有设备日志写明时才有；读不出不等于没有问题。"] if rows else ["没有登记或停靠过的记录仪。"]
    return Answer("devices", "执法记录仪", columns, rows, {"count": len(rows)}, notes)
