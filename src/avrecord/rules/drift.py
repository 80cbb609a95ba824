"""How fast a recorder's clock runs away between two dockings, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from avrecord.model.moments import milliseconds

SHORTEST = timedelta(hours=6)  # below it, two seconds of doubt are more than any quartz drifts in a month
QUARTZ_PPM = 500  # a wrist watch keeps 20, a bad one 100; beyond this somebody set the clock, or it stood still
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Measured:
    """One docking's clock: when (station time), how far ahead, how sure, and whether it was set right then."""

    at: datetime
    offset_ms: int
    uncertainty_ms: int
    set_right: bool


@dataclass(frozen=True, slots=True)
class Drift:
    """Milliseconds a day that the clock gains (negative: loses). `stepped`: more than any clock drifts by itself."""

    since: datetime
    until: datetime
    ms_per_day: float
    uncertainty_ms_per_day: float
    stepped: bool

    @property
    def ppm(self) -> float:
        """Parts per million: 1 s a day is 11.6."""
        return self.ms_per_day / DAY_MS * 1e6

    @property
    def uncertainty_ppm(self) -> float:
        return self.uncertainty_ms_per_day / DAY_MS * 1e6


def drift(earlier: Measured, later: Measured) -> Drift | None:
    """None where the dockings are too close to one another, or in no order, to say anything.

    A clock that was set right at the earlier docking started from nothing there, as sure as a whole second is.
    """
    span = later.at - earlier.at
    if span < SHORTEST:
        return None
    began = 0 if earlier.set_right else earlier.offset_ms
    days = milliseconds(span) / DAY_MS
    gained = (later.offset_ms - began) / days
    doubt = (earlier.uncertainty_ms + later.uncertainty_ms) / days
    return Drift(earlier.at, later.at, gained, doubt, abs(gained) - doubt > QUARTZ_PPM * DAY_MS / 1e6)
