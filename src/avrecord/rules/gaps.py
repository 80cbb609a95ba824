"""What should be there and is not: numbers that a recorder skipped, and time after a file that it split.

Deleting on the recorder before docking shows in nothing else. A gap says that something is not there, never why:
a person may have stopped in that very second, a counter may have been reset.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from avrecord.model.clip import Clip, Media
from avrecord.model.moments import milliseconds, utc_text
from avrecord.rules.recordings import REAL_GAP

SAME_RUN = 50  # numbers: a larger jump is a counter that was reset, or another card, not files that were taken away
SHORTEST_SPLIT = timedelta(seconds=55)  # recorders split at one minute or more
SPLIT_TOLERANCE_MS = 2000  # FAT's clock step, and one group of pictures
SAME_DUTY = timedelta(hours=24)
DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Missing:
    """One gap: `gap` is `sequence`, `time` or `vanished`; `first` and `last` its edges, `missing` how much."""

    recorder: str
    gap: str
    first: str
    last: str
    missing: int
    clip_before: str | None
    clip_after: str | None


def sequence_gaps(clips: Iterable[Clip], listed: Mapping[str, Iterable[str]] | None = None) -> list[Missing]:
    """Numbers that lie between two that were taken, per recorder and kind of name (`MOV_####`).

    Photos and videos may share a counter or count apart: a number is there whatever file bears it, and only files of one
    kind make a run. `listed`: names that any card of a recorder ever showed, taken or not: what is still on a card, or
    did not fit, is no gap in the run.
    """
    families: dict[tuple[str, str], dict[int, Clip]] = defaultdict(dict)
    present: dict[str, set[int]] = defaultdict(set)
    for clip in clips:
        if clip.recorder and clip.sequence is not None:
            families[clip.recorder, _kind(clip)].setdefault(clip.sequence, clip)
            present[clip.recorder].add(clip.sequence)
    for recorder, names in (listed or {}).items():
        present[recorder] |= {int(found) for name in names for found in DIGITS.findall(_stem(name))}
    found = []
    for (recorder, _), numbered in sorted(families.items()):
        for before, after in pairwise(sorted(numbered)):
            if after - before > SAME_RUN:
                continue
            for first, last in _runs(set(range(before + 1, after)) - present[recorder]):
                edges = numbered[before].id.hex, numbered[after].id.hex
                found.append(Missing(recorder, "sequence", str(first), str(last), last - first + 1, *edges))
    return found


def _runs(numbers: set[int]) -> list[tuple[int, int]]:
    """Consecutive numbers as first and last."""
    runs: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def time_gaps(clips: Iterable[Clip]) -> list[Missing]:
    """Time after a file that the recorder split, when the next one does not begin where it ended.

    A file of the recorder's own split length says that recording went on. The length is the longest that at least
    two of its files share; a recorder that never split twice says nothing.
    """
    by_recorder: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        if clip.media is Media.VIDEO and clip.recorder and clip.true_start and clip.true_end:
            by_recorder[clip.recorder].append(clip)
    return [gap for recorder, taken in sorted(by_recorder.items()) for gap in _after_splits(recorder, taken)]


def _after_splits(recorder: str, clips: list[Clip]) -> list[Missing]:
    split = split_length([clip.duration_ms or 0 for clip in clips])
    if split is None:
        return []
    found = []
    for before, after in pairwise(sorted(clips, key=lambda clip: (clip.true_start, clip.id))):
        assert before.true_end
        assert after.true_start
        hole = after.true_start - before.true_end
        full = abs((before.duration_ms or 0) - split) <= SPLIT_TOLERANCE_MS
        if full and REAL_GAP < hole <= SAME_DUTY:
            edges = utc_text(before.true_end), utc_text(after.true_start)
            found.append(Missing(recorder, "time", *edges, milliseconds(hole), before.id.hex, after.id.hex))
    return found


def split_length(durations_ms: Sequence[int]) -> int | None:
    """The length at which a recorder begins a new file, in ms, as its own files show it; None when they do not."""
    long = [length for length in durations_ms if length >= milliseconds(SHORTEST_SPLIT)]
    rounded = Counter(round(length / SPLIT_TOLERANCE_MS) for length in long)
    shared = [step for step, count in rounded.items() if count >= 2]
    if not shared or max(shared) < max(rounded) - 1:
        return None  # something longer than the longest shared length: then that length is no limit
    return max(length for length in long if round(length / SPLIT_TOLERANCE_MS) == max(shared))


def _kind(clip: Clip) -> str:
    """A name without its number: `MOV_####`. Without the ending, which may hold a digit: `.mp4`."""
    return DIGITS.sub(lambda found: "#" * len(found[0]), _stem(clip.name))


def _stem(name: str) -> str:
    return name.rpartition("/")[2].rpartition(".")[0]
