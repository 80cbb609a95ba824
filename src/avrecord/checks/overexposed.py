"""画面过曝: most of the picture is white throughout a span, so that what lies in it cannot be read."""

from __future__ import annotations

import numpy as np

from avrecord.checks.spans import spans
from avrecord.model.observation import Fault

VERSION = "overexposed@1"
WHITE = 230  # luma; video white is 235, and a sheet of paper in a rightly exposed picture is 180-215
SHARE, ALL = 0.6, 0.98
SHORTEST_MS = 3000


class Overexposed:
    """Feed 64×36 thumbnails with their time in ms."""

    version = VERSION

    def __init__(self) -> None:
        self._samples: list[tuple[int, bool]] = []

    def look(self, at_ms: int, thumbnail: np.ndarray) -> bool:
        """Whether this frame is white all over. Such a frame needs no further stage."""
        share = float((thumbnail >= WHITE).mean())
        self._samples.append((at_ms, share >= SHARE))
        return share >= ALL

    def faults(self, end_ms: int | None) -> list[Fault]:
        found = spans(self._samples, SHORTEST_MS, end_ms)
        if self._samples and all(white for _, white in self._samples):
            found = [(self._samples[0][0], end_ms or self._samples[-1][0])]
        return [Fault("overexposed", VERSION, first, until) for first, until in found]
