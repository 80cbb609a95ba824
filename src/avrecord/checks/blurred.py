"""画面模糊: nothing in the picture is sharp during the whole clip: a smeared lens, a lost focus.

Sharpness is the variance of the Laplacian in the sharpest blocks of a frame, against the variance of
brightness in its most structured blocks: a quotient, so that fog and night, which lower both, do not
count as blur. Measured on the labelled clips (1080p and 360p): sharp frames 0.10-3.5, the same in fog
0.11 and more, at night 0.14 and more; blurred by 6 px of 1080p at most 0.023, by 4 px 0.017-0.055. Noise
looks sharp: a blurred picture with strong noise is not found.
"""

from __future__ import annotations

import cv2
import numpy as np

from avrecord.model.observation import Fault

VERSION = "blurred@1"
SIZE, BLOCKS = (640, 288), (40, 18)  # the upper and lower tenth, with the recorder's sharp lettering, left out
BLURRED = 0.03
STRUCTURE = 100.0  # variance of the most structured blocks below which there is nothing to be sharp
LEAST_FRAMES = 3
THROUGHOUT = 0.95


class Blurred:
    """Feed the luma of frames that show something."""

    version = VERSION

    def __init__(self) -> None:
        self._judged, self._blurred = 0, 0

    def look(self, luma: np.ndarray) -> None:
        sharp = sharpness(luma)
        if sharp is not None:
            self._judged += 1
            self._blurred += sharp < BLURRED

    def faults(self, end_ms: int | None, least_frames: int = LEAST_FRAMES) -> list[Fault]:
        """One fault over the whole clip when nearly every frame that could be judged is blurred."""
        if self._judged < least_frames or self._blurred < THROUGHOUT * self._judged:
            return []
        return [Fault("blurred", VERSION, 0, end_ms or 0, f"看过的 {self._judged} 帧没有清晰之处")]


def sharpness(luma: np.ndarray) -> float | None:
    """How sharp the sharpest places of a frame are, or None where nothing has an edge."""
    edge = luma.shape[0] // 10
    small = cv2.resize(luma[edge : luma.shape[0] - edge], SIZE, interpolation=cv2.INTER_AREA).astype(np.float32)
    structure = float(np.percentile(_variance(small), 98))
    if structure < STRUCTURE:
        return None
    return float(np.percentile(_variance(cv2.Laplacian(small, cv2.CV_32F)), 98)) / structure


def _variance(values: np.ndarray) -> np.ndarray:
    """The variance inside each block of 16×16."""
    mean = cv2.resize(values, BLOCKS, interpolation=cv2.INTER_AREA)
    square = cv2.resize(values * values, BLOCKS, interpolation=cv2.INTER_AREA)
    return np.asarray(square - mean * mean)
