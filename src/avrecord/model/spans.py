"""Spans in months: retention words, and the calendar day on which a span ends."""

from __future__ import annotations

import calendar
import re
from datetime import date

SPAN = re.compile(r"([1-9]\d{0,3})([ym])", re.ASCII)


def months_of(retention: str) -> int | None:
    """Months that `2y` or `6m` stands for; None for `permanent`, `case`, and whatever nobody understands: kept."""
    found = SPAN.fullmatch(retention)
    return int(found[1]) * (12 if found[2] == "y" else 1) if found else None


def months_later(day: date, months: int) -> date:
    """The same day so many months later, the month's last day where it has no such day; at most the calendar's last day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
