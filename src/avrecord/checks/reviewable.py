"""Which frames a person would want who marks what no check can speak for: 敬礼, 着装. Chosen, not judged.

A salute comes at the beginning, so the first minute is looked through, in three spans that grow: one frame of
each, the sharpest of those that are well lit. By the Laplacian's plain variance a sheet of paper wins (666 against
73 beside it on the labelled clips) and hides the person; so each block counts up to a limit, which leaves paper
and person alike (45 and 41; bare asphalt 2-14), and what looks like print is discounted.
"""

from __future__ import annotations

import cv2
import numpy as np

from avrecord.checks.strokes import stroke_score

SPANS_MS = (4000, 15_000, 60_000)  # ends: one frame of each
SIZE, BLOCKS = (640, 288), (40, 18)  # the upper and lower tenth, with the recorder's sharp lettering, left out
MOST = 100  # of the squared Laplacian per block: an edge of a sleeve reaches it as well as print
PRINT = 2  # how strongly the stroke map's score, at most 0.5 on the labelled clips, is held against a frame
LIT = (60, 200)  # mean luma
LEAST = 0.1  # what remains of a frame that is all print, or too dark or too bright to see a badge in


class Reviewable:
    """Feed the luma of frames that show something."""

    def __init__(self) -> None:
        self._best: dict[int, float] = {}

    def look(self, at_ms: int, luma: np.ndarray) -> int | None:
        """The span for which this frame is the best one so far, or None."""
        span = next((n for n, end in enumerate(SPANS_MS) if 0 <= at_ms < end), None)
        if span is None:
            return None
        worth = worth_of(luma)
        if span in self._best and worth <= self._best[span]:
            return None
        self._best[span] = worth
        return span


def worth_of(luma: np.ndarray) -> float:
    """How much a reviewer would see in a frame; comparable within a clip only."""
    edge = luma.shape[0] // 10
    small = cv2.resize(luma[edge : luma.shape[0] - edge], SIZE, interpolation=cv2.INTER_AREA)
    edges = cv2.Laplacian(small, cv2.CV_32F)
    sharp = float(np.minimum(cv2.resize(edges * edges, BLOCKS, interpolation=cv2.INTER_AREA), MOST).mean())
    lit = 1.0 if LIT[0] <= float(small.mean()) <= LIT[1] else LEAST
    return sharp * lit * max(LEAST, 1 - PRINT * stroke_score(luma))
