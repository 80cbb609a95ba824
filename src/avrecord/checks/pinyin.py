"""Toneless pinyin: how alike two syllables sound, and where a phrase lies in what was heard.

Small recognisers write the wrong characters (16-27 % of them) for the right sounds (95 % clean, 84 % in
a street at 10 dB): 成熟身边 for 陈述申辩. So sounds are compared, with the confusions of accents and of
recognisers at a low price, and with anchor syllables without which a phrase is another phrase:
行政执法局 is one syllable from 行政执法证.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from math import inf

ANCHOR = "*"  # stands after the character that must be heard
CONFUSABLE, DIFFERENT = 0.25, 0.6  # per initial and per final; a whole syllable costs at most 1
DROPPED, EXTRA = 1.0, 0.7  # a syllable of the phrase that was not heard, one heard in between
ANCHORED = 0.3  # an anchor may be confused in one half, never be another syllable
THRESHOLDS = ((6, 0.66), (4, 0.72), (1, 0.78))  # by the phrase's syllables: short ones must fit better
SHORTEST = 3
SPOKEN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fffA-Za-z0-9]")
RUNS = re.compile(r"[A-Za-z0-9]|[^A-Za-z0-9]+")
INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
INITIAL_PAIRS = "z/zh z/j zh/j c/ch c/q ch/q s/sh s/x sh/x n/l n/r l/r f/h zh/ch z/c j/q b/p d/t g/k"
FINAL_PAIRS = "an/ang en/eng in/ing ian/iang uan/uang un/ong e/uo e/o uo/o i/ei un/en ue/ie u/v ing/eng in/en"
ALIKE_INITIALS, ALIKE_FINALS = (
    frozenset(frozenset(pair.split("/")) for pair in pairs.split()) for pairs in (INITIAL_PAIRS, FINAL_PAIRS)
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words to listen for: their syllables, and which of them are anchors."""

    words: str
    syllables: tuple[str, ...]
    anchors: tuple[bool, ...]

    @classmethod
    def of(cls, text: str) -> Phrase:
        """From text with `*` after each anchor: 行政执法证*. Raises ValueError for one too short to tell apart."""
        words = text.replace(ANCHOR, "")
        marked = re.findall(rf"{SPOKEN.pattern}|\{ANCHOR}", text)
        places = [at for at, mark in enumerate(marked) if mark != ANCHOR]
        assert_tellable(text)
        return cls(words, syllables(words), tuple(marked[at + 1 : at + 2] == [ANCHOR] for at in places))

    @property
    def threshold(self) -> float:
        return next(least for length, least in THRESHOLDS if len(self.syllables) >= length)

    def find(self, heard: tuple[str, ...]) -> Fit | None:
        """The best place of this phrase in what was heard, or None when it was not said."""
        best = fit(self.syllables, self.anchors, heard)
        return best if best.score >= self.threshold else None

    def find_all(self, heard: tuple[str, ...], at: int = 0) -> list[Fit]:
        """Every place of this phrase, none overlapping another, in order: it may be asked for and then said."""
        best = self.find(heard)
        if best is None:
            return []
        here = Fit(best.score, at + best.start, at + best.end)
        before = self.find_all(heard[: best.start], at)
        return [*before, here, *self.find_all(heard[best.end :], at + best.end)]


@dataclass(frozen=True, slots=True)
class Fit:
    """Where a phrase lies: syllables `start` to `end` (not counted); 1 for the very syllables."""

    score: float
    start: int
    end: int


def assert_tellable(text: str) -> None:
    """Raises ValueError for a phrase too short to tell apart. Asked each time a station is opened: it needs no dictionary."""
    if len(_letters(text)) < SHORTEST:
        raise ValueError(f"“{text}”太短，至少 {SHORTEST} 个字")


def _letters(text: str) -> str:
    """What of a text is spoken: Chinese characters, letters, digits."""
    return "".join(SPOKEN.findall(unicodedata.normalize("NFKC", text)))


def syllables(text: str) -> tuple[str, ...]:
    """One toneless syllable per Chinese character, letter or digit; everything else is left out. ü is v."""
    from pypinyin import Style, lazy_pinyin  # 330 ms to load, and only speech needs it

    said: list[str] = []
    for run in RUNS.findall(_letters(text)):
        said += [run.lower()] if run.isascii() else lazy_pinyin(run, style=Style.NORMAL, v_to_u=False)
    return tuple(said)


def fit(phrase: tuple[str, ...], anchors: tuple[bool, ...], heard: tuple[str, ...]) -> Fit:
    """Semi-global edit distance: the phrase may begin and end anywhere in what was heard.

    The score is 1 less the cost per syllable of the phrase; 0 where an anchor is missing.
    """
    row = [(0.0, at) for at in range(len(heard) + 1)]
    for syllable, anchor in zip(phrase, anchors, strict=True):
        drop = inf if anchor else DROPPED
        new = [(row[0][0] + drop, 0)]
        for at, said in enumerate(heard, 1):
            cost = unlike(syllable, said)
            if anchor and cost > ANCHORED:
                cost = inf
            above, here = row[at - 1], row[at]
            new.append(min((above[0] + cost, above[1]), (here[0] + drop, here[1]), (new[-1][0] + EXTRA, new[-1][1])))
        row = new
    end = min(range(len(row)), key=lambda at: row[at][0])
    cost, start = row[end]
    return Fit(max(0.0, 1 - cost / len(phrase)), start, end)


@lru_cache(maxsize=1 << 16)
def unlike(one: str, other: str) -> float:
    """How different two syllables sound: 0 the same, .25 for each half easily confused, at most 1."""
    if one == other:
        return 0.0
    (initial, final), (other_initial, other_final) = _halves(one), _halves(other)
    cost = _cost(initial, other_initial, ALIKE_INITIALS) + _cost(final, other_final, ALIKE_FINALS)
    return min(1.0, cost)


def _cost(one: str, other: str, alike: frozenset[frozenset[str]]) -> float:
    if one == other:
        return 0.0
    return CONFUSABLE if frozenset((one, other)) in alike else DIFFERENT


def _halves(syllable: str) -> tuple[str, str]:
    initial = next((each for each in INITIALS if syllable.startswith(each) and syllable != each), "")
    return initial, syllable[len(initial) :]
