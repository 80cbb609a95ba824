"""画面静止: the same picture for seconds. A camera on a body is never that still."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from avrecord.checks.spans import spans
from avrecord.model.observation import Fault

VERSION = "frozen@1"
SAME = 1.0  # mean grey levels between thumbnails; a key frame alone may differ by 0.5 from its like
SAME_ALONE = 0.2  # where no packets lie between key frames to say "as before"
TINY = 160  # bytes: a packet that says "as before" (31 in a frozen clip, 500 and more in a live one)
SHORTEST_MS = 4500


class Frozen:
    """Feed thumbnails in time order; the packets' sizes decide together with them."""

    version = VERSION

    def __init__(self) -> None:
        self._last: np.ndarray | None = None
        self._same: list[tuple[int, float]] = []
        self._at: int | None = None

    def look(self, at_ms: int, thumbnail: np.ndarray) -> None:
        if self._last is not None and self._at is not None:
            difference = float(np.abs(thumbnail.astype(np.int16) - self._last).mean())
            self._same.append((self._at, difference))
        self._last, self._at = thumbnail.astype(np.int16), at_ms

    def faults(self, end_ms: int | None, keys: Sequence[int], between: Sequence[Sequence[int]]) -> list[Fault]:
        """Spans in which thumbnails stay the same and the packets between key frames are tiny."""
        tiny = {at: float(np.median(sizes)) < TINY for at, sizes in zip(keys, between, strict=False) if sizes}
        samples = [
            (at, difference < (SAME if tiny[at] else 0) if at in tiny else difference < SAME_ALONE)
            for at, difference in self._same
        ]
        if samples and self._at is not None:
            samples.append((self._at, samples[-1][1]))
        return [Fault("frozen", VERSION, first, until) for first, until in spans(samples, SHORTEST_MS, end_ms)]
