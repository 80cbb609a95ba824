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
    """Item → the decision in force, or, where there is none yet, the one that waits for a second person.

    A decision in `four_eyes` counts once two persons have said it one after the other, whoever was first; somebody who
    says the same twice, or spells the own number otherwise, is one person. One that waits does not push out one in force,
    and what took two persons takes two to withdraw.
    """
    by_item: dict[str, list[Review]] = {}
    for review in sorted(reviews, key=lambda each: each.seq):
        by_item.setdefault(review.item, []).append(review)
    found = (_standing(item, said, four_eyes) for item, said in by_item.items())
    return {each.item: each for each in found if each and each.decision != "withdrawn"}


def folded(number: str) -> str:
    """A person's number however it is spelled: FY-041 007, fy041007."""
    return "".join(character for character in number.casefold() if character.isalnum())


def in_force(reviews: Iterable[Review], four_eyes: Collection[str] = ()) -> dict[str, str]:
    """Item → decision, without those that wait for a second person."""
    return {item: each.decision for item, each in decisions(reviews, four_eyes).items() if not each.pending}


def _standing(item: str, said: list[Review], four_eyes: Collection[str]) -> Decision | None:
    """The latest decision that counts; else the latest of all, waiting."""
    in_force: Decision | None = None
    for end in range(1, len(said) + 1):
        found = _decision(item, said[:end], four_eyes, in_force)
        if not found.pending:
            in_force = found
    last = _decision(item, said, four_eyes, in_force)
    if in_force and in_force.decision != "withdrawn":
        return in_force
    return last if last.pending and last.decision != "withdrawn" else in_force


def _decision(item: str, said: list[Review], four_eyes: Collection[str], before: Decision | None) -> Decision:
    last = said[-1]
    agreeing: dict[str, str] = {}
    for review in reversed(said):
        if review.decision != last.decision:
            break
        agreeing.setdefault(folded(review.by), review.by)
    asked = last.decision in four_eyes or (last.decision == "withdrawn" and before is not None and before.decision in four_eyes)
    return Decision(item, last.decision, tuple(reversed(agreeing.values())), last.at, last.seq, asked and len(agreeing) < 2)
