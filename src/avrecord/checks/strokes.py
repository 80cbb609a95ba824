"""Where text can be: a stroke map that costs 3 ms a frame where the text detector costs 180.

Printed strokes have edges of both signs close together on a plain ground; grass, asphalt and
foliage are as sharp but two-sided. The map only decides what is read first: what it passes over is
read by the thorough pass before anything is called not seen.
"""

from __future__ import annotations

import cv2
import numpy as np

SIZE = (960, 544)
BLOCKS = (120, 68)  # 8×8 pixels each
EDGE_X, EDGE_Y, HAT = 80, 88, 27
KERNEL = np.ones((9, 9), np.uint8)


def stroke_score(luma: np.ndarray) -> float:
    """How much the best block of a frame looks like text. Compare with `check.gate` of the settings."""
    small = cv2.resize(luma, SIZE, interpolation=cv2.INTER_AREA)
    across = cv2.Sobel(small, cv2.CV_16S, 1, 0)
    down = cv2.Sobel(small, cv2.CV_16S, 0, 1)
    rising, falling = _share(across >= EDGE_X), _share(across <= -EDGE_X)
    level = _share(np.abs(down) >= EDGE_Y)
    black = cv2.morphologyEx(small, cv2.MORPH_BLACKHAT, KERNEL)
    bright = cv2.morphologyEx(small, cv2.MORPH_TOPHAT, KERNEL)
    count = np.abs(_share(black >= HAT) - _share(bright >= HAT))
    amplitude = np.abs(_mean(black) - _mean(bright)) / 64
    score = np.cbrt(np.minimum(np.minimum(rising, falling), 0.7 * level) * count * amplitude)
    score[: BLOCKS[1] // 14] = 0  # the recorder's own clock line
    return float(cv2.blur(score, (3, 3)).max())


def _share(mask: np.ndarray) -> np.ndarray:
    return _mean(mask.astype(np.uint8) * 255) / 255


def _mean(values: np.ndarray) -> np.ndarray:
    blocks: np.ndarray = cv2.resize(values.astype(np.float32), BLOCKS, interpolation=cv2.INTER_AREA)
    return blocks
