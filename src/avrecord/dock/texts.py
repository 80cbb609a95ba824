"""Text files on a card: lines that match, whatever the file holds and however large it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from avrecord.dock.profile import TextRule
from avrecord.model.card import SourceFile

HEAD, TAIL = 64 << 10, 2 << 20  # bytes read of a log: how it begins, and its end, where the newest lines stand
CARD = 32 << 20  # bytes of logs read of one card before it is taken: a hundred full days of the ones we know
LONGEST_LINE = 1000  # characters; no log line that says anything is longer

Read = Callable[[SourceFile, int, int], bytes]
"""Bytes of a file from an offset, at most so many; none where they cannot be read. CardGone when the card went away."""


@dataclass(slots=True)
class Line:
    """One line that matched: where it stands, the rule's name for it, and what its groups held."""

    path: str
    text: str
    rule: str
    values: dict[str, str]
    day: str | None = None
    """The date in the file's name, where the rule's path captures one: many logs write only the time of day."""


@dataclass(slots=True)
class Budget:
    """How much of a card's logs may still be read; what there was no room for is counted."""

    left: int = CARD
    passed_over: int = 0


@dataclass(slots=True)
class LogReading:
    """The matching lines of a card's logs, oldest log first, and how many logs were not read."""

    lines: list[Line] = field(default_factory=list)
    passed_over: int = 0

    def values(self, group: str) -> list[str]:
        return [line.values[group] for line in self.lines if line.values.get(group)]


def logs(rules: Iterable[TextRule], files: Iterable[SourceFile], read: Read) -> LogReading:
    """Newest logs by name are read first, so that a card full of old ones still tells its last day."""
    budget, found = Budget(), []
    newest_first = sorted(files, key=lambda file: file.shown, reverse=True)
    for rule in rules:
        per_file = [list(matching(rule, file, read, budget)) for file in newest_first if rule.path.search(file.shown)]
        found += [line for lines in reversed(per_file) for line in lines]
    return LogReading(found, budget.passed_over)


def matching(rule: TextRule, file: SourceFile, read: Read, budget: Budget) -> Iterator[Line]:
    """Lines of one file that match; at most one rule speaks for each group of a line."""
    if not file.size:
        return
    if budget.left <= 0:
        budget.passed_over += 1
        return
    day = (rule.path.search(file.shown) or {"date": None})["date"] if "date" in rule.path.groupindex else None
    budget.left -= min(file.size, HEAD + TAIL)
    for line in lines_of(file, rule.encoding, read):
        for name, pattern in rule.lines.items():
            if match := pattern.search(line):
                yield Line(file.shown, line, name, {k: v for k, v in match.groupdict().items() if v}, day)


def lines_of(file: SourceFile, encoding: str, read: Read) -> Iterator[str]:
    """The lines of a file; of a large one those of its head and of its tail, without the two that were cut."""
    if file.size <= HEAD + TAIL:
        yield from _split(read(file, 0, file.size), encoding)
        return
    begin = (file.size - TAIL) // 4 * 4  # UTF-16 and UTF-32 begin at even places
    yield from list(_split(read(file, 0, HEAD), encoding))[:-1]
    yield from list(_split(read(file, begin, TAIL + 4), encoding))[1:]


def _split(content: bytes, encoding: str) -> Iterator[str]:
    """Lines without what no line holds: NULs of a file that was cut off by power loss, and endless lines' ends."""
    for line in content.decode(encoding, "replace").replace("\0", "").lstrip("\ufeff").splitlines():
        yield line[:LONGEST_LINE].encode("utf-8", "replace").decode()
