"""声音削波: the microphone was overdriven, so that words cannot be made out though it is loud.

Measured on 79 sentences of speech at 16 kHz: brought to full scale without clipping (a shout), the worst
second has 0.2 % of its samples above 0.95. Overdriven by 12 dB it is 11-20 %, and 5-8 % once AAC at
32 kbit/s has rounded the flat tops.
"""

from __future__ import annotations

import numpy as np

from avrecord.model.observation import Fault

VERSION = "clipped@1"
FULL = 0.95  # of full scale
SHARE = 0.03  # of a second's samples
LEAST_S, LEAST_SHARE = 3, 0.3  # one shout into the microphone is no fault of the record


class Clipped:
    """Feed each second of sound with its 16 kHz mono samples."""

    version = VERSION

    def __init__(self) -> None:
        self._heard, self._full = 0, list[int]()

    def hear(self, second: int, samples: np.ndarray) -> None:
        if second < 0 or not samples.size:
            return
        self._heard += 1
        if float((np.abs(samples) >= FULL).mean()) >= SHARE:
            self._full.append(second)

    def faults(self) -> list[Fault]:
        """One fault from the first to the last overdriven second, when they are a large share of the clip."""
        if len(self._full) < max(LEAST_S, LEAST_SHARE * self._heard):
            return []
        detail = f"{self._heard} 秒声音中有 {len(self._full)} 秒削波"
        return [Fault("clipped", VERSION, min(self._full) * 1000, (max(self._full) + 1) * 1000, detail)]
