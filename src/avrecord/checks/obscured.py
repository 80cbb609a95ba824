"""过暗或遮挡: a picture in which nothing could be seen, whatever was done in front of it."""

from __future__ import annotations

import numpy as np

from avrecord.checks.spans import spans
from avrecord.model.observation import Fault

VERSION = "obscured@2"
DARK = 40  # luma of the 98th percentile; video black is 16
FLAT = 3.5  # spread of a thumbnail in which nothing can be told apart
WHITE = 225  # mean luma from which a flat picture is no cover over the lens but too much light
SHORTEST_MS = 3000


class Obscured:
    """Feed 64×36 thumbnails with their time in ms."""

    version = VERSION

    def __init__(self) -> None:
        self._samples: list[tuple[int, bool]] = []

    def look(self, at_ms: int, thumbnail: np.ndarray) -> bool:
        """Whether this frame shows nothing. Such a frame needs no further stage."""
        flat = float(thumbnail.std()) < FLAT and float(thumbnail.mean()) < WHITE
        nothing = flat or float(np.percentile(thumbnail, 98)) < DARK
        self._samples.append((at_ms, nothing))
        return nothing

    def faults(self, end_ms: int | None) -> list[Fault]:
        found = spans(self._samples, SHORTEST_MS, end_ms)
        if self._samples and all(nothing for _, nothing in self._samples):
            found = [(self._samples[0][0], end_ms or self._samples[-1][0])]
        return [Fault("dark", VERSION, first, until) for first, until in found]
