"""How long a clip is kept: the longest rule wins, and every doubt keeps.

Spans in months and years end on the day of the same number, on the last of the month where it has none, and that day is
still kept (民法典 第二百零一条 至 第二百零三条: 开始的当日不计入; 到期月的对应日为期间的最后一日).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from avrecord.model.keeping import Fate, Ground, Keeping
from avrecord.model.spans import months_later, months_of

CASE, PERMANENT = "case", "permanent"
LAST = date.max


def kept_until(retention: str, since: date, case_years: int) -> date | None:
    """The last day on which a rule keeps; None: never ends by itself. `case_years` 0: how long case files stay is not known."""
    if retention == CASE and case_years > 0:
        return months_later(since, 12 * case_years)
    months = months_of(retention)
    return None if months is None else months_later(since, months)


def decisive(grounds: Iterable[Ground]) -> Ground:
    """The ground that keeps longest. Raises ValueError without any: a clip that nothing keeps is a fault, not due."""
    return max(grounds, key=lambda ground: ground.until or LAST)


def fate_of(keeping: Keeping, today: date) -> Fate:
    """The one state of a clip. A hold stands above every date; what a person has to decide never falls due by itself."""
    if keeping.removed:
        return Fate.REMOVED
    if keeping.holds:
        return Fate.HELD
    until = decisive(keeping.grounds).until
    if until is None:
        return Fate.NEVER
    if today <= until:
        return Fate.KEPT
    if keeping.needs:
        return Fate.PERSON
    return Fate.WAITING if keeping.listed else Fate.DUE


def is_earlier(now: date | None, then: date | None) -> bool:
    """Whether a rule that keeps until `then` is shorter than one that keeps until `now`."""
    return (then or LAST) < (now or LAST)
