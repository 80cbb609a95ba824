"""How long the disk lasts: quiet days count, today does not, and one busy day is no rate."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from avrecord.rules.space import WEEKS, forecast

TODAY = date(2026, 11, 26)
days = st.dictionaries(st.integers(0, 60).map(lambda n: TODAY - timedelta(days=n)), st.integers(0, 10**12), max_size=40)


def test_days_without_intake_lower_the_rate():
    taken = {TODAY - timedelta(days=10): 50, TODAY - timedelta(days=1): 50}
    found = forecast(1000, taken, TODAY)
    assert (found.per_day, found.days) == (10, 100)
    assert (found.busiest, found.days_at_worst) == (50, 20)


def test_today_is_not_over_and_does_not_count():
    assert forecast(1000, {TODAY - timedelta(days=10): 100, TODAY: 10**9}, TODAY).per_day == 10


def test_a_station_of_two_days_does_not_know_yet():
    assert forecast(1000, {TODAY - timedelta(days=2): 100}, TODAY).days is None


def test_what_came_in_before_the_last_four_weeks_is_forgotten():
    old = {TODAY - timedelta(weeks=WEEKS, days=1): 10**12}
    assert forecast(1000, old, TODAY).per_day == 0
    assert forecast(1000, old, TODAY).days is None


@given(st.integers(-(10**9), 10**13), days)
def test_the_worst_case_is_never_longer_than_the_usual_one_and_more_room_never_shorter(free, taken):
    found, more = forecast(free, taken, TODAY), forecast(free + 10**12, taken, TODAY)
    if found.days is not None and found.days_at_worst is not None and more.days is not None:
        assert 0 <= found.days_at_worst <= found.days <= more.days
