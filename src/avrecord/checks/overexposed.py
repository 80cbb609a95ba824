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
        self._shares: list[tuple[int, float]] = []

    def look(self, at_ms: int, thumbnail: np.ndarray) -> bool:
        """Whether this frame is white all over. Such a frame needs no further stage."""
        share = float((thumbnail >= WHITE).mean())
        self._shares.append((at_ms, share))
        return share >= ALL

    def faults(self, end_ms: int | None) -> list[Fault]:
        samples = [(at, share >= SHARE) for at, share in self._shares]
        found = spans(samples, SHORTEST_MS, end_ms)
        if samples and all(white for _, white in samples):
            found = [(samples[0][0], end_ms or samples[-1][0])]
        return [Fault("overexposed", VERSION, first, until) for first, until in found]

    def faults_of_photo(self) -> list[Fault]:
        """A sheet of paper fills a photo and is meant to: only one that is white all over shows nothing."""
        white = self._shares and all(share >= ALL for _, share in self._shares)
        return [Fault("overexposed", VERSION, 0, 0)] if white else []
