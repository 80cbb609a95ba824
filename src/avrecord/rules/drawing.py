"""抽取: a sample that nobody can choose and everybody can draw again.

First the rule and the list to draw from are announced in the log. The seed comes into being only afterwards. Whoever has
the list and the seed gets the same sample: `sha256(seed ‖ id)` puts the list in order, the first ones are drawn
(`docs/formats/draw.md` does it with sha256sum and sort).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def draw_sample(population: Iterable[str], seed: bytes, count: int) -> tuple[str, ...]:
    """At most `count` of the ids, in the order in which they are drawn. An id that stands twice counts once."""
    ranked = sorted(set(population), key=lambda each: (hashlib.sha256(seed + each.encode()).digest(), each))
    return tuple(ranked[: max(0, count)])
