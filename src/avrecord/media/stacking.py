"""Several frames of one place made one: noise of the night goes down by the root of their number, letters stay.

Each crop is moved onto the one in the middle by phase correlation before the mean is taken: a hand and a camera sway.
A derived picture, for reading only; the evidence kept is the frame itself.

Runs in the isolated child only.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from avrecord.media.closer import frames_in

AROUND_MS = 500
LEAST = 3  # frames that fit: fewer gain nothing
FITS = 0.3  # response of the correlation, from 0 to 1; two views of other things have less than 0.1
FARTHEST = 60  # px: further away it is another thing
SMOOTH = 2.0  # px: alignment looks at shapes, not at noise

Cut = Callable[[np.ndarray], np.ndarray]


def stacked(path: Path, at_ms: int, cut: Cut) -> np.ndarray | None:
    """The mean of what `cut` takes out of each BGR frame around a moment; None where too few fit onto the middle one.

    Raises av.error.FFmpegError when the container cannot be opened.
    """
    crops = [(frame.at_ms, cut(frame.bgr()).copy()) for frame in frames_in(path, at_ms - AROUND_MS, at_ms + AROUND_MS)]
    if len(crops) < LEAST:
        return None
    middle = min(crops, key=lambda pair: abs(pair[0] - at_ms))[1]
    shape = _shape(middle)
    window = cv2.createHanningWindow((shape.shape[1], shape.shape[0]), cv2.CV_32F)
    total, count = np.zeros(middle.shape, np.float32), 0
    for _, crop in crops:
        if crop.shape != middle.shape:  # a stream may change its size on the way
            continue
        (x, y), fit = cv2.phaseCorrelate(shape, _shape(crop), window)
        if fit < FITS or max(abs(x), abs(y)) > FARTHEST:
            continue
        back = np.array([[1, 0, x], [0, 1, y]], np.float32)
        size = (crop.shape[1], crop.shape[0])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        total += cv2.warpAffine(crop, back, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        count += 1
    return (total / count).astype(np.uint8) if count >= LEAST else None


def _shape(crop: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY).astype(np.float32)
    smooth: np.ndarray = cv2.GaussianBlur(grey, (0, 0), SMOOTH)
    return smooth
