"""A recorder's clock from one docking to the next, read from the rows and attachments of both."""

from __future__ import annotations

from avrecord.errors import AvrecordError
from avrecord.model.card import CardFacts
from avrecord.model.moments import from_utc_text
from avrecord.pipeline.kit import Kit
from avrecord.rules.drift import Drift, Measured, drift
from avrecord.store import documents
from avrecord.store.sqlite import Row


def card_facts(digest: str | None, kit: Kit) -> CardFacts:
    """None of them where the docking told nothing, or its attachment was removed or lost: `verify` says which."""
    try:
        return documents.read_card_facts(kit.attachments.get(digest)) if digest else CardFacts()
    except AvrecordError:
        return CardFacts()


def drift_between(earlier: Row, before: CardFacts, later: Row, after: CardFacts) -> Drift | None:
    """Of two dockings that both told the clock; None when both only read the same old line of the log."""
    if (before.steps, before.readings) == (after.steps, after.readings):
        return None
    return drift(_measured(earlier, before), _measured(later, after))


def _measured(row: Row, facts: CardFacts) -> Measured:
    # Dockings of before there were facts: their one method was the recorder's note of being set right.
    set_right = facts.clock_set or (row["facts"] is None and row["clock_method"] == "device_log")
    return Measured(from_utc_text(row["seen_at"]), row["offset_ms"], row["uncertainty_ms"] or 0, set_right)
