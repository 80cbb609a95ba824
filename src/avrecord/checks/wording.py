"""Matching read lines against the words of a segment (`config/segments.toml`), forgiving OCR slips."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

LONGEST_LINE = 24
LONG_TITLE = 7
SLIP_ROOM = 2  # characters beside a phrase that was read with a slip: where more is misread, anything may be
NOT_WORDS = re.compile(r"[\s\W_]+")


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that carries a segment's words. `score` per mille; doubtful hits never prove."""

    words: str
    line: int
    score: int
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """`text` within `distance` edits anywhere in a line of at most `longest` characters.

    `must_end`: the matched piece ends with these characters read right: 行政执法局 is one edit from
    行政执法证 and must not pass.
    """

    text: str
    distance: int = 0
    must_end: str = ""
    longest: int = LONGEST_LINE

    def hit(self, line: str) -> int | None:
        """The score of a folded line, or None."""
        if len(line) > self.longest:
            return None
        cost = self._cost(line)
        if cost is None or (cost and len(line) > len(self.text) + SLIP_ROOM):
            return None
        return 1000 - 100 * cost

    def slipped(self, line: str) -> bool:
        """Whether it was read but for a slip, in a line that says more: 主动出示行政执法证 on a poster was once read as
        主动出采行政热法证, so that what must never count (出示) was not there to be seen."""
        return len(line) <= self.longest and bool(self._cost(line)) and len(line) > len(self.text) + SLIP_ROOM

    def _cost(self, line: str) -> int | None:
        """Edits, where they are few enough and the end was read right."""
        cost, end = nearest(self.text, line)
        return cost if cost <= self.distance and line[:end].endswith(self.must_end) else None


@dataclass(frozen=True, slots=True)
class Together:
    """`text` as a whole line beside another line that matches one of `beside`.

    `doubtful`: what stands beside it also stands on vests, signs and overlays, so a person has to look.
    """

    text: str
    beside: tuple[re.Pattern[str], ...]
    doubtful: bool = False

    def hit(self, line: str, others: Sequence[str]) -> int | None:
        if line != self.text or not any(p.search(other) for other in others for p in self.beside):
            return None
        return 800


@dataclass(frozen=True, slots=True)
class Title:
    """A document's whole title: two edits allowed, one under seven characters.

    `core`: characters that must be read right. 行政许可决定书 is two edits from 行政处罚决定书, 报告书 one from
    催告书: a slip of the reader and another document look alike, except in the words that make the title.
    """

    text: str
    core: str = ""

    def __post_init__(self) -> None:
        if self.core not in self.text:
            raise ValueError(f"core “{self.core}” 不在 text “{self.text}” 中")

    def hit(self, line: str) -> int | None:
        """The score of a folded line, or None."""
        cost = self._cost(line)
        return 1000 - 100 * cost if cost <= self.allowed and self.core in line else None

    def slipped(self, line: str) -> bool:
        """Whether a long title was read but for one character, and that one in its core."""
        return len(self.text) >= LONG_TITLE and self._cost(line) == 1 and self.core not in line

    def _cost(self, line: str) -> int:
        fits = len(self.text) - 2 <= len(line) <= len(self.text) + 6
        return nearest(self.text, line)[0] if fits else len(self.text)

    @property
    def allowed(self) -> int:
        return 2 if len(self.text) >= LONG_TITLE else 1


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one segment, as data. `never` wins over every phrase and title of its line."""

    segment: str
    phrases: tuple[Phrase, ...]
    together: tuple[Together, ...]
    titles: tuple[Title, ...]
    doubt: tuple[Phrase, ...]
    never: tuple[re.Pattern[str], ...]

    @classmethod
    def of(cls, segment: str, table: dict[str, Any]) -> Wording:
        """From a table of `segments.toml`. Raises KeyError, TypeError or re.error for a bad one."""
        return cls(
            segment,
            tuple(_phrase(row) for row in table.get("phrase", [])),
            tuple(_together(row) for row in table.get("together", [])),
            tuple(Title(fold(row["text"]), fold(row.get("core", ""))) for row in table.get("title", [])),
            tuple(_phrase(row) for row in table.get("doubt", [])),
            tuple(re.compile(pattern) for pattern in table.get("never", [])),
        )

    def find(self, lines: Sequence[str]) -> Hit | None:
        """The best hit among the lines read from one frame; a certain one before a doubtful one."""
        folded = [fold(line) for line in lines]
        certain = [hit for at, line in enumerate(folded) for hit in self._certain(at, line, folded)]
        if certain:
            return max(certain, key=lambda hit: (hit.score, -hit.line))
        for at, line in enumerate(folded):
            if self._usable(line) and self._doubtful(line, folded[:at] + folded[at + 1 :]):
                return Hit(lines[at], at, 400, doubtful=True)
        return None

    def hints(self, line: str) -> bool:
        """Whether a line shares two neighbouring characters with any of the words: worth reading the whole frame for."""
        texts = [rule.text for rules in (self.phrases, self.together, self.titles, self.doubt) for rule in rules]
        folded = fold(line)
        return any(text[at : at + 2] in folded for text in texts for at in range(len(text) - 1))

    def _certain(self, at: int, line: str, lines: list[str]) -> list[Hit]:
        if not self._usable(line):
            return []
        others = lines[:at] + lines[at + 1 :]
        scores = [phrase.hit(line) for phrase in self.phrases]
        scores += [rule.hit(line, others) for rule in self.together if not rule.doubtful]
        scores += [title.hit(line) for title in self.titles]
        return [Hit(line, at, score) for score in scores if score is not None]

    def _doubtful(self, line: str, others: list[str]) -> bool:
        beside = (rule.hit(line, others) is not None for rule in self.together if rule.doubtful)
        parts = (phrase.hit(line) is not None for phrase in self.doubt)
        slips = (phrase.slipped(line) for phrase in self.phrases)
        return any(beside) or any(parts) or any(slips) or any(title.slipped(line) for title in self.titles)

    def _usable(self, line: str) -> bool:
        return 0 < len(line) <= LONGEST_LINE and not any(pattern.search(line) for pattern in self.never)


def fold(text: str) -> str:
    """Compatibility forms made one, spaces, brackets, dots and dashes gone."""
    return NOT_WORDS.sub("", unicodedata.normalize("NFKC", text))


def nearest(wanted: str, line: str) -> tuple[int, int]:
    """Fewest edits that make a piece of `line` into `wanted`, and where that piece ends."""
    row = [0] * (len(line) + 1)  # the piece may begin anywhere
    for character in wanted:
        above, row[0] = row[0], row[0] + 1
        for at, read in enumerate(line, 1):
            above, row[at] = row[at], min(above + (character != read), row[at] + 1, row[at - 1] + 1)
    cost = min(row)
    return cost, max(at for at, value in enumerate(row) if value == cost)


def _together(row: dict[str, Any]) -> Together:
    return Together(fold(row["text"]), tuple(re.compile(p) for p in row["beside"]), bool(row.get("doubtful", False)))


def _phrase(row: dict[str, Any]) -> Phrase:
    return Phrase(
        fold(row["text"]), int(row.get("distance", 0)), str(row.get("must_end", "")), int(row.get("longest", LONGEST_LINE))
    )
