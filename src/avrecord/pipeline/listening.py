"""What the isolated child does with the sound of one clip: utterance by utterance, while an item is open.

Recognising costs .4 CPU-seconds per second of speech, so it goes where it counts first (around the start
of stages, the first minutes, then the rest), stops when everything that was open is heard, and stops at
its budget. What was gone through is said to the second: nothing else may be called not heard.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np

from avrecord.checks.hearing.engines import load
from avrecord.checks.hearing.folder import CannotHear
from avrecord.checks.hearing.recogniser import Recogniser
from avrecord.checks.hearing.voice import LONGEST_S, PAUSE_MS, utterances
from avrecord.checks.spoken import Listener, Spoken, Utterance, rules_of
from avrecord.media.sound import RATE
from avrecord.media.windows import PER_MS, SoundFile, Span, Window
from avrecord.model.observation import Observation

MOST_DOUBTS = 3  # per segment
SEAM_MS = 100


@dataclass(slots=True)
class _Ears:
    """State of one listening."""

    engine: Recogniser
    listeners: list[Listener]
    open: set[str]
    until: float
    """CPU time at which the budget ends."""
    certain: dict[str, Observation] = field(default_factory=dict)
    doubts: list[Observation] = field(default_factory=list)
    heard: list[Span] = field(default_factory=list)
    cost: Counter[str] = field(default_factory=Counter)

    @property
    def done(self) -> bool:
        return not self.open or time.process_time() >= self.until


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Sound to recognise, or None for a stretch in which nobody speaks."""

    from_ms: int
    to_ms: int
    samples: np.ndarray | None


def listen(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Listen to `request['path']`; the answer is plain JSON.

    Request: path, model (folder), segments (table of segments.toml), open (names of the segments that are
    to be heard), passes (lists of spans in ms, the most promising first), cpu_seconds.
    """
    started = time.process_time()
    try:
        engine = load(Path(request["model"]))
    except CannotHear as error:
        return _answer(None, f"未检测（{error}）")
    listeners = [Listener(rule) for rule in rules_of(request["segments"]) if _wanted(rule.segment, request)]
    ears = _Ears(engine, listeners, set(request["open"]), started + request["cpu_seconds"])
    sound = SoundFile(Path(request["path"]))
    try:
        for spans in request["passes"]:
            _follow(ears, sound.windows(without([(int(a), int(b)) for a, b in spans], ears.heard)))
    except (av.error.FFmpegError, ValueError, MemoryError, OSError) as error:
        return _answer(ears, f"声音无法解码（{type(error).__name__}）")
    return _answer(ears, None)


def _wanted(segment: str, request: dict[str, Any]) -> bool:
    return segment in request["open"] or "against" in request["segments"][segment]


def _follow(ears: _Ears, windows: Iterator[Window]) -> None:
    """Hear windows in order until nothing is open or the budget ends."""
    if ears.done:
        return
    for stretch in stretches(windows):
        if stretch.samples is not None:
            _hear(ears, stretch.from_ms, stretch.to_ms, stretch.samples)
        ears.heard = merged([*ears.heard, (stretch.from_ms, stretch.to_ms)])
        if ears.done:
            return


def _hear(ears: _Ears, from_ms: int, to_ms: int, samples: np.ndarray) -> None:
    words = ears.engine.recognise(samples)
    ears.cost["utterances"] += 1
    ears.cost["speech_ms"] += to_ms - from_ms
    if not words.text:
        return
    utterance = Utterance(words.text, from_ms, to_ms, words.doubtful)
    for listener in ears.listeners:
        segment = listener.rule.segment
        spoken = listener.hear(utterance)
        if spoken is None or segment in ears.certain:
            continue
        observation = _observation(listener, spoken)
        if not spoken.doubtful:
            ears.certain[segment] = observation
            ears.open.discard(segment)
        elif sum(doubt.segment == segment for doubt in ears.doubts) < MOST_DOUBTS:
            ears.doubts.append(observation)


def _observation(listener: Listener, spoken: Spoken) -> Observation:
    rule = listener.rule
    return Observation(rule.segment, rule.version, spoken.at_ms, spoken.score, spoken.words, None, doubtful=spoken.doubtful)


def stretches(windows: Iterable[Window]) -> Iterator[_Stretch]:
    """Windows as stretches with and without speech, in order; speech at a seam is kept together."""
    rest: Window | None = None
    for window in windows:
        if rest is not None and abs(window.from_ms - rest.to_ms) > SEAM_MS:
            yield from _split(rest, [(0, len(rest.samples))])
            rest = None
        if rest is not None:
            window = Window(rest.from_ms, np.concatenate([rest.samples, window.samples]))
        places, size = utterances(window.samples), len(window.samples)
        rest = None
        if places and places[-1][1] > size - PAUSE_MS * PER_MS and size - places[-1][0] < LONGEST_S * RATE:
            begin = places.pop()[0]
            rest = Window(window.from_ms + begin // PER_MS, window.samples[begin:])
            window = Window(window.from_ms, window.samples[:begin])
        yield from _split(window, places)
    if rest is not None:
        yield from _split(rest, [(0, len(rest.samples))])


def _split(window: Window, places: list[tuple[int, int]]) -> Iterator[_Stretch]:
    done = 0
    for first, last in [*places, (len(window.samples), len(window.samples))]:
        moments = [window.from_ms + at // PER_MS for at in (done, first, last)]
        if moments[0] < moments[1]:
            yield _Stretch(moments[0], moments[1], None)
        if moments[1] < moments[2]:
            yield _Stretch(moments[1], moments[2], window.samples[first:last])
        done = last


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, those that meet or overlap made one."""
    found: list[Span] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + SEAM_MS:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What of the spans is not in those taken."""
    left = merged(spans)
    for first, last in taken:
        left = [
            piece for begin, end in left for piece in ((begin, min(end, first)), (max(begin, last), end)) if piece[0] < piece[1]
        ]
    return left


def _answer(ears: _Ears | None, reason: str | None) -> dict[str, Any]:
    if ears is None:
        return {"observations": [], "listened": [], "heard": [], "checks": [], "cost": {}, "unheard": reason}
    doubts = [doubt for doubt in ears.doubts if doubt.segment not in ears.certain]
    found = sorted([*ears.certain.values(), *doubts], key=lambda o: (o.segment, o.at_ms))
    rules = [listener.rule for listener in ears.listeners]
    return {
        "observations": [asdict(observation) for observation in found],
        "listened": [] if reason else [rule.segment for rule in rules],
        "heard": ears.heard,
        "checks": [ears.engine.version, *(rule.version for rule in rules)],
        "cost": dict(ears.cost),
        "unheard": reason,
    }
