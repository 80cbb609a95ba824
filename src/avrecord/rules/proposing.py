"""What the words of a list propose: segments, mode, means, stages. A person confirms; nothing here decides."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from avrecord.model.checklist import Mode, spelled
from avrecord.model.proposal import ListWords, Reason, Term

CLAUSE_ENDS = re.compile(r"[。;!?,:()\[\]]")
TOGETHER = re.compile(r"[和并与及+]|同时")


@dataclass(frozen=True, slots=True)
class Hit:
    """A word found: what it stands for, as it is written there, and where in its clause without spaces and punctuation."""

    means: str
    words: str
    start: int
    end: int
    clause: str


def propose_segments(texts: Mapping[str, str], words: ListWords) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """Segments that the free texts of one row ask for, each word with its column; and what a negation spoke against."""
    asked: list[Reason] = []
    denied: list[Reason] = []
    for column, text in texts.items():
        for hit in _hits(text, words.segments):
            reason = Reason(hit.means, column, hit.words)
            (denied if _negated(hit, words) else asked).append(reason)
    said = {reason.proposes for reason in asked}
    return _once(asked), _once(reason for reason in denied if reason.proposes not in said)


def propose_means(text: str, words: ListWords) -> tuple[str, ...]:
    """记录方式 as alternatives in the order written. What 和, 并 or 同时 join belongs together: `photo+video`."""
    plain = _folded(unicodedata.normalize("NFKC", text))
    hits = sorted(
        (h for h in _taken(plain.whole, words.means) if not _denied(plain.clause_before(h), words)), key=lambda h: h.start
    )
    found: list[str] = []
    last: Hit | None = None
    for hit in hits:
        if (
            last
            and hit.means not in found[-1].split("+")
            and TOGETHER.search(plain.whole[plain.places[last.end - 1] + 1 : plain.places[hit.start]])
        ):
            found[-1] += f"+{hit.means}"
        else:
            found.append(hit.means)
        last = hit
    return tuple(dict.fromkeys(found))


def propose_mode(
    method: tuple[str, str], texts: Mapping[str, str], stages: Mapping[str, str], means: Sequence[str], words: ListWords
) -> tuple[Mode, Reason | None]:
    """全程 or 关键环节, with the words relied on; None where nothing says anything.

    `method`: the column 记录方式 and its text; `texts`: the row's free texts; `stages`: what names stage and place.
    """
    for hit in _hits(method[1], words.key):
        return Mode.KEY, Reason("mode", method[0], hit.words)
    if photographs_only(means):
        return Mode.KEY, Reason("mode", method[0], method[1])
    for column, text in {method[0]: method[1], **texts}.items():
        for hit in _hits(text, words.whole):
            if not _negated(hit, words):
                return Mode.WHOLE, Reason("mode", column, hit.words)
    for column, text in stages.items():
        for hit in _hits(text, words.whole_stages):
            return Mode.WHOLE, Reason("mode", column, hit.words)
    return Mode.KEY, None


def propose_stages(text: str, words: ListWords) -> tuple[str, ...]:
    """Stages as case tables name them that a list's own name for a stage stands for."""
    plain = spelled(text)
    found = [hit.means for hit in sorted(_taken(plain, words.stages), key=lambda hit: hit.start)]
    by_pattern = [term.means for term in words.stages for pattern in term.patterns if re.search(pattern, plain)]
    return tuple(dict.fromkeys((*found, *by_pattern)))


def is_optional(text: str, words: ListWords) -> str | None:
    """The word that makes a demand an option, such as 可以."""
    return next((hit.words for hit in _hits(text, words.optional)), None)


def photographs_only(means: Sequence[str]) -> bool:
    """拍照 alone: there is no sound, and nothing that could have gaps."""
    return bool(means) and all(each == "photo" for each in means)


def _hits(text: str, terms: Sequence[Term]) -> Iterator[Hit]:
    for clause in CLAUSE_ENDS.split(unicodedata.normalize("NFKC", text)):
        taken = list(_taken(clause, terms))
        yield from taken
        plain = _folded(clause)
        for term in terms:
            for pattern in term.patterns:
                match = re.search(pattern, plain.text)
                if match and not any(
                    hit.means == term.means and hit.start < match.end() > match.start() < hit.end for hit in taken
                ):
                    yield plain.hit(term.means, match.start(), match.end())


def _taken(clause: str, terms: Sequence[Term]) -> Iterator[Hit]:
    """Words in a text, longer ones first; no character belongs to two words."""
    plain = _folded(clause)
    taken = bytearray(len(plain.text))
    ordered = sorted(((spelled(word), term) for term in terms for word in term.words), key=lambda each: -len(each[0]))
    for word, term in ordered:
        at = plain.text.find(word)
        while at >= 0:
            end = at + len(word)
            if not any(taken[at:end]):
                taken[at:end] = b"\1" * len(word)
                yield plain.hit(term.means, at, end)
            at = plain.text.find(word, at + 1)


@dataclass(frozen=True, slots=True)
class _Folded:
    """A text without spaces and punctuation, that knows where each character stood."""

    text: str
    places: tuple[int, ...]
    whole: str

    def hit(self, means: str, start: int, end: int) -> Hit:
        words = self.whole[self.places[start] : self.places[end - 1] + 1] if end > start else ""
        return Hit(means, words, start, end, self.text)

    def clause_before(self, hit: Hit) -> str:
        """What stands before a word in its clause, where the text is more than one."""
        return spelled(CLAUSE_ENDS.split(self.whole[: self.places[hit.start]])[-1])


def _folded(clause: str) -> _Folded:
    kept = [(n, character.lower()[:1]) for n, character in enumerate(clause) if re.match(r"[^\W_]", character)]
    return _Folded("".join(character for _, character in kept), tuple(n for n, _ in kept), clause)


def _negated(hit: Hit, words: ListWords) -> bool:
    return _denied(hit.clause[: hit.start], words)


def _denied(before: str, words: ListWords) -> bool:
    """Whether a negation stands in the clause before a word, and nothing behind it that takes the thread up again."""
    last = max((match.end() for pattern in words.negations for match in re.finditer(pattern, before)), default=None)
    return last is not None and not any(re.search(pattern, before[last:]) for pattern in words.resumes)


def _once(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(reasons))
