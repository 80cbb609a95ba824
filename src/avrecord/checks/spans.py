"""Spans of time in which samples agree: how single frames become a fault."""

from __future__ import annotations

from collections.abc import Iterable


def spans(samples: Iterable[tuple[int, bool]], shortest_ms: int, end_ms: int | None = None) -> list[tuple[int, int]]:
    """Runs of true samples (time in ms, verdict) at least `shortest_ms` long.

    A run lasts until the next sample that is false, or until `end_ms` where there is none.
    """
    found, start, last = [], None, 0
    for at, verdict in samples:
        last = at
        if verdict and start is None:
            start = at
        elif not verdict and start is not None:
            found.append((start, at))
            start = None
    if start is not None:
        found.append((start, max(last, end_ms or last)))
    return [(first, until) for first, until in found if until - first >= shortest_ms]
