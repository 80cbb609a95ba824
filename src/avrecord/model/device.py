"""Recorders as equipment: condition from facts, and days that were lost. `row` names a leaf of the log: `log:<index>`."""

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
    price_fen: int | None = None
    """Hundredths of a yuan."""
    row: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """An event of a recorder over days, both counted; `row` names the statement it comes from, `cost_fen` what it cost."""

    serial: str
    event: str
    since: date
    until: date | None
    note: str
    row: str
    cost_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Symptom:
    """A fact of one day that says the recorder did not work: a fault in footage (of `clip`), a clock far off."""

    serial: str
    day: date
    kind: str
    detail: str
    row: str
    clip: str = ""


@dataclass(frozen=True, slots=True)
class Drifted:
    """How the clock ran between the last two dockings that told it; `stepped`: it was set or stood still in between."""

    ms_per_day: float
    uncertainty_ms_per_day: float
    stepped: bool
    rows: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Condition:
    """设备状况: what dockings, footage and the custodian's entries say about a recorder. Counts are over all time."""

    device: Device
    last_docked: datetime | None
    clock_offset_ms: int | None
    battery_percent: int | None
    clips: int
    faults: tuple[tuple[str, int], ...]
    drift: Drifted | None = None
    card_bytes: int | None = None
    """Bytes that the card held at the last docking."""
    free_mb: int | None = None
    """Free space in MiB, where a log of the card tells it."""
    repairs: int = 0
    repair_cost_fen: int = 0
    open_event: str | None = None
    """A repair, fault or service that goes on today."""
    docking_row: str | None = None

    @property
    def card_used_percent(self) -> int | None:
        """Used of used and free, rounded; None where no log told the free space."""
        if self.free_mb is None or self.card_bytes is None:
            return None
        room = self.card_bytes + self.free_mb * 2**20
        return round(100 * self.card_bytes / room) if room else None


@dataclass(frozen=True, slots=True, order=True)
class LostDay:
    """One recorder-day that did not serve, its reason and the row that says so."""

    serial: str
    day: date
    reason: str
    detail: str
    row: str
    clip: str = ""


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
