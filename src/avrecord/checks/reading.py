"""Words in a frame: text detection and recognition (PP-OCR models that come inside rapidocr)."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np

DETECT_AT = 960  # px of the longer side; text of 13 px in 1080p is then just above the detector's 6.5
MOST_LINES = 12
TOPMOST = 4  # a title stands above its text, and the tallest characters may be a shop sign's behind it
FEW_LINES = 3  # of the crops, before the frame as a whole
CROP = (768, 448)  # px of a 1080p frame around a suspected place, seen by the detector at half size
CROP_AT = (384, 224)  # 13-19 ms instead of 125-180 for the frame
ENLARGED = 1.25  # of a crop read at full size: 960 px wide, what the detector takes at once
MOST_LINES_OF_A_CROP = 8
WIDE = 1.5  # a box wider than this times its height is a line
CONFIDENT = 0.5
CLOCK = re.compile(r"20\d\d\D?\d\d\D?\d\d|\d\d:\d\d:\d\d")


@dataclass(frozen=True, slots=True)
class Line:
    """One read line. `corners` is 4×2, pixels of the frame."""

    words: str
    score: float
    corners: np.ndarray

    @property
    def box(self) -> tuple[int, int, int, int]:
        x, y, width, height = cv2.boundingRect(self.corners.astype(np.float32))
        return int(x), int(y), int(width), int(height)


@dataclass(slots=True)
class Reader:
    """Reads frames, tallest lines first; learns where the recorder draws its clock and skips it."""

    detected: int = 0
    recognised: int = 0
    cropped: int = 0
    enlarged: int = 0
    _engine: Any = None
    _overlay: list[tuple[int, int, int, int]] = field(default_factory=list)

    def read(self, frame: np.ndarray) -> list[Line]:
        """The twelve tallest lines of a BGR frame and the four topmost, tallest first."""
        boxes = [box for box in self._boxes(frame) if not self._is_overlay(box)]
        self.detected += 1
        tallest = sorted(range(len(boxes)), key=lambda n: -_height(boxes[n]))
        topmost = sorted(range(len(boxes)), key=lambda n: boxes[n][:, 1].min())[:TOPMOST]
        wanted = set(topmost) | set(tallest[:MOST_LINES])
        return self._learn([line for n in tallest if n in wanted and (line := self._recognise(frame, boxes[n]))])

    def near(self, frame: np.ndarray, places: Sequence[tuple[float, float]]) -> list[Line]:
        """The tallest lines near these places (shares of the frame), found in small crops and read at full size.

        Reading every line of a busy street costs twice what finding them does, so three lines decide whether
        the frame is worth more.
        """
        boxes: list[np.ndarray] = []
        for x, y in places:
            self.cropped += 1
            crop, (left, top) = cut_out(frame, x, y)
            offset = np.array([left, top], np.float32)
            scale = crop.shape[1] / CROP_AT[0]
            found = self._boxes(cv2.resize(crop, CROP_AT, interpolation=cv2.INTER_AREA))
            boxes += [box * scale + offset for box in found if _is_wide(box)]
        wanted = sorted((box for box in boxes if not self._is_overlay(box)), key=lambda box: -_height(box))
        return self._learn([line for box in wanted[:FEW_LINES] if (line := self._recognise(frame, box))])

    def at_full_size(self, crop: np.ndarray, offset: tuple[int, int]) -> list[Line]:
        """The lines of a crop of a frame (`cut_out`), found and read a quarter larger than they are: 10 px are then enough.

        Corners are those of the frame; the crop may be another picture of the same place (several frames made one).
        """
        self.enlarged += 1
        large = cv2.resize(crop, None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC)
        boxes = sorted(self._boxes(large), key=lambda box: -_height(box))
        placed = [(box, (box / ENLARGED + offset).astype(np.float32)) for box in boxes]
        wanted = [pair for pair in placed if not self._is_overlay(pair[1])][:MOST_LINES_OF_A_CROP]
        read = [(self._recognise(large, box), corners) for box, corners in wanted]
        return [replace(line, corners=corners) for line, corners in read if line]

    def _boxes(self, picture: np.ndarray) -> list[np.ndarray]:
        engine = self._engine or self._load()
        found = engine(picture, use_det=True, use_cls=False, use_rec=False)
        return [] if found is None or found.boxes is None else list(found.boxes)

    def _recognise(self, frame: np.ndarray, corners: np.ndarray) -> Line | None:
        self.recognised += 1
        read = self._engine(_flat(frame, corners), use_det=False, use_cls=False, use_rec=True)
        if read is None or not read.txts or read.scores[0] < CONFIDENT:
            return None
        return Line(read.txts[0], float(read.scores[0]), corners)

    def _learn(self, lines: list[Line]) -> list[Line]:
        """Remember where a clock stands. Only a frame's own lines: a crop has other coordinates."""
        self._overlay += [line.box for line in lines if CLOCK.search(line.words)]
        return lines

    def _is_overlay(self, corners: np.ndarray) -> bool:
        """Whether a box lies on a place where a clock was read before: recorders draw it there always."""
        x, y, width, height = cv2.boundingRect(corners.astype(np.float32))
        middle = (x + width / 2, y + height / 2)
        return any(left <= middle[0] <= left + wide and top <= middle[1] <= top + high for left, top, wide, high in self._overlay)

    def boxes(self, picture: np.ndarray) -> list[tuple[int, int, int, int]]:
        """Where text stands in a BGR picture, unread: x, y, width, height."""
        found = (self._engine or self._load())(picture, use_det=True, use_cls=False, use_rec=False)
        corners = [] if found is None or found.boxes is None else found.boxes
        return [tuple(int(side) for side in cv2.boundingRect(each.astype(np.float32))) for each in corners]  # type: ignore[misc]

    def words(self, line: np.ndarray) -> tuple[str, float]:
        """The words of a BGR picture of one line, by recognition alone, and how sure; "" and 0 for none."""
        read = (self._engine or self._load())(line, use_det=False, use_cls=False, use_rec=True)
        return (str(read.txts[0]), float(read.scores[0])) if read is not None and read.txts else ("", 0.0)

    def _load(self) -> Any:
        # rapidocr's import sets up logging of its own and its default enlarges small frames:
        # `limit_type=min, 736` made 640×360 into 1308×736.
        from rapidocr import RapidOCR

        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        self._engine = RapidOCR(
            params={
                "Global.use_cls": False,
                "Global.log_level": "error",
                "Det.limit_type": "max",
                "Det.limit_side_len": DETECT_AT,
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )
        return self._engine


def cut_out(frame: np.ndarray, x: float, y: float) -> tuple[np.ndarray, tuple[int, int]]:
    """The part of a frame around a place (shares of the frame), as large as `CROP` is in 1080p, and where it begins (x, y)."""
    scale = max(frame.shape[:2]) / 1920
    width, height = (min(round(side * scale), most) for side, most in zip(CROP, (frame.shape[1], frame.shape[0]), strict=True))
    left = min(max(0, round(x * frame.shape[1] - width / 2)), frame.shape[1] - width)
    top = min(max(0, round(y * frame.shape[0] - height / 2)), frame.shape[0] - height)
    return frame[top : top + height, left : left + width], (left, top)


def _is_wide(box: np.ndarray) -> bool:
    _, _, width, height = cv2.boundingRect(box.astype(np.float32))
    return bool(max(width, height) >= WIDE * max(1, min(width, height)))


def _height(corners: np.ndarray) -> float:
    return float(min(np.linalg.norm(corners[0] - corners[3]), np.linalg.norm(corners[0] - corners[1])))


def _flat(frame: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The line's picture, straightened; an upright strip is laid down."""
    corners = corners.astype(np.float32)
    width = max(1, round(float(np.linalg.norm(corners[0] - corners[1]))))
    height = max(1, round(float(np.linalg.norm(corners[0] - corners[3]))))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    straight = cv2.getPerspectiveTransform(corners, target)
    line = cv2.warpPerspective(frame, straight, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(np.rot90(line)) if height >= 1.5 * width else line
