"""Officers as the roster names them, and who is on duty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Officer:
    """`number` is the 执法证号. `valid_until`: the certificate's last day, None where the roster gives none (长期, or blank)."""

    number: str
    name: str
    unit: str
    category: str
    valid_until: date | None
    row: str


class Standing(StrEnum):
    """May this person enforce on that day, by the roster?"""

    VALID = "valid"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    ASSISTANT = "assistant"
    UNDATED = "undated"


@dataclass(frozen=True, slots=True, order=True)
class OnDuty:
    """An officer of a unit's day. `basis`: `roster` (值班表), `stage` (a case names them), `assignment` (holds a recorder)."""

    unit: str
    officer: str
    basis: str
    row: str


@dataclass(frozen=True, slots=True, order=True)
class Flag:
    """A recorder that is not in the right hands on a day: `kind` is one of `words.DEVICE_FLAGS`, `rows` say why."""

    recorder: str
    kind: str
    officer: str
    detail: str
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Overlap:
    """One recorder assigned to two officers on the same days, both counted. `until` None: it goes on."""

    recorder: str
    officers: tuple[str, str]
    since: str
    until: str | None
    rows: tuple[str, str]
