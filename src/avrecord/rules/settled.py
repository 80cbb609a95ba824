"""Which files of a card have stopped changing."""

from __future__ import annotations

from collections.abc import Iterable

from avrecord.model.card import SourceFile


def settled(earlier: Iterable[SourceFile], later: Iterable[SourceFile]) -> tuple[SourceFile, ...]:
    """The files on which both listings agree in path, size and time, in the later one's order."""
    before = set(earlier)
    return tuple(file for file in later if file in before)
