"""Time as an interval: what cosignatures and anchors prove of a leaf, and where its claim contradicts them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from avrecord.model.moments import from_utc_text, utc_text
from avrecord.model.trust import Interval

TOLERANCE = timedelta(minutes=5)  # two honest clocks, a station's and a witness's


@dataclass(frozen=True, slots=True)
class ProvedTimes:
    """Intervals by leaf index.

    `sizes`/`upper`: cosigned tree sizes, ascending, and the earliest time at which a tree at least that large was seen.
    `anchors`/`lower`: leaf indices that hold a cosignature, ascending, and the latest time that stands at or before each.
    """

    sizes: tuple[int, ...] = ()
    upper: tuple[str, ...] = ()
    anchors: tuple[int, ...] = ()
    lower: tuple[str, ...] = ()

    def of(self, index: int) -> Interval:
        """What is proved of one leaf: a tree that holds it has more than `index` leaves."""
        after = bisect_right(self.sizes, index)
        before = bisect_right(self.anchors, index) - 1
        return Interval(
            not_before=self.lower[before] if before >= 0 else None,
            not_after=self.upper[after] if after < len(self.sizes) else None,
        )


def proved_times(cosigned: Iterable[tuple[int, str]], anchors: Iterable[tuple[int, str]]) -> ProvedTimes:
    """`cosigned`: (tree size, time) of each trusted cosignature; `anchors`: (leaf index, time) of those stated in the log."""
    sizes, upper = [], []
    earliest = None
    for size, at in sorted(cosigned, key=lambda pair: (-pair[0], pair[1])):
        if earliest is None or at < earliest:
            earliest = at
            sizes.append(size)
            upper.append(at)
    leaves, lower = [], []
    latest = ""
    for index, at in sorted(anchors):
        latest = max(latest, at)
        leaves.append(index)
        lower.append(latest)
    return ProvedTimes(tuple(reversed(sizes)), tuple(reversed(upper)), tuple(leaves), tuple(lower))


def contradiction(claimed: str, proved: Interval) -> str | None:
    """Where a leaf's claimed time lies outside of what is proved, in words; None when it does not."""
    at = from_utc_text(claimed)
    if proved.not_before and claimed < utc_text(from_utc_text(proved.not_before) - TOLERANCE):
        return f"自称 {claimed[:19]}Z，但见证表明不早于 {proved.not_before[:19]}Z"
    if proved.not_after and utc_text(at - TOLERANCE) > proved.not_after:
        return f"自称 {claimed[:19]}Z，但见证表明不晚于 {proved.not_after[:19]}Z"
    return None


def backward(claims: Iterable[tuple[int, str, bool]]) -> set[int]:
    """Leaves whose claimed time lies before an earlier leaf's, without a statement that the clock was stepped.

    `claims`: (index, claimed time, says that the clock stepped), in order of the log.
    """
    found, latest = set(), ""
    for index, at, stepped in claims:
        if stepped:
            latest = at
        elif at < latest:
            found.add(index)
        else:
            latest = at
    return found
