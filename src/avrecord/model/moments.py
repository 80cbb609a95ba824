"""Moments. Inside: aware UTC datetimes. In the log and the database: one sortable text form."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

BEIJING = timezone(timedelta(hours=8), "北京时间")
"""China has had one zone and no summer time since 1991, which is before any recorder."""

FORM = "%Y-%m-%dT%H:%M:%S.%fZ"


def utc_text(moment: datetime) -> str:
    """`2026-11-16T01:00:00.000000Z`: always six digits, so that text order is time order."""
    return moment.astimezone(UTC).strftime(FORM)


def from_utc_text(text: str) -> datetime:
    """The inverse of `utc_text`. Raises ValueError for any other form."""
    moment = datetime.fromisoformat(text)  # a tenth of strptime's time; the comparison makes it as strict
    if utc_text(moment) != text:
        raise ValueError(text)
    return moment


def beijing(moment: datetime | None, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """What people read on screen and paper. A dash where there is no moment."""
    return moment.astimezone(BEIJING).strftime(form) if moment else "—"


def since(start: datetime, milliseconds: int) -> datetime:
    """The moment that lies `milliseconds` after `start`."""
    return start + timedelta(milliseconds=milliseconds)


def milliseconds(span: timedelta) -> int:
    """A span as whole milliseconds: statements hold no floats."""
    return round(span / timedelta(milliseconds=1))


def local_day(moment: datetime) -> date:
    """The day in Beijing."""
    return moment.astimezone(BEIJING).date()


def day_begins(day: date) -> datetime:
    """When a day begins in Beijing."""
    return datetime.combine(day, time(), BEIJING)
