"""只有风声: the microphone is pushed by wind or rumble and the band in which people speak is empty.

Wind has most of its energy at the lowest frequencies. Edges and limits are ours, by the band powers of
single seconds, 400-3400 Hz against 20-250 Hz: a public model of wind (AR(5), after Nelke and Vary, IWAENC
2014) −15 dB, the labelled street clips −8 dB and more, 99 % of 451 seconds of speech −10 dB and more.
Speech 12 dB below the wind still lifts most seconds above −12 dB, and one such second ends a span: this is
said only where nobody can be heard at all.
"""

from __future__ import annotations

import numpy as np

from avrecord.checks.spans import spans
from avrecord.model.observation import Fault

VERSION = "wind@1"
RATE = 16_000
LOW_HZ, SPEECH_HZ = (20, 250), (400, 3400)
PUSHED_DBFS = -35.0  # a room's hum or a far road stays below
EMPTY_DB = -12.0
SHORTEST_MS = 10_000


class Wind:
    """Feed each second of sound with its 16 kHz mono samples, in time order; pieces of a second do not count."""

    version = VERSION

    def __init__(self) -> None:
        self._samples: list[tuple[int, bool]] = []

    def hear(self, second: int, samples: np.ndarray) -> None:
        if second < 0 or samples.size < RATE:
            return
        low, speech = _bands(samples)
        if self._samples and second * 1000 > self._samples[-1][0] + 1000:
            self._samples.append((self._samples[-1][0] + 1000, False))
        self._samples.append((second * 1000, low >= PUSHED_DBFS and speech - low <= EMPTY_DB))

    def faults(self) -> list[Fault]:
        end = self._samples[-1][0] + 1000 if self._samples else 0
        found = spans(self._samples, SHORTEST_MS, end)
        return [Fault("wind", VERSION, first, until, "只有低频噪声，人声频段为空") for first, until in found]


def _bands(samples: np.ndarray) -> tuple[float, float]:
    """Power in dB of full scale of the low band and of the speech band, from one windowed second (1 Hz a bin)."""
    power = np.abs(np.fft.rfft(samples * WINDOW)) ** 2
    low, speech = (float(power[first:last].sum()) * SCALE for first, last in (LOW_HZ, SPEECH_HZ))
    return 10 * np.log10(low + 1e-12), 10 * np.log10(speech + 1e-12)


WINDOW = np.hanning(RATE).astype(np.float32)
SCALE = 2 / (RATE * float((WINDOW**2).sum()))
