"""What one version of the list changes against another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from avrecord.model.checklist import Checklist, Item, spelled

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """`added`, `removed`, or `changed` with one field's values before and after."""

    change: str
    item: Item
    field: str = ""
    before: str | tuple[str, ...] = ""
    after: str | tuple[str, ...] = ""


def differences(old: Checklist, new: Checklist) -> tuple[Change, ...]:
    """Items of one version against those of another, field by field; in the order of the new list, removed ones last.

    An item is the same one when kind, matter, stage and 记录事项 agree; of several that agree so, those with one code.
    What is left over on both sides under one code is one that was renamed.
    """
    pairs = dict(_pairs(old.items, new.items))
    matched = set(pairs.values())
    found: list[Change] = []
    for n, item in enumerate(new.items):
        if n not in pairs:
            found.append(Change("added", item))
        else:
            found += _fields(old.items[pairs[n]], item)
    return (*found, *(Change("removed", item) for n, item in enumerate(old.items) if n not in matched))


def _pairs(old: Sequence[Item], new: Sequence[Item]) -> Iterator[tuple[int, int]]:
    """Positions of new items with those of the old ones that they follow: the strictest likeness first."""
    free_old, free_new = dict(enumerate(old)), dict(enumerate(new))
    for likeness in (lambda i: (*_key(i), i.code), _key, lambda i: (i.code,)):
        waiting: dict[Key, list[int]] = {}
        for n, item in free_old.items():
            waiting.setdefault(likeness(item), []).append(n)
        for n, item in list(free_new.items()):
            if partners := waiting.get(likeness(item)):
                before = partners.pop(0)
                del free_new[n], free_old[before]
                yield n, before


def _key(item: Item) -> Key:
    return (item.case_kind, item.matter, spelled(item.stage), item.record)


def _fields(before: Item, after: Item) -> Iterator[Change]:
    for field in fields(Item):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old != new:
            yield Change("changed", after, field.name, old, new)
