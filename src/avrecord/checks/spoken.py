"""Rules over heard phrases: which of them together make a segment, and what makes one doubtful.

Words do not tell who speaks. A citizen who says 把执法证给我看看 names the card and the looking just as
an officer does: what lies at a demand is doubtful, whatever else fits. Which words, which together, and
what is a demand is data (`config/segments.toml`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, product
from typing import Any

from avrecord.checks.pinyin import Phrase, syllables

WITHIN_SECONDS = 20
NEAR_DEMAND = 4  # syllables between a demand and the words that it is about: 你的执法证呢，给我看看
JOIN_MS = 3000  # a phrase may be cut in two by a pause of this length, never by a longer one
QUOTED = 60
MOST_HITS = 6  # per part, within the window: what is said again and again need not all be weighed


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was heard between two pauses, in ms from the clip's start. `doubtful`: the engine doubts it itself."""

    words: str
    from_ms: int
    to_ms: int
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Spoken:
    """A segment that was heard: the words, when they began, the score per mille."""

    words: str
    at_ms: int
    score: int
    doubtful: bool


@dataclass(frozen=True, slots=True)
class _Hit:
    """One phrase in one utterance: `start` and `end` in syllables since listening began."""

    part: str
    score: float
    start: int
    end: int
    at_ms: int
    words: str
    doubtful: bool


@dataclass(frozen=True, slots=True)
class SpokenRule:
    """One segment's words. `together`: the parts of any one set must all be heard within the window."""

    segment: str
    version: str
    within_ms: int
    parts: tuple[tuple[str, tuple[Phrase, ...]], ...]
    together: tuple[frozenset[str], ...]
    demands: tuple[Phrase, ...]
    enough: bool

    @classmethod
    def of(cls, segment: str, table: dict[str, Any]) -> SpokenRule:
        """From the `spoken` table of a segment. Raises KeyError, TypeError or ValueError for a bad one."""
        parts: dict[str, tuple[Phrase, ...]] = {}
        for row in table.get("words", []):
            name = row.get("part", "words")
            parts[name] = (*parts.get(name, ()), *(Phrase.of(text) for text in row["text"]))
        together = table.get("together") or [[name] for name in parts]
        return cls(
            segment=segment,
            version=f"{segment}.spoken@{int(table.get('version', 1))}",
            within_ms=int(table.get("within_seconds", WITHIN_SECONDS)) * 1000,
            parts=tuple(parts.items()),
            together=tuple(frozenset(names) for names in together),
            demands=tuple(Phrase.of(text) for row in table.get("demand", []) for text in row["text"]),
            enough=bool(table.get("enough", True)),
        )


def rules_of(segments: dict[str, Any]) -> list[SpokenRule]:
    """A rule for each segment of `segments.toml` that has words to listen for."""
    return [SpokenRule.of(name, table["spoken"]) for name, table in segments.items() if table.get("spoken", {}).get("words")]


@dataclass(slots=True)
class Listener:
    """Follows one segment through the utterances of a clip, in time order."""

    rule: SpokenRule
    _hits: list[_Hit] = field(default_factory=list)
    _last: Utterance | None = None
    _tail: tuple[str, ...] = ()
    _said: int = 0

    def hear(self, utterance: Utterance) -> Spoken | None:
        """What this utterance completes, if anything: a certain find before a doubtful one."""
        heard = syllables(utterance.words)
        joined = self._last is not None and 0 <= utterance.from_ms - self._last.to_ms <= JOIN_MS
        tail = self._tail if joined else ()
        fresh = _demoted(self._found(heard, tail, utterance), self._demands(heard, tail))
        self._hits = [hit for hit in self._hits if utterance.to_ms - hit.at_ms <= self.rule.within_ms]
        found = [spoken for names in self.rule.together if (spoken := self._complete(names, fresh))]
        self._hits += fresh
        self._last, self._tail, self._said = utterance, heard, self._said + len(heard)
        return max(found, key=lambda spoken: (not spoken.doubtful, spoken.score), default=None)

    def _found(self, heard: tuple[str, ...], tail: tuple[str, ...], utterance: Utterance) -> list[_Hit]:
        """Phrases in the utterance, and those that began at the end of the one before."""
        length = max(1, len(heard))
        hits = []
        for part, phrases in self.rule.parts:
            for phrase in phrases:
                for start, end, score in _places(phrase, heard, tail):
                    at = utterance.from_ms + max(0, start) * (utterance.to_ms - utterance.from_ms) // length
                    place = (self._said + start, self._said + end)
                    hits.append(_Hit(part, score, *place, at, utterance.words, utterance.doubtful))
        return hits

    def _demands(self, heard: tuple[str, ...], tail: tuple[str, ...]) -> list[tuple[int, int]]:
        return [
            (self._said + start, self._said + end)
            for phrase in self.rule.demands
            for start, end, _ in _places(phrase, heard, tail)
        ]

    def _complete(self, names: frozenset[str], fresh: Sequence[_Hit]) -> Spoken | None:
        """The best choice of one hit per part, none of them the same words, and one of them new."""
        known = [*self._hits, *fresh]
        columns = [_best([hit for hit in known if hit.part == name]) for name in sorted(names)]
        choices = [
            hits
            for hits in product(*columns)
            if any(hit in fresh for hit in hits) and _apart(hits) and _span(hits) <= self.rule.within_ms
        ]
        if not choices:
            return None
        hits = max(choices, key=lambda hits: (not any(h.doubtful for h in hits), min(h.score for h in hits)))
        return Spoken(
            words=_quoted(hits),
            at_ms=min(hit.at_ms for hit in hits),
            score=round(1000 * min(hit.score for hit in hits)),
            doubtful=not self.rule.enough or any(hit.doubtful for hit in hits),
        )


def _places(phrase: Phrase, heard: tuple[str, ...], tail: tuple[str, ...]) -> list[tuple[int, int, float]]:
    """Where a phrase lies in what was heard: counted from its first syllable, negative in the utterance before."""
    inside = phrase.find_all(heard)
    if inside or not tail:
        return [(hit.start, hit.end, hit.score) for hit in inside]
    across = phrase.find((*tail, *heard))
    if across is None or not across.start < len(tail) < across.end:
        return []
    return [(across.start - len(tail), across.end - len(tail), across.score)]


def _demoted(hits: Iterable[_Hit], demands: Sequence[tuple[int, int]]) -> list[_Hit]:
    """Hits at a demand are doubtful: somebody asked for it, which does not say that it was done."""
    return [
        replace(hit, doubtful=True)
        if any(start - NEAR_DEMAND <= hit.end and hit.start <= end + NEAR_DEMAND for start, end in demands)
        else hit
        for hit in hits
    ]


def _best(hits: list[_Hit]) -> list[_Hit]:
    return sorted(hits, key=lambda hit: (hit.doubtful, -hit.score, hit.at_ms))[:MOST_HITS]


def _apart(hits: Sequence[_Hit]) -> bool:
    """出示证件 is one sign, not two: the same words never count for two parts."""
    ordered = sorted(hits, key=lambda hit: hit.start)
    return all(one.end <= other.start for one, other in pairwise(ordered))


def _span(hits: Sequence[_Hit]) -> int:
    times = [hit.at_ms for hit in hits]
    return max(times) - min(times)


def _quoted(hits: Sequence[_Hit]) -> str:
    """The utterances relied on, in the order in which they were said."""
    ordered = sorted(hits, key=lambda hit: hit.at_ms)
    return "……".join(dict.fromkeys(hit.words for hit in ordered))[:QUOTED]
