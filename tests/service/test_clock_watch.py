"""A jump of the station's clock is noticed once, by how much, and slewing is not a jump."""

from __future__ import annotations

from datetime import timedelta

import pytest

from avrecord.service.clock import ClockWatch
from conftest import NOW


class Clocks:
    """A wall clock that can be set, and one that cannot."""

    def __init__(self) -> None:
        self.wall, self.steady = NOW, 1000.0

    def pass_(self, seconds: float, jump: float = 0) -> None:
        self.steady += seconds
        self.wall += timedelta(seconds=seconds + jump)


@pytest.mark.parametrize("jump", [-86_400, -28_800, -3, 3, 28_800, 86_400])
def test_a_jump_is_told_once(jump):
    clocks = Clocks()
    watch = ClockWatch(lambda: clocks.wall, lambda: clocks.steady)
    clocks.pass_(5)
    assert watch.stepped() is None
    clocks.pass_(5, jump)
    step = watch.stepped()
    assert step is not None
    assert (step.by_ms, step.method) == (jump * 1000, "monotonic")
    clocks.pass_(5)
    assert watch.stepped() is None


def test_slewing_is_no_jump_however_long_it_lasts():
    clocks = Clocks()
    watch = ClockWatch(lambda: clocks.wall, lambda: clocks.steady)
    for _ in range(1000):
        clocks.pass_(5, 0.0025)  # 500 ppm, the most that NTP slews
        assert watch.stepped() is None


def test_an_hour_without_a_look_is_no_jump():
    clocks = Clocks()
    watch = ClockWatch(lambda: clocks.wall, lambda: clocks.steady)
    clocks.pass_(3600)
    assert watch.stepped() is None
