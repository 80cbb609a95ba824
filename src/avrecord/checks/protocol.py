"""What a check is: it takes frames, words or packet facts, never paths, and says what it can speak for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from avrecord.checks.reading import Line
from avrecord.model.observation import Fault


@dataclass(frozen=True, slots=True)
class Found:
    """What a words check found in one frame: the line, its score per mille, and whether it is doubtful."""

    words: str
    score: int
    doubtful: bool
    line: Line


class WordsCheck(Protocol):
    """Looks for one segment's words among the lines read from a frame. Deterministic."""

    @property
    def segment(self) -> str:
        """The segment it can speak for."""

    @property
    def version(self) -> str:
        """`name@version`, stated with each observation."""

    def hints(self, lines: Sequence[Line]) -> bool:
        """Whether lines from a part of a frame make the whole of it worth reading. Cheap, and never too strict."""

    def read(self, lines: Sequence[Line]) -> Found | None:
        """The best find in one frame, or None."""


class TechnicalCheck(Protocol):
    """Judges whether the record itself is sound, from samples over the whole clip."""

    @property
    def version(self) -> str:
        """`name@version`, stated with each fault."""

    def faults(self) -> Sequence[Fault]:
        """Spans that are not sound. Asked once, after the last frame."""
