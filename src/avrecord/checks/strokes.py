"""Where text can be: a stroke map that costs 3 ms a frame where the text detector costs 180.

Printed strokes have edges of both signs close together on a plain ground; grass, asphalt and
foliage are as sharp but two-sided. The map only decides what is read first: what it passes over is
read by the thorough pass before anything is called not seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

SIZE = (960, 544)
BLOCKS = (120, 68)  # 8×8 pixels each
APART = (24, 16)  # blocks: half of what a crop of the reader covers
FAINT = 0.02  # of an evened frame, where `check.gate` is .08
PLACES = 2  # the phrase lay at the first in 22 of 25 frames that were missed at half size, at none after the second
EDGE_X, EDGE_Y, HAT = 80, 88, 27
FULL_RANGE, STRETCHED, LEAST_RANGE = 150, 200, 30  # levels between the 2nd and the 99th per cent of a frame
KERNEL = np.ones((9, 9), np.uint8)


@dataclass(frozen=True, slots=True)
class Place:
    """A place that looks like text: x and y as shares of the frame, and the map's value there."""

    x: float
    y: float
    score: float


def evened(luma: np.ndarray) -> np.ndarray:
    """A dim or hazy frame stretched to the range that the edges' thresholds were set for; others as they are."""
    low, high = (float(level) for level in np.percentile(luma[::4, ::4], (2, 99)))
    if high - low >= FULL_RANGE:
        return luma
    gain = STRETCHED / max(LEAST_RANGE, high - low)
    stretched: np.ndarray = cv2.convertScaleAbs(luma, alpha=gain, beta=20 - low * gain)
    return stretched


def stroke_score(luma: np.ndarray) -> float:
    """How much the best block of a frame looks like text. Compare with `check.gate` of the settings."""
    return float(stroke_map(luma).max())


def peaks(score: np.ndarray, gate: float, most: int) -> list[tuple[float, float]]:
    """Up to `most` places that look like text, best first: x and y as shares of the frame.

    Two are at least a crop apart: the top peak lies in the object 72 times of 80, one of the top three 76 times.
    """
    left, found = score.copy(), list[tuple[float, float]]()
    while len(found) < most:
        at = int(left.argmax())
        y, x = divmod(at, BLOCKS[0])
        if left[y, x] < gate:
            break
        found.append(((x + 0.5) / BLOCKS[0], (y + 0.5) / BLOCKS[1]))
        left[max(0, y - APART[1]) : y + APART[1], max(0, x - APART[0]) : x + APART[0]] = 0
    return found


def promising(luma: np.ndarray) -> list[Place]:
    """The two places of a frame that look most like text, whatever the light, best first."""
    score = stroke_map(evened(luma))
    found = peaks(score, FAINT, PLACES)
    return [Place(x, y, float(score[int(y * BLOCKS[1]), int(x * BLOCKS[0])])) for x, y in found]


def stroke_map(luma: np.ndarray) -> np.ndarray:
    """68×120 float32: how much each block of a frame looks like printed strokes."""
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
    blurred: np.ndarray = cv2.blur(score, (3, 3))
    return blurred


def _share(mask: np.ndarray) -> np.ndarray:
    return _mean(mask.astype(np.uint8) * 255) / 255


def _mean(values: np.ndarray) -> np.ndarray:
    blocks: np.ndarray = cv2.resize(values.astype(np.float32), BLOCKS, interpolation=cv2.INTER_AREA)
    return blocks
