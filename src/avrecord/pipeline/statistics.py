"""月度统计: what a month shows of each unit and officer. Clips are counted by the database, stages by the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from avrecord.model.case import MarkKind
from avrecord.model.spans import months_later
from avrecord.model.statistics import Footage, Line, Marked, MonthFigures, Stages, Uploads
from avrecord.pipeline.care import of_months, utc_of
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.missing import accounts
from avrecord.rules.statistics import by_officer, by_unit, count_stages, together
from avrecord.store.sqlite import Row

HOUR_MS = 3_600_000


def month_figures(month: str, unit: str, kit: Kit) -> MonthFigures:
    """Figures of a local month `YYYY-MM`; `unit` empty: of all.

    Clips belong to the unit of their recorder and to whoever held it that day; stages to their unit and officers; reviews to
    the stage's unit and to whoever made them.
    """
    first = date.fromisoformat(f"{month}-01")
    following = months_later(first, 1)
    found = list(accounts(kit, unit=unit, since=utc_of(first), until=utc_of(following)))
    made = kit.store.rows("reviews_between", since=utc_of(first), until=utc_of(following))
    made = [row for row in made if not unit or row["unit"] == unit]
    days = {"first": first.isoformat(), "last": (following - timedelta(days=1)).isoformat()}
    limit = {"limit_ms": kit.settings.statistics.upload_hours * HOUR_MS}
    rates = next(iter(of_months(month, month, kit, unit)), None)

    units = _lines(
        _footage(kit.store.rows("footage_by_unit", **days)),
        _uploads(kit.store.rows("uploads_by_unit", **days, **limit)),
        by_unit(found),
        _reviews(made, "unit"),
        rates.units if rates else {},
    )
    units = [line for line in units if not unit or line.name == unit]
    officers = _lines(
        _footage(kit.store.rows("footage_by_officer", **days)),
        _uploads(kit.store.rows("uploads_by_officer", **days, **limit)),
        by_officer(found),
        _reviews(made, "by_whom"),
        {},
    )
    if unit:
        theirs = {number for number, officer in kit.records.officers().items() if officer.unit == unit}
        officers = [line for line in officers if line.name in theirs or line.stages.all or line.reviews]
    if unit:
        uploaded = next((line.uploads for line in units), Uploads())
    else:
        uploaded = _uploads(kit.store.rows("uploads_of_all", **days, **limit)).get("", Uploads())
    whole = Line(
        "",
        together(line.footage for line in units),
        uploaded,
        count_stages(found),
        tuple(row["seq"] for row in made),
        rates.whole if rates else None,
    )
    return MonthFigures(month, days["first"], days["last"], tuple(units), tuple(officers), whole)


def _lines(
    footage: dict[str, Footage],
    uploads: dict[str, Uploads],
    stages: dict[str, Stages],
    reviews: dict[str, tuple[int, ...]],
    rates: dict[str, Any],
) -> list[Line]:
    return [
        Line(
            name,
            footage.get(name, Footage()),
            uploads.get(name, Uploads()),
            stages.get(name, Stages()),
            reviews.get(name, ()),
            rates.get(name),
        )
        for name in sorted({*footage, *uploads, *stages, *reviews, *rates})
    ]


def _footage(rows: Iterable[Row]) -> dict[str, Footage]:
    return {row["who"]: Footage(row["clips"], row["photos"], row["recorded_ms"], row["without_length"]) for row in rows}


def _uploads(rows: Iterable[Row]) -> dict[str, Uploads]:
    return {row["who"]: Uploads(row["clips"], row["in_time"], row["median_ms"]) for row in rows}


def _reviews(rows: Iterable[Row], key: str) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row["seq"])
    return {name: tuple(seqs) for name, seqs in found.items()}


def explained(found: MonthFigures, kit: Kit) -> dict[str, dict[str, Any]]:
    """What was counted, line by line: `units`, `officers` and `whole` → name → ids and leaves."""
    limit = kit.settings.statistics.upload_hours * HOUR_MS
    rows = kit.store.rows("clips_of_days", first=found.first, last=found.last)
    held: dict[str, list[Any]] = defaultdict(list)
    for each in kit.records.assignments():
        held[each.recorder].append(each)
    units: dict[str, list[Row]] = defaultdict(list)
    officers: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        units[row["unit"]].append(row)
        for officer in {each.officer for each in held[row["recorder"]] if each.covers(row["day"])}:
            officers[officer].append(row)
    whole = [row for line in found.units for row in units[line.name]]
    return {
        "units": {line.name: _why(line, units[line.name], limit) for line in found.units},
        "officers": {line.name: _why(line, officers[line.name], limit) for line in found.officers},
        "whole": {"": _why(found.whole, whole, limit)},
    }


def _why(line: Line, clips: list[Row], limit: int) -> dict[str, Any]:
    late = [row["clip_id"] for row in clips if row["delay_ms"] is not None and row["delay_ms"] > limit]
    stages = line.stages
    return {
        "clips": [{"clip": row["clip_id"], "row": f"log:{row['seq']}", "delay_ms": row["delay_ms"]} for row in clips],
        "late": late,
        "without_footage": [_stage(each) for each in stages.without_footage],
        "whole": [_stage(each) for each in stages.whole],
        "with_gaps": [_stage(each) for each in stages.with_gaps],
        "unlisted": [_stage(each) for each in stages.unlisted],
        **{kind.value: [_marked(each) for each in stages.marked(kind)] for kind in MarkKind if kind is not MarkKind.NOT_REQUIRED},
        "found_missing": [_stage(stage) | {"item": item} for stage, item in stages.found_missing],
        "reviews": [f"log:{seq}" for seq in line.reviews],
        "lost_days": [
            {"recorder": lost.serial, "day": lost.day, "reason": lost.reason, "row": lost.row, "clip": lost.clip or None}
            for lost in (line.availability.lost if line.availability else ())
        ],
    }


def _stage(stage: Any) -> dict[str, str]:
    return {"case": stage.case, "stage": stage.name}


def _marked(each: Marked) -> dict[str, Any]:
    return _stage(each.stage) | {"segment": each.segment, "clip": each.clip}
