"""《音像记录事项清单》: which stage of which kind of case needs which mode and segments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Mode(StrEnum):
    WHOLE = "whole"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Item:
    """事项. An empty `case_kind` covers every kind that has no item of its own for the stage."""

    code: str
    case_kind: str
    stage: str
    mode: Mode
    segments: tuple[str, ...]
    retention: str = "case"
    remarks: str = ""


@dataclass(frozen=True, slots=True)
class Checklist:
    """One version of the list. A stage is judged by the version in force on its day."""

    name: str
    unit: str
    version: str
    in_force_from: date
    items: tuple[Item, ...]

    def item_for(self, case_kind: str, stage: str) -> Item | None:
        """The item of exactly this kind and stage; else the one for any kind; else none."""
        found = [i for i in self.items if i.stage == stage and i.case_kind in (case_kind, "")]
        return max(found, key=lambda item: bool(item.case_kind), default=None)
