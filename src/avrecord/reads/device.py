"""One recorder, docking by docking."""

from __future__ import annotations

from typing import Any

from avrecord.pipeline.history import Docking, History, history
from avrecord.pipeline.kit import Kit
from avrecord.reads.answer import Answer, Column, joined, moment, words
from avrecord.rules.drift import Drift
from avrecord.words import CARD_ODDITIES, CLAIM_DOUBTS, CLOCK_METHODS


def _row(docking: Docking) -> dict[str, Any]:
    row, facts = docking.row, docking.facts
    return {
        "at": docking.at,
        "log_index": row["seq"],
        "profile": row["profile"],
        "identity_from": facts.identity_from,
        "files": row["files"],
        "bytes": row["bytes"],
        "offset_ms": row["offset_ms"],
        "uncertainty_ms": row["uncertainty_ms"],
        "method": row["clock_method"],
        "clock_set": facts.clock_set,
        "drift": _drift(docking.drift) if docking.drift else None,
        "battery_percent": row["battery_percent"],
        "free_mb": facts.free_mb,
        "users": list(facts.users),
        "faults": list(facts.faults),
        "oddities": [{"kind": odd.kind, "amount": odd.amount} for odd in facts.oddities],
    }


def _drift(found: Drift) -> dict[str, Any]:
    return {
        "since": found.since,
        "until": found.until,
        "seconds_per_day": round(found.ms_per_day / 1000, 3),
        "uncertainty_seconds_per_day": round(found.uncertainty_ms_per_day / 1000, 3),
        "ppm": round(found.ppm, 2),
        "uncertainty_ppm": round(found.uncertainty_ppm, 2),
        "stepped": found.stepped,
    }


def _drift_said(found: dict[str, Any] | None) -> str:
    if found is None:
        return "—"
    if found["stepped"]:
        return "不是走时漂移：期间被改过或停过"
    per_day, doubt = found["seconds_per_day"], found["uncertainty_seconds_per_day"]
    said = f"每天{'快' if per_day > 0 else '慢'} {abs(per_day):.2f} 秒 ±{doubt:.2f}（{found['ppm']:+.0f} ppm）"
    return said + ("，在误差之内" if abs(per_day) <= doubt else "")


def _extra(found: History) -> dict[str, Any]:
    device = found.condition.device
    return {
        "recorder": device.serial,
        "model": device.model,
        "unit": device.unit,
        "registered": device.known,
        "clips": found.condition.clips,
        "faults": dict(found.condition.faults),
        "doubtful_clips": dict(found.doubtful),
    }


def _notes(found: History) -> list[str]:
    device = found.condition.device
    known = "已登记" if device.known else "未登记"
    notes = [f"型号 {device.model or '—'}，单位 {device.unit or '—'}，{known}；片段 {found.condition.clips} 个"]
    if found.doubtful:
        notes.append(f"自称时间不可信、不自动关联的片段：{joined(f'{CLAIM_DOUBTS[kind]} {n} 个' for kind, n in found.doubtful)}")
    return [*notes, "读不出偏差不等于没有偏差。漂移 = 两次停靠偏差之差 ÷ 间隔；前一次停靠时已校时的，从零算起。"]


def one_device(serial: str, kit: Kit) -> Answer:
    """A recorder's dockings: clock, drift, oddities. Raises UnknownName."""
    found = history(serial, kit)
    columns = [
        Column("at", "停靠", moment, 10),
        Column("profile", "机型配置"),
        Column("files", "文件"),
        Column("offset_ms", "时钟偏差（秒）", lambda ms: "读不出" if ms is None else f"{ms / 1000:+.1f}"),
        Column("uncertainty_ms", "误差（秒）", lambda ms: "—" if ms is None else f"±{ms / 1000:.1f}"),
        Column("method", "测法", words(CLOCK_METHODS), 12),
        Column("drift", "走时漂移", _drift_said, 14),
        Column("battery_percent", "电量（%）"),
        Column("oddities", "异常", lambda odd: "\n".join(oddity_said(o["kind"], o["amount"]) for o in odd), 20),
    ]
    rows = [_row(docking) for docking in found.dockings]
    return Answer("device", f"记录仪 {serial}", columns, rows, _extra(found), _notes(found))


def oddity_said(kind: str, amount: int) -> str:
    """What is odd about a card, and how much of it."""
    return f"{CARD_ODDITIES.get(kind, kind)}：{amount}"
