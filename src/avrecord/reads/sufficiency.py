"""够不够用: recorders that work against people on duty."""

from __future__ import annotations

from datetime import date
from typing import Any

from avrecord.model.plan import Sufficiency
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.planning import enough
from avrecord.reads.answer import Answer, Column, joined
from avrecord.reads.availability import lost_row
from avrecord.words import DUTY_BASIS, LOST_DAY, UNITLESS

RATIOS = "没有全国统一的数：本溪、长治 A 类每 3 人，长治 B 类每 5 人，无极每 2 人，魏县每人 1 台。"


def _enough_row(each: Sufficiency, explain: bool) -> dict[str, Any]:
    basis: dict[str, int] = {}
    for officer in each.officers:
        basis[officer.basis] = basis.get(officer.basis, 0) + 1
    row = {
        "unit": each.unit,
        "officers": len(each.officers),
        "basis": basis,
        "assistants": len(each.assistants),
        "needed": each.needed,
        "serviceable": len(each.serviceable),
        "short": each.short,
        "out": [lost_row(lost) for lost in each.lost],
    }
    if explain:
        people = (*each.officers, *each.assistants)
        row["explain"] = {
            "on_duty": [{"officer": p.officer, "basis": p.basis, "row": p.row, "counted": p in each.officers} for p in people],
            "serviceable": [{"recorder": device.serial, "row": device.row} for device in each.serviceable],
        }
    return row


def enough_of(on: date, kit: Kit, *, per: int | None = None, unit: str = "", explain: bool = False) -> Answer:
    """Each unit's recorders that worked on a day against the people on duty that day."""
    found = [each for each in enough(on, kit, per) if not unit or each.unit == unit]
    rows = [_enough_row(each, explain) for each in found]
    columns = [
        Column("unit", "执法单位", lambda name: name or UNITLESS, 12),
        Column("officers", "当班人数"),
        Column("basis", "当班依据", lambda found: joined(f"{DUTY_BASIS[b]} {n}" for b, n in found.items()), 14),
        Column("assistants", "协管（不计）"),
        Column("needed", "需要（台）"),
        Column("serviceable", "完好（台）"),
        Column("short", "缺（台）"),
        Column("out", "当日不可用", lambda out: joined(f"{o['recorder']} {LOST_DAY[o['reason']]}" for o in out), 20),
    ]
    per = found[0].per if found else per or kit.settings.care.officers_per_recorder
    notes = [
        f"{on}：每 {per} 名当班人员 1 台（care.officers_per_recorder）。{RATIOS}",
        "有值班表（officers duty 导入）的单位以值班表为准；没有的以当日案件环节和领用记录推算。",
    ]
    short = sum(each.short for each in found)
    extra = {"day": on, "officers_per_recorder": per, "short": short}
    return Answer("sufficiency", f"{on} 记录仪够不够用", columns, rows, extra, notes)
