"""What the log says of recorders as equipment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from avrecord.model.statement.base import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRegistered(Body):
    """Dates are `YYYY-MM-DD`, local; `service_life_months` counts from `bought_on`; `price_fen` in hundredths of a yuan."""

    kind: ClassVar[str] = "device.registered"
    recorder: str
    model: str | None
    unit: str | None
    bought_on: str | None
    warranty_until: str | None
    service_life_months: int | None
    in_service: bool
    price_fen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAssigned(Body):
    """`officer` is the 执法证号. `until` is the last day, or None while it goes on."""

    kind: ClassVar[str] = "device.assigned"
    recorder: str
    officer: str
    since: str
    until: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEvent(Body):
    """`event` is one of `words.DEVICE_EVENTS`; both days count. `cost_fen`: what it cost, hundredths of a yuan."""

    kind: ClassVar[str] = "device.event"
    recorder: str
    event: str
    since: str
    until: str | None
    note: str
    cost_fen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyImported(Body):
    """值班表. `source` is the file as read, `rows` its entries in our form; both are attachments."""

    kind: ClassVar[str] = "duty.imported"
    source: str
    rows: str
    entries: int
