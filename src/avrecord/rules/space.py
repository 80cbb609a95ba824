"""How long the disk will last, by what came in lately."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

WEEKS = 4
LEAST_DAYS = 3  # of history: one busy day is no rate


@dataclass(frozen=True, slots=True)
class Forecast:
    """`per_day`: bytes a calendar day over the last four weeks (fewer where the station is younger). None: not known yet.

    `busiest` is the largest day in them; `days_at_worst` is how long the disk lasts if every day is like it.
    """

    free: int
    per_day: int | None
    busiest: int | None
    days: int | None
    days_at_worst: int | None


def forecast(free: int, taken: Mapping[date, int], today: date) -> Forecast:
    """From the bytes that each day brought. Days without intake count as such; today, which is not over, does not count."""
    since = max(min(taken, default=today), today - timedelta(weeks=WEEKS))
    counted = (today - since).days
    if counted < LEAST_DAYS:
        return Forecast(free, None, None, None, None)
    lately = [size for day, size in taken.items() if since <= day < today]
    per_day, busiest = sum(lately) // counted, max(lately, default=0)
    return Forecast(free, per_day, busiest, _days(free, per_day), _days(free, busiest))


def _days(free: int, per_day: int) -> int | None:
    return max(0, free) // per_day if per_day else None
