"""How often the check and people agree: the error measured on the bureau's own footage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from avrecord.rules.worth import Worth

TOLD = ("seen", "not_seen")
"""Marks that say something; 无法判断 is neither right nor wrong."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One mark that a person decided about. `drawn`: by lot, so that it stands for others as well."""

    segment: str
    check: str
    mark: str
    decision: str
    drawn: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of the marks of one kind, how many people agreed with. None in `worth`: nobody looked."""

    segment: str
    check: str
    mark: str
    drawn: bool
    agreed: int
    reviewed: int

    @property
    def worth(self) -> Worth | None:
        return Worth(self.agreed, self.reviewed) if self.reviewed else None


def agreement(judged: Iterable[Judged]) -> tuple[Agreement, ...]:
    """Per segment, check version and mark; those drawn by lot apart from those that somebody looked for.

    抽检已见 agrees with 人工确认已见, 抽检未见 with 人工认定缺失. A decision that something is not required says nothing
    about the check.
    """
    of: Counter[tuple[str, str, str, bool]] = Counter()
    right: Counter[tuple[str, str, str, bool]] = Counter()
    for each in judged:
        if each.mark not in TOLD or each.decision not in ("seen", "missing"):
            continue
        key = each.segment, each.check, each.mark, each.drawn
        of[key] += 1
        right[key] += (each.mark == "seen") == (each.decision == "seen")
    return tuple(Agreement(*key, right[key], of[key]) for key in sorted(of))
