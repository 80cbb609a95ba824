"""月度统计: pure counting. A stage counts where it began, under its unit and under each of its officers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from avrecord.model.case import Account, MarkKind, Stage
from avrecord.model.statistics import Footage, Marked, Stages
from avrecord.rules.reviewing import in_force

COUNTED = (MarkKind.SEEN, MarkKind.NOT_SEEN, MarkKind.CANNOT_TELL)


def count_stages(accounts: Iterable[Account]) -> Stages:
    """Footage, gaps and marks as the check gives them; what people decided is counted beside it and changes none of it."""
    accounts = sorted(accounts, key=lambda account: account.stage.id)
    filmed = [account for account in accounts if account.clips]
    return Stages(
        without_footage=tuple(account.stage.id for account in accounts if not account.clips),
        whole=tuple(account.stage.id for account in filmed if not account.coverage.gaps),
        with_gaps=tuple(account.stage.id for account in filmed if account.coverage.gaps),
        unlisted=tuple(account.stage.id for account in accounts if account.mode is None),
        required=tuple(
            Marked(account.stage.id, mark.segment, mark.mark, mark.clip.id.hex if mark.clip else None)
            for account in accounts
            for mark in account.marks
            if mark.mark in COUNTED
        ),
        found_missing=tuple(
            (account.stage.id, item)
            for account in accounts
            for item, decision in sorted(in_force(account.reviews, account.four_eyes).items())
            if decision == "missing"
        ),
    )


def by_unit(accounts: Iterable[Account]) -> dict[str, Stages]:
    """Every stage under its one unit: the parts add up to the whole."""
    return _grouped(accounts, lambda stage: (stage.unit,))


def by_officer(accounts: Iterable[Account]) -> dict[str, Stages]:
    """A stage of two officers counts for both."""
    return _grouped(accounts, lambda stage: tuple(sorted(set(stage.officers))))


def together(parts: Iterable[Footage]) -> Footage:
    """Footage of several units as one."""
    parts = list(parts)
    return Footage(
        sum(each.clips for each in parts),
        sum(each.photos for each in parts),
        sum(each.recorded_ms for each in parts),
        sum(each.without_length for each in parts),
    )


def _grouped(accounts: Iterable[Account], keys: Callable[[Stage], Sequence[str]]) -> dict[str, Stages]:
    groups: dict[str, list[Account]] = defaultdict(list)
    for account in accounts:
        for key in keys(account.stage):
            groups[key].append(account)
    return {key: count_stages(group) for key, group in groups.items()}
