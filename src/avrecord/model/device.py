"""Recorders as equipment: condition from facts, and days that were lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Device:
    """执法记录仪. Days are local. `known` says whether it was registered or only seen docked."""

    serial: str
    model: str | None
    unit: str | None
    bought_on: date | None
    warranty_until: date | None
    service_life_months: int | None
    in_service: bool
    known: bool


@dataclass(frozen=True, slots=True)
class Span:
    """An event of a recorder over days, both counted; `row` names the statement it comes from."""

    serial: str
    event: str
    since: date
    until: date | None
    note: str
    row: str


@dataclass(frozen=True, slots=True)
class Symptom:
    """A fact of one day that says the recorder did not work: a fault in footage, a clock far off."""

    serial: str
    day: date
    kind: str
    detail: str
    row: str


@dataclass(frozen=True, slots=True)
class Condition:
    """设备状况: what dockings and footage say about a recorder. Counts are over all time."""

    device: Device
    last_docked: datetime | None
    clock_offset_ms: int | None
    battery_percent: int | None
    clips: int
    faults: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, order=True)
class LostDay:
    """One recorder-day that did not serve, its reason and the row that says so."""

    serial: str
    day: date
    reason: str
    detail: str
    row: str


@dataclass(frozen=True, slots=True)
class Availability:
    """设备完好率 of a period: serviceable ÷ in-service recorder-days, and every lost day."""

    since: date
    until: date
    in_service_days: int
    lost: tuple[LostDay, ...]
    per_device: tuple[tuple[str, int], ...] = ()
    """In-service days of each recorder: they add up to `in_service_days`."""

    @property
    def serviceable_days(self) -> int:
        return self.in_service_days - len({(day.serial, day.day) for day in self.lost})

    @property
    def rate(self) -> float | None:
        """None where no recorder was in service: a share of nothing is not 100 %."""
        return self.serviceable_days / self.in_service_days if self.in_service_days else None
