"""The month per unit and per officer."""

from __future__ import annotations

from datetime import date
from typing import Any

from avrecord.model.case import MarkKind
from avrecord.model.statistics import Line, MonthFigures
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.notice import hours, notice, percent, rate_of, remarks
from avrecord.pipeline.statistics import explained
from avrecord.reads.answer import Answer, Column
from avrecord.words import UNITLESS

LISTS = {"unit": "按单位", "officer": "按人员"}


def month_figures_of(found: MonthFigures, unit: str, group: str, explain: bool, kit: Kit) -> Answer:
    """The month's figures as rows by unit or officer, and the 通报 text as notes."""
    names = {number: officer.name for number, officer in kit.records.officers().items()}
    why = explained(found, kit) if explain else None
    units = [_row("unit", line, why and why["units"][line.name]) for line in found.units]
    whole = _row("unit", found.whole, why and why["whole"][""]) | {"unit": None, "total": True}
    officers = [
        _row("officer", line, why and why["officers"][line.name]) | {"name": names.get(line.name)} for line in found.officers
    ]
    rows = officers if group == "officer" else [*units, *([] if unit else [whole])]
    other = {"units": units, "whole": whole} if group == "officer" else {"officers": officers, "whole": whole}
    text = notice(found, unit, kit)
    extra = {
        "month": found.month, "unit": unit or None, "from": found.first, "to": found.last,
        "upload_hours": kit.settings.statistics.upload_hours, "notice": text, **other,
    }  # fmt: skip
    notes = [*text, *remarks(kit)]
    if date.fromisoformat(found.last) >= kit.today:
        notes.insert(0, f"本月尚未结束，统计到 {kit.today}。")
    return Answer("statistics", f"{found.month} 月度统计（{LISTS[group]}）", _columns(group), rows, extra, notes)


def _row(key: str, line: Line, why: dict[str, Any] | None) -> dict[str, Any]:
    stages, uploads, rate = line.stages, line.uploads, line.availability
    row = {
        key: line.name,
        "clips": line.footage.clips,
        "photos": line.footage.photos,
        "recorded_ms": line.footage.recorded_ms,
        "without_length": line.footage.without_length,
        "stages": len(stages.all),
        "with_footage": stages.with_footage,
        "whole": len(stages.whole),
        "with_gaps": len(stages.with_gaps),
        "unlisted": len(stages.unlisted),
        "required": len(stages.required),
        **{kind.value: len(stages.marked(kind)) for kind in MarkKind if kind is not MarkKind.NOT_REQUIRED},
        "found_missing": len(stages.found_missing),
        "reviews": len(line.reviews),
        "uploads": {
            "clips": uploads.clips, "in_time": uploads.in_time, "share_in_time": uploads.share, "median_ms": uploads.median_ms,
        },
    }  # fmt: skip
    if key == "unit":
        row["availability"] = {
            "in_service_days": rate.in_service_days if rate else 0,
            "serviceable_days": rate.serviceable_days if rate else 0,
            "rate": rate_of(line),
        }
    return row | ({"explain": why} if why else {})


def _columns(group: str) -> list[Column]:
    first = [
        Column("unit", "单位", lambda name: "合计" if name is None else name or UNITLESS, 12),
    ]
    if group == "officer":
        first = [Column("officer", "执法证号"), Column("name", "姓名")]
    rate = Column("availability", "设备完好率", lambda rate: percent(rate["rate"]) or "—")
    return [
        *first,
        Column("clips", "片段"),
        Column("recorded_ms", "时长（小时）", lambda ms: f"{hours(ms):.2f}"),
        Column("stages", "环节"),
        Column("with_footage", "有录像"),
        Column("whole", "完整"),
        Column("required", "要件应见"),
        Column("seen", "已见"),
        Column("not_seen", "未见"),
        Column("cannot_tell", "无法判断"),
        Column("reviews", "复核"),
        Column("uploads", "上传延迟（中位/按时）", _upload_said, 12),
        *([rate] if group == "unit" else []),
    ]


def _upload_said(uploads: dict[str, Any]) -> str:
    if uploads["median_ms"] is None:
        return "—"
    return f"{hours(uploads['median_ms']):.1f} 小时 / {percent(uploads['share_in_time'])}"
