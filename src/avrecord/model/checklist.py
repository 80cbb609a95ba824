"""《音像记录事项清单》: which stage of which kind of case needs which mode and segments."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache

from avrecord.model.spans import months_of


class Mode(StrEnum):
    WHOLE = "whole"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Item:
    """事项. An empty `case_kind` covers every kind that has no item of its own for the stage.

    What stands below `remarks` came later: the other columns of real lists, kept as the bureau wrote them.
    """

    code: str
    case_kind: str
    stage: str
    mode: Mode
    segments: tuple[str, ...]
    retention: str = "case"
    """`2y`, `6m`, `permanent`, or `case`: as the case file."""
    remarks: str = ""
    matter: str = ""
    """执法事项: what the enforcement is about, where the list says so apart from the stage."""
    record: str = ""
    """记录事项: what is to be recorded."""
    also: tuple[str, ...] = ()
    """Further names of the stage: a list says 查封（扣押）现场, the cases say 查封扣押."""
    means: tuple[str, ...] = ()
    """记录方式 as alternatives: `photo`, `audio`, `video`, `text`, or several that belong together as `photo+video`.

    One of them is enough. Empty: the list does not say. (`photo`,) is a row that asks for photographs only.
    """
    place: str = ""
    device: str = ""
    recorded_by: str = ""
    begins: str = ""
    content: str = ""
    ends: str = ""
    category: str = ""
    """执法记录类别: 场景类, 约谈类, 确认类."""
    deadline: str = ""
    """执法时限 as written: 适时 is no number of hours."""
    storage_kind: str = ""
    storage_place: str = ""
    other: tuple[str, ...] = ()
    """Columns that this program has no word for, as `column：content`."""


LATER = tuple(name for name in Item.__dataclass_fields__ if name not in ("code", "case_kind", "stage", "mode", "segments",
    "retention", "remarks"))  # fmt: skip
"""Fields that items of earlier documents do not have."""
LISTS = ("segments", "also", "means", "other")


def describes(item: Item) -> tuple[str, ...]:
    """What tells an item of a list from another: two items that agree in all of it are one given twice."""
    return (
        item.case_kind, spelled(item.stage), item.matter, item.record, item.place, item.content, item.begins, item.category,
        " ".join(item.means),
    )  # fmt: skip


@lru_cache(maxsize=4096)
def spelled(stage: str) -> str:
    """A stage's name without what spelling adds: 查封、扣押 and 查封扣押, （现场）检查 and 现场检查 are one stage."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", stage)).casefold()


@dataclass(frozen=True, slots=True)
class Checklist:
    """One version of the list. A stage is judged by the version in force on its day."""

    name: str
    unit: str
    version: str
    in_force_from: date
    items: tuple[Item, ...]

    def item_for(self, case_kind: str, stage: str) -> Item | None:
        """What the list requires of this stage of this kind of case; items for any kind count where none is for this one.

        Several rows of one matter add up: each says what else must be recorded. Rows of several matters (执法事项) do not:
        a case does not say which matter it is, so only what all of them require is required. A row without a matter is
        meant for all of them.
        """
        found = self._of(case_kind, spelled(stage)) or self._of("", spelled(stage))
        if len(found) < 2:
            return found[0] if found else None
        matters: dict[str, list[Item]] = {}
        for item in found:
            matters.setdefault(item.matter, []).append(item)
        if "" in matters:
            return _together(matters[""])
        return _common([_together(items) for items in matters.values()])

    def differing(self) -> tuple[tuple[str, str], ...]:
        """Kinds and stages of which several matters require different things: less is held to than some of them ask for."""
        asked: dict[tuple[str, str], set[tuple[str, Mode, tuple[str, ...]]]] = {}
        for item in self.items:
            asked.setdefault((item.case_kind, item.stage), set()).add((item.matter, item.mode, item.segments))
        return tuple(
            key
            for key, found in asked.items()
            if all(matter for matter, _, _ in found) and len({matter for matter, _, _ in found}) > 1
            and len({(mode, segments) for _, mode, segments in found}) > 1
        )  # fmt: skip

    def _of(self, case_kind: str, stage: str) -> list[Item]:
        """The items of a stage by its name; by one of its further names where none bears it."""
        mine = [item for item in self.items if item.case_kind == case_kind]
        exact = [item for item in mine if spelled(item.stage) == stage]
        return exact or [item for item in mine if stage in map(spelled, item.also)]


def _together(items: Sequence[Item]) -> Item:
    """Rows of one matter and stage as one item: everything that any of them requires."""
    if len(items) == 1:
        return items[0]
    segments = tuple(dict.fromkeys(segment for item in items for segment in item.segments))
    return replace(
        items[0],
        code=_codes(items),
        segments=segments,
        mode=_mode(any(item.mode is Mode.WHOLE for item in items)),
        means=(),
        retention=_longest(items),
    )


def _common(items: Sequence[Item]) -> Item:
    """Items of several matters as one: what each of them requires."""
    if len(items) == 1:
        return items[0]
    segments = tuple(s for s in items[0].segments if all(s in item.segments for item in items))
    return replace(
        items[0],
        code=_codes(items),
        segments=segments,
        mode=_mode(all(item.mode is Mode.WHOLE for item in items)),
        means=(),
        matter="",
        retention=_longest(items),
    )


def _longest(items: Sequence[Item]) -> str:
    """The longest retention of several rows: what ends by itself never (`permanent` before `case`) before any span."""
    endless = [item.retention for item in items if months_of(item.retention) is None]
    if endless:
        return "permanent" if "permanent" in endless else endless[0]
    return max((item.retention for item in items), key=lambda span: months_of(span) or 0)


def _mode(whole: bool) -> Mode:
    return Mode.WHOLE if whole else Mode.KEY


def _codes(items: Iterable[Item]) -> str:
    return "、".join(dict.fromkeys(item.code for item in items))
