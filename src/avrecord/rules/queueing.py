"""The review queue: whose turn it is to be looked at by a person, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from avrecord.model.case import Account, MarkKind
from avrecord.rules.judging import is_whole, lacks
from avrecord.rules.reviewing import FOOTAGE, decisions

ORDER = ("not_seen", "cannot_tell", "gap", "no_footage", "second_eye", "sample")


@dataclass(frozen=True, slots=True)
class Quota:
    """Reviews that each officer, and each unit, is to come to in a month; 0: none."""

    per_officer: int
    per_unit: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing to look at. `need` is one of `ORDER`; `item` a segment or `footage`."""

    account: Account
    item: str
    need: str
    detail: str
    days: int


def waiting(accounts: Iterable[Account], now: datetime) -> list[Waiting]:
    """What is required and not shown, and what waits for a second person: the most pressing first, the oldest first."""
    found = [each for account in accounts for each in _of(account, now)]
    return sorted(found, key=_order)


def to_sample(
    accounts: Iterable[Account], done: Mapping[str, int], quota: Quota, rank: Mapping[tuple[str, str, str], str]
) -> list[Waiting]:
    """Marks 抽检已见 that nobody reviewed, so that officers and units come to their quota of reviews of the period.

    Without these only what the check did not see would ever be looked at, and what it sees wrongly would never come out.
    `done`: reviews so far per officer, and per unit as `unit_key` names it; `rank`: case, stage and segment → where the lot
    put it.
    """
    candidates = [
        Waiting(account, mark.segment, "sample", mark.reason, 0)
        for account in accounts
        for mark in account.marks
        if mark.mark is MarkKind.SEEN and mark.segment not in decisions(account.reviews)
    ]
    candidates.sort(key=lambda each: rank.get(key_of(each), ""))
    counted, chosen = Counter(done), []
    for each in candidates:
        officers, unit = each.account.stage.officers, unit_key(each.account.stage.unit)
        if any(counted[officer] < quota.per_officer for officer in officers) or counted[unit] < quota.per_unit:
            chosen.append(each)
            counted.update([*officers, unit])
    return chosen


def unit_key(unit: str) -> str:
    """A unit among the numbers of officers."""
    return f"unit\n{unit}"


def key_of(each: Waiting) -> tuple[str, str, str]:
    return each.account.stage.id.case, each.account.stage.id.name, each.item


def _of(account: Account, now: datetime) -> Iterable[Waiting]:
    days = max(0, (now - account.stage.end).days)
    decided = decisions(account.reviews, account.four_eyes)
    for lack in lacks(account, is_whole(account.mode)):
        item = lack.segment or FOOTAGE
        if lack.what in ORDER and not (item in decided and decided[item].pending):
            yield Waiting(account, item, lack.what, lack.detail, days)
    for each in decided.values():
        if each.pending:
            yield Waiting(account, each.item, "second_eye", f"{'、'.join(each.by)}", days)


def _order(each: Waiting) -> tuple[int, datetime, str, str, str]:
    return ORDER.index(each.need), each.account.stage.start, *key_of(each)
