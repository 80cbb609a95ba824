"""Shares with their intervals."""

from __future__ import annotations

import math


def wilson(hits: int, total: int) -> str:
    """Hits of a total with the 95 % interval of their share."""
    if not total:
        return "-"
    share, z = hits / total, 1.96
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    width = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return f"{hits}/{total} ({100 * max(0.0, middle - width):.0f}-{100 * min(1.0, middle + width):.0f} %)"


def per_hour(count: int, seconds: float) -> str:
    """Events per hour with the exact 95 % interval of a Poisson count; for none, its upper end alone (3.0 events)."""
    hours = seconds / 3600
    if not hours:
        return "-"
    low, high = _poisson(count)
    return f"{count} in {seconds / 60:.1f} min: {count / hours:.1f} per hour ({low / hours:.0f}-{high / hours:.0f})"


def _poisson(count: int) -> tuple[float, float]:
    """Where a count of this size, or a more extreme one, has a chance of 2.5 % (5 % where nothing was counted)."""
    if not count:
        return 0.0, -math.log(0.05)
    return _solve(count - 1, 0.975), _solve(count, 0.025)


def _solve(most: int, chance: float) -> float:
    """The mean at which at most `most` events have this chance: bisection, the chance falls with the mean."""
    low, high = 0.0, 10.0 * most + 50
    for _ in range(80):
        middle = (low + high) / 2
        share = sum(math.exp(k * math.log(middle) - middle - math.lgamma(k + 1)) for k in range(most + 1)) if middle else 1.0
        low, high = (middle, high) if share > chance else (low, middle)
    return low
