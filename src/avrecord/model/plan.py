"""What a custodian plans: 检修, 报废, 更新, and whether the recorders suffice for a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from avrecord.model.device import Device, LostDay, Span, Symptom
from avrecord.model.officer import OnDuty


@dataclass(frozen=True, slots=True)
class Upkeep:
    """All that planning needs of one recorder: its events of all time, symptoms of late, the day of its last docking."""

    device: Device
    spans: tuple[Span, ...] = ()
    symptoms: tuple[Symptom, ...] = ()
    last_docked: date | None = None
    docking_row: str = ""


@dataclass(frozen=True, slots=True)
class UpkeepRules:
    """Settings of the plans (`[care]` in station.toml gives the reason of each)."""

    service_interval_days: int
    faulty_days: int
    undocked_days: int
    repairs: int
    repair_cost_percent: int
    renew_months: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a recorder stands in a plan: one of `words.PLAN_REASONS`, since when, and the leaves that say so."""

    kind: str
    due: date
    detail: str
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """A recorder to service or to retire, with every reason. It is due when the first of them is."""

    device: Device
    reasons: tuple[Reason, ...]

    @property
    def due(self) -> date:
        return min(reason.due for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Purchase:
    """One recorder to buy for a unit until a day; `replaces` is the serial that leaves, None where the unit is short of one."""

    unit: str
    until: date
    replaces: Device | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Sufficiency:
    """Enough for a day? Serviceable recorders of a unit against its officers on duty, one recorder for each `per` of them."""

    unit: str
    per: int
    officers: tuple[OnDuty, ...]
    assistants: tuple[OnDuty, ...]
    serviceable: tuple[Device, ...]
    lost: tuple[LostDay, ...]
    """Recorders of the unit in service that do not serve on that day, with why."""

    @property
    def needed(self) -> int:
        return -(-len(self.officers) // self.per)

    @property
    def short(self) -> int:
        return max(0, self.needed - len(self.serviceable))
