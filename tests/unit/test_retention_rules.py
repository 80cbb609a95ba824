"""Retention rules: the longest wins, every doubt keeps, and nothing that is added brings an end nearer."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avrecord.model.keeping import Fate, Ground, Hold, Keeping
from avrecord.model.spans import months_later, months_of
from avrecord.rules.retention import decisive, fate_of, is_earlier, kept_until

DAYS = st.dates(date(2000, 1, 1), date(2090, 12, 31))
GROUNDS = st.builds(
    Ground,
    why=st.sampled_from(["unlinked", "stage", "undone"]),
    retention=st.just("6m"),
    since=DAYS,
    until=st.one_of(st.none(), DAYS),
    row=st.just("log:1"),
)
HOLDS = st.builds(
    Hold, seq=st.integers(0), clip=st.just("a"), case=st.none(), recorder=st.none(), since=st.none(), until=st.none()
)
KEEPINGS = st.builds(
    Keeping,
    clip=st.just("a"),
    grounds=st.lists(GROUNDS, min_size=1, max_size=5).map(tuple),
    holds=st.lists(HOLDS, max_size=2).map(tuple),
    needs=st.lists(st.sampled_from(["damaged", "important"]), max_size=2).map(tuple),
    listed=st.booleans(),
    removed=st.booleans(),
)
OVER = (Fate.DUE, Fate.WAITING, Fate.PERSON)


@pytest.mark.parametrize(
    ("day", "months", "last"),
    [
        ("2026-08-31", 6, "2027-02-28"),
        ("2027-08-31", 6, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-01-31", 25, "2028-02-29"),
        ("2026-06-30", 6, "2026-12-30"),
        ("9999-01-01", 24, "9999-12-31"),
    ],
)
def test_months_end_on_the_same_day_or_on_the_last_of_a_shorter_month(day, months, last):
    assert months_later(date.fromisoformat(day), months) == date.fromisoformat(last)


@given(DAYS, st.integers(1, 600), st.integers(0, 600))
def test_more_months_never_end_earlier_and_a_later_start_never_does(day, months, more):
    assert months_later(day, months + more) >= months_later(day, months) > day
    assert months_later(day + timedelta(days=more), months) >= months_later(day, months)


@pytest.mark.parametrize("word", ["permanent", "case", "", "适时", "0y", "-6m", "6", "6d", "2 y", "２y", "99999y"])
def test_what_is_no_span_never_ends_by_itself(word):
    assert months_of(word) is None
    assert kept_until(word, date(2026, 1, 1), 0) is None


def test_case_files_end_only_where_somebody_said_how_long_they_stay():
    assert kept_until("case", date(2026, 1, 31), 0) is None
    assert kept_until("case", date(2026, 1, 31), 10) == date(2036, 1, 31)
    assert kept_until("permanent", date(2026, 1, 31), 10) is None


@given(st.lists(GROUNDS, min_size=1))
def test_the_longest_wins(grounds):
    chosen = decisive(grounds)
    assert chosen in grounds
    assert not any(is_earlier(each.until, chosen.until) for each in grounds)
    assert chosen.until is None or all(each.until is not None and each.until <= chosen.until for each in grounds)


def test_a_clip_that_nothing_keeps_is_a_fault_and_not_due():
    with pytest.raises(ValueError, match="empty"):
        decisive([])


@given(KEEPINGS, GROUNDS, DAYS)
def test_a_further_link_never_makes_a_clip_due(keeping, ground, today):
    more = Keeping(keeping.clip, (*keeping.grounds, ground), keeping.holds, keeping.needs, keeping.listed, keeping.removed)
    if fate_of(keeping, today) not in OVER:
        assert fate_of(more, today) not in OVER


@given(KEEPINGS, HOLDS, DAYS)
def test_a_held_clip_is_never_due_whatever_else_is_true(keeping, hold, today):
    held = Keeping(keeping.clip, keeping.grounds, (*keeping.holds, hold), keeping.needs, keeping.listed, keeping.removed)
    assert fate_of(held, today) in (Fate.HELD, Fate.REMOVED)


@given(KEEPINGS, DAYS)
def test_every_clip_is_in_one_state_and_due_only_when_nothing_speaks_against_it(keeping, today):
    fate = fate_of(keeping, today)
    assert fate in set(Fate)
    if fate in (Fate.DUE, Fate.WAITING):
        assert (keeping.holds, keeping.needs, keeping.removed) == ((), (), False)
        assert all(each.until is not None and each.until < today for each in keeping.grounds)


@given(KEEPINGS, DAYS, st.integers(0, 4000))
def test_what_is_over_stays_over(keeping, today, later):
    if fate_of(keeping, today) in OVER:
        assert fate_of(keeping, today + timedelta(days=later)) is fate_of(keeping, today)


@pytest.mark.parametrize(
    ("hold", "held"),
    [
        (Hold(1, "a", None, None, None, None), True),
        (Hold(1, "b", None, None, None, None), False),
        (Hold(1, None, "44号", None, None, None), True),
        (Hold(1, None, "45号", None, None, None), False),
        (Hold(1, None, None, "Z1", None, None), True),
        (Hold(1, None, None, "Z2", None, None), False),
        (Hold(1, None, None, "Z1", date(2026, 11, 16), date(2026, 11, 16)), True),
        (Hold(1, None, None, "Z1", date(2026, 11, 21), date(2026, 11, 21)), True),
        (Hold(1, None, None, "Z1", date(2026, 11, 17), date(2026, 11, 20)), False),
        (Hold(1, None, None, "Z1", None, date(2026, 11, 15)), False),
        (Hold(1, None, None, "Z1", date(2026, 11, 22), None), False),
    ],
)
def test_a_hold_covers_its_clip_its_case_or_the_days_of_a_recorder(hold, held):
    """Both days count: the recorder's own, and the one on which the clip came, since the recorder's clock may be wrong."""
    assert hold.covers("a", frozenset({"44号"}), "Z1", (date(2026, 11, 16), date(2026, 11, 21))) is held
