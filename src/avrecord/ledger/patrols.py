"""巡查记录 → rows of a case table: a patrol becomes a stage 巡查, linked and covered like any other."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from avrecord.ledger.people import Roster, officers_of
from avrecord.ledger.read import Table, day, identifier, moment, text

PATROL = "巡查"
PATROLS = {
    "case": ("巡查编号", "巡查记录编号", "编号", "patrol"),
    "day": ("巡查日期", "日期", "date"),
    "span": ("巡查时间", "时间", "巡查时段", "时段", "time"),
    "start": ("开始时间", "巡查开始时间", "出发时间", "起始时间", "start"),
    "end": ("结束时间", "巡查结束时间", "返回时间", "终止时间", "end"),
    "route": ("巡查路线", "路线", "巡查区域", "巡查路段", "路段", "区域", "巡查地点", "route"),
    "names": ("巡查人员", "人员", "执法人员", "names"),
    "officers": ("执法证号", "执法人员证号", "证号", "officers"),
    "unit": ("执法单位", "单位", "巡查单位", "中队", "部门", "unit"),
}
CLOCK = re.compile(r"(?P<half>上午|下午|晚上|凌晨)?(?P<hour>\d{1,2})(?:[:时点](?P<minute>\d{1,2})?分?)(?::(?P<second>\d\d))?")


def is_patrol(table: Table) -> bool:
    """Whether a table is a patrol log: it says when and who, and has a route or says 巡查 in its header or title.

    A table with 环节 is one of cases whose case number is missing, whatever its title says.
    """
    timed = "span" in table.known or {"start", "end"} <= table.known
    named = "route" in table.known or PATROL in table.heading
    return timed and named and bool({"officers", "names"} & table.known) and "环节" not in table.heading


def patrol_row(row: Mapping[str, object], roster: Roster) -> dict[str, object]:
    """One patrol as a row of a case table. Raises ValueError with a Chinese reason.

    A patrol without a number is named by unit, day and route (by its officers where there is no route): the same row read
    again is the same patrol.
    """
    officers = officers_of(row["officers"], row["names"], roster)
    start, end = _window(row)
    unit, route = text(row["unit"]), text(row["route"])
    number = identifier(row["case"])
    return {
        "case": number
        or "·".join(part for part in (PATROL, unit, start.strftime("%Y-%m-%d"), route or "、".join(officers)) if part),
        "case_kind": PATROL,
        "stage": PATROL,
        "unit": unit,
        "names": "",
        "officers": "、".join(officers),
        "start": start.replace(tzinfo=None),
        "end": end.replace(tzinfo=None),
        "place": route,
        "party": "",
    }


def _window(row: Mapping[str, object]) -> tuple[datetime, datetime]:
    """From when to when, in Beijing time. A patrol that ends before it begins went over midnight."""
    on = day(row["day"])
    if not text(row["start"]) and not text(row["end"]):
        found = [_clock(match) for match in CLOCK.finditer(_plain(row["span"]))]
        if on is None or len(found) != 2:
            raise ValueError(f"看不出巡查的起止时间：{text(row['day'])} {text(row['span'])}".rstrip())
        return _over_midnight(datetime.combine(on, found[0]), datetime.combine(on, found[1]))
    start = _moment(row["start"], on)
    return _over_midnight(start, _moment(row["end"], on))


def _over_midnight(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    return start, end + timedelta(days=1) if end < start and end.date() == start.date() else end


def _moment(value: object, on: date | None) -> datetime:
    """A whole moment, or a time of the row's day."""
    if isinstance(value, time):
        clock: time | None = value
    else:
        match = CLOCK.fullmatch(_plain(value))
        clock = _clock(match) if match else None
    if clock is None:
        return moment(value).replace(tzinfo=None)
    if on is None:
        raise ValueError(f"只有时间，没有日期：{text(value)}")
    return datetime.combine(on, clock)


def _clock(match: re.Match[str]) -> time:
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    if match["half"] in ("下午", "晚上") and hour < 12:
        hour += 12
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"不是有效的时间：{match.group()}")
    return time(hour, minute, second)


def _plain(value: object) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text(value)))
