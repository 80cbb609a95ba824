"""Pictures that the child leaves behind beside the marked evidence frames: small, unmarked, named by their time."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from avrecord.media.clipfile import Frame

MOST_BYTES = 133_000  # a third of what a clip's offered frames may take together
SIDES = (1280, 1120, 960, 800, 640, 480, 320)  # px of the longer side: a street in rain does not fit at the first
QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 80]
CROP_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 90]  # 3-40 KB, and the strokes are what it is for
MARGIN = 0.5  # of the line's height on each side: the next line helps to tell what the paper is


def write_offered(frame: Frame, folder: Path) -> str | None:
    """The frame as `offered-<ms>.jpg`, as large as fits into `MOST_BYTES`. None where even the smallest does not."""
    picture = frame.bgr()
    for side in SIDES:
        _, encoded = cv2.imencode(".jpg", _at_most(picture, side), QUALITY)
        if encoded.nbytes <= MOST_BYTES:
            name = f"offered-{frame.at_ms}.jpg"
            (folder / name).write_bytes(encoded.tobytes())
            return name
    return None


def write_crop(picture: np.ndarray, box: tuple[int, int, int, int], path: Path) -> str:
    """What lies in `box`, with a margin, without the drawn line. Returns the file's name."""
    x, y, width, height = box
    margin = max(8, round(MARGIN * min(width, height)))
    top, left = max(0, y - margin), max(0, x - margin)
    cv2.imwrite(str(path), picture[top : y + height + margin, left : x + width + margin], CROP_QUALITY)
    return path.name


def _at_most(picture: np.ndarray, side: int) -> np.ndarray:
    scale = side / max(picture.shape[:2])
    if scale >= 1:
        return picture
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
