"""没有声音: no audio stream, or one in which nothing can be heard."""

from __future__ import annotations

import math

import numpy as np

from avrecord.checks.spans import spans
from avrecord.model.observation import Fault

VERSION = "silence@2"
SILENT_DBFS = -65.0
SHORTEST_MS = 2500
RATE = 16_000
WINDOW = RATE // 4


class Silence:
    """Feed each second of sound (counted from the first picture) with its 16 kHz mono samples, in time order."""

    version = VERSION

    def __init__(self) -> None:
        self._samples: list[tuple[int, bool]] = []
        self._until = 0

    def hear(self, second: int, samples: np.ndarray) -> None:
        if second < 0:
            return
        for start in range(0, samples.size, WINDOW):
            at = second * 1000 + start * 1000 // RATE
            if at > self._until:  # a hole: nothing could be decoded there
                self._samples.append((self._until, True))
            self._samples.append((at, loudness(samples[start : start + WINDOW]) < SILENT_DBFS))
            self._until = max(self._until, at + WINDOW * 1000 // RATE)

    def faults(self, end_ms: int, has_audio: bool) -> list[Fault]:
        """Spans in which nothing can be heard; all of the clip when there is no sound at all."""
        if not has_audio:
            return [Fault("mute", VERSION, 0, end_ms, "没有音频流")]
        if not self._samples:
            return [Fault("mute", VERSION, 0, end_ms, "音频无法解码")]
        samples = list(self._samples)
        if end_ms - self._until >= SHORTEST_MS:
            samples.append((self._until, True))
        return [Fault("mute", VERSION, first, until, "音量过低或无声") for first, until in spans(samples, SHORTEST_MS, end_ms)]


def loudness(samples: np.ndarray) -> float:
    """RMS in dB of full scale; -120 for digital silence."""
    power = float(np.dot(samples, samples)) / samples.size
    return 10 * math.log10(power) if power > 1e-12 else -120.0
