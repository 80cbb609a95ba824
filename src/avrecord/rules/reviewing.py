"""人工复核: what a person's decisions amount to. The latest one of each item decides; nothing before it is erased."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from avrecord.model.case import Review

FOOTAGE, STAGE = "footage", "stage"
"""Items beside segments: the footage as such, and whether the stage is asked for at all (an exclusion)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What holds of an item. `pending`: a second person must say the same before it counts."""

    item: str
    decision: str
    by: tuple[str, ...]
    at: datetime
    seq: int
    pending: bool


def decisions(reviews: Iterable[Review], four_eyes: Collection[str] = ()) -> dict[str, Decision]:
    """Item → the decision in force. What was withdrawn is not there.

    A decision in `four_eyes` counts once two persons have said it one after the other, whoever was first; somebody who
    says the same twice is one person.
    """
    by_item: dict[str, list[Review]] = {}
    for review in sorted(reviews, key=lambda each: each.seq):
        by_item.setdefault(review.item, []).append(review)
    found = (_decision(item, said, four_eyes) for item, said in by_item.items())
    return {each.item: each for each in found if each.decision != "withdrawn"}


def in_force(reviews: Iterable[Review], four_eyes: Collection[str] = ()) -> dict[str, str]:
    """Item → decision, without those that wait for a second person."""
    return {item: each.decision for item, each in decisions(reviews, four_eyes).items() if not each.pending}


def _decision(item: str, said: list[Review], four_eyes: Collection[str]) -> Decision:
    last = said[-1]
    agreeing: list[str] = []
    for review in reversed(said):
        if review.decision != last.decision:
            break
        if review.by not in agreeing:
            agreeing.insert(0, review.by)
    pending = last.decision in four_eyes and len(agreeing) < 2
    return Decision(item, last.decision, tuple(agreeing), last.at, last.seq, pending)
