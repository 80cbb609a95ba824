"""`audit statistics`: the month per unit and per officer."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Session, by_default, session
from avrecord.cli.device_rates import month as month_of
from avrecord.cli.output import Answer, Column, formats, give
from avrecord.cli.trust import audit
from avrecord.errors import UnknownName
from avrecord.model.case import MarkKind
from avrecord.model.statistics import Line, MonthFigures
from avrecord.pipeline.notice import hours, notice, percent, rate_of, remarks, write_statistics
from avrecord.pipeline.statistics import explained, month_figures
from avrecord.words import UNITLESS

LISTS = {"unit": "按单位", "officer": "按人员"}


@audit.command("statistics")
@click.option("--month", required=True, metavar="月份", callback=month_of, help="如 2026-11")
@click.option("--unit", default="", metavar="单位", help="只看某单位")
@click.option(
    "--by-what",
    "group",
    type=click.Choice(list(LISTS)),
    default="unit",
    metavar="口径",
    help="列出 unit 单位（默认）/ officer 人员",
)
@click.option("--explain", is_flag=True, help="在 JSON 中给出每个数字所依据的片段、环节和日志序号")
@formats
@by_default
@session
def statistics(
    s: Session, /, month: str, unit: str, group: str, explain: bool, as_json: bool, as_csv: bool, xlsx: Path | None, by: str
) -> None:
    """月度统计和通报：录像、环节、要件、复核、上传延迟、设备完好率。"""
    if date.fromisoformat(f"{month}-01") > s.kit.today:
        raise click.UsageError(f"{month} 尚未开始，没有可统计的日子")
    found = month_figures(month, unit, s.kit)
    if unit and not found.units:
        raise UnknownName(what="本月有记录的单位", name=unit)
    if xlsx:
        write_statistics(xlsx, found, unit, by, s.kit)
        click.echo(f"已写入 {xlsx}", err=True)
        if not (as_json or as_csv):
            return
    give(_answer(found, unit, group, explain, s), as_json, as_csv, None)


def _answer(found: MonthFigures, unit: str, group: str, explain: bool, s: Session) -> Answer:
    names = {number: officer.name for number, officer in s.kit.records.officers().items()}
    why = explained(found, s.kit) if explain else None
    units = [_row("unit", line, why and why["units"][line.name]) for line in found.units]
    whole = _row("unit", found.whole, why and why["whole"][""]) | {"unit": None, "total": True}
    officers = [
        _row("officer", line, why and why["officers"][line.name]) | {"name": names.get(line.name)} for line in found.officers
    ]
    rows = officers if group == "officer" else [*units, *([] if unit else [whole])]
    other = {"units": units, "whole": whole} if group == "officer" else {"officers": officers, "whole": whole}
    text = notice(found, unit, s.kit)
    extra = {
        "month": found.month, "unit": unit or None, "from": found.first, "to": found.last,
        "upload_hours": s.kit.settings.statistics.upload_hours, "notice": text, **other,
    }  # fmt: skip
    notes = [*text, *remarks(s.kit)]
    if date.fromisoformat(found.last) >= s.kit.today:
        notes.insert(0, f"本月尚未结束，统计到 {s.kit.today}。")
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


COMMANDS = ()
