"""People talking, as text: what each listener of the shipped segments makes of it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any

from avrecord.checks.spoken import Listener, Spoken, Utterance, rules_of
from conftest import PROJECT

SEGMENTS: dict[str, Any] = tomllib.loads((PROJECT / "config" / "segments.toml").read_text("utf-8"))
RULES = {rule.segment: rule for rule in rules_of(SEGMENTS)}
PAUSE_MS = 700


def utterances(*texts: str, pause_ms: int = PAUSE_MS, doubtful: bool = False) -> list[Utterance]:
    """Sentences one after another, 200 ms a character."""
    said, at = [], 0
    for text in texts:
        said.append(Utterance(text, at, at + 200 * len(text), doubtful))
        at = said[-1].to_ms + pause_ms
    return said


def heard(said: Iterable[Utterance], segment: str) -> list[Spoken]:
    """Everything that a segment's listener makes of it, in order."""
    listener = Listener(RULES[segment])
    return [spoken for utterance in said if (spoken := listener.hear(utterance))]


def verdict(said: Iterable[Utterance], segment: str) -> str:
    """`heard`, `doubtful` or `nothing`."""
    found = heard(said, segment)
    return "nothing" if not found else "doubtful" if all(spoken.doubtful for spoken in found) else "heard"
