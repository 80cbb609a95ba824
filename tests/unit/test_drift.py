"""走时漂移: what two dockings tell of a clock's rate, and what they cannot."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from making import NINE

from avrecord.rules.drift import Measured, drift

DAY = timedelta(days=1)


def measured(days: float, offset_ms: int, uncertainty_ms: int = 1000, set_right: bool = False) -> Measured:
    return Measured(NINE + days * DAY, offset_ms, uncertainty_ms, set_right)


def test_a_clock_that_gains_two_seconds_a_day_is_twenty_three_ppm():
    found = drift(measured(0, 1000), measured(10, 21_000))
    assert found.ms_per_day == 2000
    assert round(found.ppm, 1) == 23.1
    assert found.uncertainty_ms_per_day == 200
    assert not found.stepped


def test_a_clock_that_was_set_right_began_from_nothing():
    assert drift(measured(0, 35_000, set_right=True), measured(10, 20_000)).ms_per_day == 2000


@pytest.mark.parametrize("hours", [-24, 0, 5.9])
def test_two_dockings_too_close_or_in_no_order_tell_nothing(hours):
    assert drift(measured(0, 0), measured(hours / 24, 5000)) is None


@pytest.mark.parametrize(("offset_ms", "stepped"), [(86_400_000, True), (-(10**11), True), (40_000, False), (-40_000, False)])
def test_a_jump_is_not_called_drift(offset_ms, stepped):
    assert drift(measured(0, 0), measured(1, offset_ms)).stepped is stepped


@given(
    st.floats(0.5, 400), st.integers(-(10**6), 10**6), st.integers(-4000, 4000),
    st.integers(-1000, 1000), st.integers(-1000, 1000), st.booleans(),
)  # fmt: skip
def test_the_true_rate_lies_within_the_stated_uncertainty(days, began, rate, first_error, second_error, set_right):
    left = 0 if set_right else began
    second = round(left + rate * days)
    found = drift(measured(0, began + (0 if set_right else first_error), 1000, set_right), measured(days, second + second_error))
    assert found is not None
    assert abs(found.ms_per_day - rate) <= found.uncertainty_ms_per_day + 2 / days


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6), st.floats(0.5, 100))
def test_drift_turned_round_changes_its_sign(one, other, days):
    assume(one != other)
    forth, back = drift(measured(0, one), measured(days, other)), drift(measured(0, other), measured(days, one))
    assert forth.ms_per_day == pytest.approx(-back.ms_per_day)
