"""亮证, 告知 and every other segment whose proof is printed words in the picture.

Which words, with what forgiveness and what must never count, is data (`config/segments.toml`), so a
bureau adds a segment without code. A match says that the words were in the picture: not that a card
was genuine, whose it was, or that anybody was told anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from avrecord.checks.protocol import Found
from avrecord.checks.reading import Line
from avrecord.checks.segments import ways
from avrecord.checks.wording import Wording


class WordsShown:
    """One segment's words check; see `protocol.WordsCheck`."""

    def __init__(self, segment: str, table: dict[str, Any]) -> None:
        self.segment = segment
        self.version = f"{segment}@{int(table.get('version', 1))}"
        self._wording = Wording.of(segment, table)

    def hints(self, lines: Sequence[Line]) -> bool:
        """Whether anything in a part of a frame makes the whole of it worth reading."""
        return any(self._wording.hints(line.words) for line in lines)

    def read(self, lines: Sequence[Line]) -> Found | None:
        hit = self._wording.find([line.words for line in lines])
        return Found(hit.words, hit.score, hit.doubtful, lines[hit.line]) if hit else None


def checks_of(segments: dict[str, Any]) -> list[WordsShown]:
    """A check for each segment of `segments.toml` that is proved by printed words."""
    return [WordsShown(name, table) for name, table in segments.items() if "printed" in ways(table)]
