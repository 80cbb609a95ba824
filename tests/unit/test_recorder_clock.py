"""A recorder's clock: the best reading wins, each claim gets the one that holds for it, and nothing is guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import NINE, at, clip, stage

from avrecord.model.card import ClockReading, ClockStep
from avrecord.model.case import Assignment
from avrecord.model.moments import milliseconds
from avrecord.rules.linking import match_stage
from avrecord.rules.recorder_clock import (
    DAY_MS,
    ahead_oddity,
    at_claim,
    best,
    current,
    doubt,
    from_docking_line,
    from_fixes,
    from_steps,
    mtime_oddity,
)

NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
RESETS = tuple(datetime(year, 1, 1, tzinfo=UTC) for year in (1970, 1980, 2000, 2016))
SINCE = datetime(2015, 1, 1, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2016, 3, 1), datetime(2026, 11, 20)).map(lambda naive: naive.replace(tzinfo=UTC))
READINGS = st.builds(
    ClockReading,
    st.integers(-(10**9), 10**9),
    st.integers(0, 10**6),
    st.sampled_from(["gps_line", "gps_name", "device_log", "docking_line"]),
)


def step(own: float, true: float) -> ClockStep:
    return ClockStep(milliseconds(at(own) - at(true)), at(own), at(true))


def test_no_reading_is_none_and_never_zero():
    assert best([]) is None
    assert from_steps([], None) is None
    assert from_fixes([]) is None
    assert at_claim(NINE, False, None, [], []) is None


def test_the_satellites_are_believed_before_a_surer_reading_from_inside():
    gps = ClockReading(35_000, 2500, "gps_line")
    assert best([ClockReading(0, 1000, "device_log"), gps]) == gps


@given(st.lists(READINGS, min_size=1))
def test_the_best_is_one_of_those_given_and_no_other_of_its_kind_is_surer(readings):
    found = best(readings)
    outside = {"gps_line", "gps_name"}
    assert found in readings
    assert (found.method in outside) == any(reading.method in outside for reading in readings)
    assert all(
        found.uncertainty_ms <= reading.uncertainty_ms
        for reading in readings
        if (reading.method in outside) == (found.method in outside)
    )


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (datetime(1970, 1, 1, 0, 3, tzinfo=UTC), "reset"),
        (datetime(1980, 1, 6, tzinfo=UTC), "reset"),
        (datetime(2000, 1, 1, 11, tzinfo=UTC), "reset"),
        (datetime(2000, 5, 1, tzinfo=UTC), "too_early"),
        (datetime(2016, 1, 20, tzinfo=UTC), "reset"),  # started again, and ran on for weeks
        (datetime(2015, 12, 31, 16, tzinfo=UTC), "reset"),  # midnight in Beijing
        (datetime(2016, 2, 20, tzinfo=UTC), None),
        (NOW + timedelta(hours=23), None),
        (NOW + timedelta(hours=25), "future"),
        (datetime(2038, 1, 19, tzinfo=UTC), "future"),
    ],
)
def test_a_clock_that_started_again_is_flagged(start, reason):
    assert doubt(start, NOW, SINCE, RESETS) == reason


def test_a_real_new_years_night_is_no_reset():
    night = datetime(2016, 1, 1, 0, 5, tzinfo=UTC)
    assert doubt(night, night + timedelta(days=3), SINCE, RESETS) is None


@given(MOMENTS)
def test_what_was_recorded_and_docked_on_the_same_day_is_never_doubted(start):
    assert doubt(start, start + timedelta(hours=9), SINCE, RESETS) is None


def test_a_step_that_was_followed_by_recordings_is_not_this_dockings():
    assert from_steps([step(35, 0)], newest=at(-600)).offset_ms == 35_000
    assert from_steps([step(35, 0)], newest=at(20)).offset_ms == 35_000  # within the doubled half minute
    assert from_steps([step(35, 0)], newest=at(600)) is None


@given(st.integers(-40_000, 40_000), st.integers(-40_000, -1))
def test_before_a_step_the_clock_was_off_by_what_the_step_took_away(offset, before):
    steps = [step(offset, 0)]
    found = at_claim(at(offset + before), False, None, [], steps)
    assert found.offset_ms == offset * 1000
    truly = at(offset + before) - timedelta(milliseconds=found.offset_ms)
    assert truly == at(before)


@given(st.integers(1, 40_000), st.floats(0, 1))
def test_hours_that_a_fast_clock_went_over_twice_are_as_doubtful_as_it_was_fast(offset, part):
    found = at_claim(at(offset * part), False, None, [], [step(offset, 0)])
    assert found.uncertainty_ms >= offset * 1000


def test_after_the_last_step_the_cards_own_reading_stands():
    steps = [step(7200, 0)]
    assert at_claim(at(9000), False, None, [], steps) is None
    assert at_claim(at(9000), False, ClockReading(400, 1500, "gps_line"), [], steps).offset_ms == 400


def test_hours_that_a_slow_clock_jumped_over_belong_to_a_time_before_it_lost_them():
    reset = ClockStep(
        milliseconds(datetime(2000, 1, 1, 3, tzinfo=UTC) - at(30_000)), datetime(2000, 1, 1, 3, tzinfo=UTC), at(30_000)
    )
    clock = from_steps([reset], at(0))
    assert abs(clock.offset_ms) > DAY_MS
    assert at_claim(at(0), False, clock, [], [reset]) is None  # named before the reset: by a clock that nobody read
    assert at_claim(datetime(2000, 1, 1, 1, tzinfo=UTC), True, clock, [], [reset]) == clock


def test_the_nearest_fix_of_the_same_run_is_taken_for_a_claim():
    morning, evening = ClockReading(0, 1500, "gps_line", at(0)), ClockReading(4000, 1500, "gps_line", at(30_000))
    assert at_claim(at(2000), False, evening, [morning, evening], []) == morning
    assert at_claim(at(29_000), False, evening, [morning, evening], []) == evening
    # A fix after the clock was set right says nothing of what was recorded before.
    assert at_claim(at(2000), False, evening, [evening], [step(7200, 0)]).offset_ms == 7_200_000


def test_a_track_of_last_week_does_not_tell_todays_clock():
    old = ClockReading(9000, 1500, "gps_line", at(-7 * 86_400))
    assert current([old], at(0)) == []
    assert current([old], None) == [old]


def test_a_line_written_at_docking_is_compared_with_the_stations_time():
    reading, odd = from_docking_line(at(95), at(0), 30_000, None)
    assert (reading.offset_ms, reading.uncertainty_ms, reading.method, odd) == (95_000, 31_000, "docking_line", None)


def test_a_line_far_behind_may_be_an_old_one_and_says_nothing():
    reading, odd = from_docking_line(at(-301), at(0), 30_000, None)
    assert (reading, odd.kind, odd.amount) == (None, "old_docking_line", 301_000)
    assert from_docking_line(at(-10), at(0), 30_000, newest=at(-5))[0] is None


@given(st.lists(st.integers(-3000, 3000), min_size=1, max_size=200), st.integers(-(10**7), 10**7))
def test_fixes_that_disagree_make_the_reading_as_uncertain_as_they_are_apart(noise, offset):
    pairs = [(at(n) + timedelta(milliseconds=offset + jitter), at(n)) for n, jitter in enumerate(noise)]
    found = from_fixes(pairs)
    latest = noise[-60:]
    assert all(abs(found.offset_ms - offset - jitter) <= found.uncertainty_ms - 1500 for jitter in latest)
    assert min(latest) <= found.offset_ms - offset <= max(latest)


@pytest.mark.parametrize(
    ("minutes", "odd"),
    [
        ([1, 5, 30, 10], None),
        ([481, 485, 510], ("zone_shift", 8)),
        ([-479, -475, -455], ("zone_shift", -8)),
        ([60 * 24 * 20, 60 * 24 * 21], ("mtime_unrelated", 2)),
        ([], None),
    ],
)
def test_modification_times_tell_of_zones_and_copies_and_never_an_offset(minutes, odd):
    found = mtime_oddity([minute * 60_000 for minute in minutes])
    assert (found and (found.kind, found.amount)) == odd


@given(st.lists(st.integers(0, 30 * 60_000), min_size=1), st.integers(-13, 13))
def test_a_whole_hour_zone_is_found_whatever_the_lengths_of_the_files(lengths, hours):
    found = mtime_oddity([length + hours * 3_600_000 for length in lengths])
    assert (found is None) if hours == 0 else (found.kind, found.amount) == ("zone_shift", hours)


def test_a_file_from_the_future_says_that_the_clock_is_fast_and_not_by_how_much():
    minute = timedelta(seconds=60)
    assert ahead_oddity(NOW + timedelta(hours=3), None, NOW, minute).amount == 3 * 3_600_000
    assert ahead_oddity(NOW + timedelta(hours=3), ClockReading(3 * 3_600_000, 1000, "device_log"), NOW, minute) is None
    assert ahead_oddity(NOW - minute, None, NOW, minute) is None


def test_a_clip_whose_clock_had_started_again_is_never_linked_by_rule():
    mine = Assignment("Z3A0017", "041007", "2026-01-01", None)
    buffer = timedelta(minutes=5)
    assert match_stage(stage(), [clip("a", 0)], [mine], buffer)
    assert match_stage(stage(), [clip("a", 0, doubt="reset")], [mine], buffer) == ()
