"""A recorder's dockings one after another: its clock at each, and how fast it drifts in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from avrecord.errors import UnknownName
from avrecord.model.card import CardFacts
from avrecord.model.device import Condition
from avrecord.model.moments import from_utc_text
from avrecord.pipeline.care import conditions
from avrecord.pipeline.drifting import card_facts, drift_between
from avrecord.pipeline.kit import Kit
from avrecord.rules.drift import Drift
from avrecord.store.sqlite import Row


@dataclass(frozen=True, slots=True)
class Docking:
    """One docking as its statement says it. `drift`: since the one before it that told the clock."""

    at: datetime
    row: Row
    facts: CardFacts
    drift: Drift | None


@dataclass(frozen=True, slots=True)
class History:
    """A recorder, its dockings (oldest first), and how many of its clips claim a time that cannot be."""

    condition: Condition
    dockings: tuple[Docking, ...]
    doubtful: tuple[tuple[str, int], ...]


def history(serial: str, kit: Kit) -> History:
    """Raises UnknownName for a recorder that was neither registered nor ever docked."""
    known = [condition for condition in conditions(kit) if condition.device.serial == serial]
    if not known:
        raise UnknownName(what="记录仪", name=serial)
    dockings: list[Docking] = []
    for row in kit.store.rows("dockings_of", recorder=serial):
        facts = card_facts(row["facts"], kit)
        dockings.append(Docking(from_utc_text(row["seen_at"]), row, facts, _drift_since(dockings, row, facts)))
    doubtful = kit.store.rows("doubtful_clips", recorder=serial)
    return History(known[0], tuple(dockings), tuple((row["claim_doubt"], row["clips"]) for row in doubtful))


def _drift_since(before: list[Docking], row: Row, facts: CardFacts) -> Drift | None:
    """From the latest docking that told the clock."""
    told = [docking for docking in before if docking.row["offset_ms"] is not None]
    if row["offset_ms"] is None or not told:
        return None
    return drift_between(told[-1].row, told[-1].facts, row, facts)
