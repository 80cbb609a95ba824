"""What is missing per case: the supervisor's question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from avrecord.errors import UnknownName
from avrecord.ledger.cases import case_number
from avrecord.model.case import Lack
from avrecord.model.moments import beijing
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.missing import missing
from avrecord.reads.answer import Answer, Column, joined, moment, words
from avrecord.words import LACKS, LIMITS_OF_A_CHECK, SEGMENTS

MISSING = [
    Column("case", "案号", width=12, whole=True),
    Column("stage", "环节"),
    Column("unit", "单位", width=12),
    Column("officers", "执法人员", lambda officers: "\n".join(officers)),
    Column("start", "环节开始", moment, 10),
    Column("what", "缺什么", words(LACKS)),
    Column("segment", "要件", words(SEGMENTS)),
    Column("detail", "说明", width=20),
    Column("clip_name", "所看片段", width=16),
    Column("days_open", "超过宽限期（天）"),
]
GROUPS = {"unit": "单位", "officer": "执法人员", "month": "月份"}
SORTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "case": lambda row: (row["case"], row["start"]),
    "days": lambda row: (-row["days_open"], row["start"], row["case"]),
    "start": lambda row: (row["start"], row["case"]),
    "unit": lambda row: (row["unit"], row["start"], row["case"]),
    "what": lambda row: (list(LACKS).index(row["what"]), row["start"], row["case"]),
}


def _must_match(kit: Kit, case_no: str, unit: str) -> None:
    """A mistyped number must not read as "nothing is missing". Raises UnknownName."""
    if case_no and not kit.store.row("any_stage", case_no=case_number(case_no), unit=unit):
        raise UnknownName(what="案件", name=case_no)
    if not case_no and unit and not kit.store.row("any_stage", case_no="", unit=unit):
        known = joined(row["unit"] for row in kit.store.rows("units_of_stages"))
        raise UnknownName(what="单位", name=f"{unit}（已有：{known}）")
    if not kit.store.row("any_stage", case_no="", unit=""):
        raise UnknownName(what="案件，请先用 cases import 导入", name="全部")


def _lack_row(lack: Lack, now: datetime, grace_days: int) -> dict[str, Any]:
    overdue = now - lack.stage.end - timedelta(days=grace_days)
    return {
        "case": lack.stage.id.case,
        "stage": lack.stage.id.name,
        "unit": lack.stage.unit,
        "officers": list(lack.stage.officers),
        "start": lack.stage.start,
        "end": lack.stage.end,
        "what": lack.what,
        "segment": lack.segment,
        "detail": lack.detail,
        "clip": lack.clip.id.hex if lack.clip else None,
        "clip_name": lack.clip.name if lack.clip else None,
        "gap_seconds": lack.gap.seconds if lack.gap else None,
        "gap_start": lack.gap.start if lack.gap else None,
        "days_open": max(0, overdue.days),
    }


def _grouped(rows: list[dict[str, Any]], group: str, extra: dict[str, Any], notes: list[str], code: int) -> Answer:
    keys: dict[str, Any] = {
        "unit": lambda row: [row["unit"]],
        "officer": lambda row: row["officers"],
        "month": lambda row: [beijing(row["start"], "%Y-%m")],
    }
    counted = Counter((key, row["what"]) for row in rows for key in keys[group](row))
    names = sorted({key for key, _ in counted})
    table = [{group: name, **{what: counted[(name, what)] for what in LACKS}} for name in names]
    columns = [Column(group, GROUPS[group], width=12), *(Column(what, title) for what, title in LACKS.items())]
    return Answer("missing_by", f"案件缺什么（按{GROUPS[group]}）", columns, table, extra | {"by": group}, notes, code)


def missing_of(
    kit: Kit, *, case_no: str = "", unit: str = "", since: str = "", until: str = "", group: str | None = None, sort: str = "case"
) -> Answer:
    """What lists require and footage does not show. `group` counts by unit, officer or month. Raises UnknownName for a case or
    unit that nobody knows."""
    found = missing(kit, case_no=case_number(case_no) if case_no else "", unit=unit, since=since, until=until)
    _must_match(kit, case_no, unit)
    rows = [_lack_row(lack, kit.clock(), kit.settings.coverage.grace_days) for lack in found]
    rows.sort(key=SORTS[sort])
    counts = Counter(row["what"] for row in rows)
    summary = joined((f"{LACKS[what]} {count}" for what, count in sorted(counts.items())), "没有发现缺少的内容")
    grace = kit.settings.coverage.grace_days
    notes = [
        f"{summary}。",
        f"宽限期：环节结束后 {grace} 天（可在 station.toml 的 coverage.grace_days 设置）。",
        LIMITS_OF_A_CHECK,
    ]
    extra = {"count": len(rows), "totals": dict(sorted(counts.items()))}
    code = 10 if rows else 0
    if group == "officer":
        notes.insert(1, "同一环节有多名执法人员时，每人各计一次，各行之和可能大于总数。")
    if group:
        return _grouped(rows, group, extra, notes, code)
    return Answer("missing", "案件缺什么", MISSING, rows, extra, notes, code)
