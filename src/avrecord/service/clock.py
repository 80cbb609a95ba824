"""Has the station's clock jumped? Wall clock against a clock that nobody can set."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from avrecord.model.moments import milliseconds
from avrecord.model.statement import ClockStepped

LEAST = timedelta(seconds=2)  # below this NTP slews, and above it somebody or something stepped the clock


def unsettable() -> float:
    """Seconds since boot, sleep included: no administrator sets this one."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class ClockWatch:
    """Ask `stepped` now and then; it answers once for each jump since the last time it was asked."""

    def __init__(self, wall: Callable[[], datetime], steady: Callable[[], float] = unsettable) -> None:
        self._wall, self._steady = wall, steady
        self._last = wall(), steady()

    def stepped(self) -> ClockStepped | None:
        """The statement of a jump, or None."""
        before, now = self._last, (self._wall(), self._steady())
        self._last = now
        jump = (now[0] - before[0]) - timedelta(seconds=now[1] - before[1])
        return ClockStepped(by_ms=milliseconds(jump), method="monotonic") if abs(jump) > LEAST else None
