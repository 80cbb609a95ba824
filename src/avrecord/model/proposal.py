"""A bureau's own list as it was read: items that a person confirms, and what gave no item."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from avrecord.model.checklist import Checklist, Item


@dataclass(frozen=True, slots=True)
class Term:
    """One entry of the word lists: which words stand for what, and where their wording is from."""

    means: str
    words: tuple[str, ...]
    patterns: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class ListWords:
    """`config/checklist-words.toml`: what proposals are made by."""

    segments: tuple[Term, ...]
    means: tuple[Term, ...]
    whole: tuple[Term, ...]
    key: tuple[Term, ...]
    optional: tuple[Term, ...]
    whole_stages: tuple[Term, ...]
    stages: tuple[Term, ...]
    negations: tuple[str, ...]
    resumes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is proposed: the column, and the very words that stand in it."""

    proposes: str
    column: str
    words: str


@dataclass(frozen=True, slots=True)
class Proposed:
    """One item, with the row that it came from, the words relied on, and what a person should look at."""

    item: Item
    row: int
    reasons: tuple[Reason, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Left:
    """A row that gave no item, or a column that nobody asked for; with its own words, so that nothing is lost."""

    row: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What was read from a list. Names and dates are proposals, too, where the file does not say them."""

    name: str
    unit: str
    version: str
    in_force_from: date
    items: tuple[Proposed, ...]
    left: tuple[Left, ...]
    columns: tuple[tuple[str, str], ...]
    """Header as written → our field, in the order of the sheet."""

    @property
    def differing(self) -> tuple[tuple[str, str], ...]:
        """Kinds and stages that several matters ask different things of."""
        items = tuple(each.item for each in self.items)
        return Checklist(self.name, self.unit, self.version, self.in_force_from, items).differing()
