"""In what light a clip was taken: bright, dim, night or backlit, by the luma of its key frames.

What is judged is the recording, after the recorder's own exposure, never lux: a lamp can make a night bright,
and a thumb a day dim. Measured (limited-range luma, black is 16): 82 key frames of four daylight clips have a
median of 73-181, the 40 of the drawn sample 78-129. The same frames at half the light (gain 0.5) have 44-98, at a third
31-65, at a seventh 24-41. In none of them lie 20 % of the picture above 200 and 35 % below 60 at once;
a doorway or window behind the person does that. No clip of a real night or doorway was available.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

VERSION = "light@1"
NIGHT, DIM = 42, 70  # median luma below which a frame is called so
BRIGHT, DARK = 200, 60
BRIGHT_SHARE, DARK_SHARE = 0.2, 0.35  # of a backlit picture: light behind, the rest in its shadow
WORDS = ("backlit", "night", "dim", "day")  # the graver first: it wins where two have the same share


class Light:
    """Feed 64×36 thumbnails of frames that show something: a covered lens is no night."""

    version = VERSION

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def look(self, thumbnail: np.ndarray) -> None:
        self._seen[light_of(thumbnail)] += 1

    def prevailing(self) -> tuple[str | None, int | None]:
        """The light of most frames, and of how many per mille; nothing where no frame showed anything."""
        if not self._seen:
            return None, None
        word = max(WORDS, key=lambda each: self._seen[each])
        return word, round(1000 * self._seen[word] / self._seen.total())


def light_of(thumbnail: np.ndarray) -> str:
    """One of `WORDS`."""
    bright, dark = float((thumbnail >= BRIGHT).mean()), float((thumbnail <= DARK).mean())
    if bright >= BRIGHT_SHARE and dark >= DARK_SHARE:
        return "backlit"
    middle = float(np.median(thumbnail))
    return "night" if middle < NIGHT else "dim" if middle < DIM else "day"
