"""覆盖 and 缺口, held against counting second by second."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import at, clip, stage

from avrecord.model.case import Coverage, Gap
from avrecord.model.clip import Media
from avrecord.rules.coverage import cover

TOLERANCE = 3
SPANS = st.lists(st.tuples(st.integers(-400, 1200), st.integers(0, 700)), max_size=8)
WINDOWS = st.integers(1, 900)


def covered(window: int, *clips, tolerance: float = TOLERANCE) -> Coverage:
    return cover(stage(window), clips, timedelta(seconds=tolerance))


def made(spans) -> list:
    return [clip(number, start, length) for number, (start, length) in enumerate(spans)]


def gap_seconds(found: Coverage) -> int:
    return sum(gap.seconds for gap in found.gaps)


@given(WINDOWS, SPANS)
@settings(max_examples=100)
def test_coverage_is_what_counting_seconds_gives(window, spans):
    seconds = {second for start, length in spans for second in range(max(0, start), min(window, start + length))}
    holes, second = [], 0
    while second < window:
        end = next((later for later in range(second, window) if later in seconds), window)
        if end - second > TOLERANCE:
            holes.append(Gap(at(second), at(end)))
        second = next((later for later in range(end, window) if later not in seconds), window)
    assert covered(window, *made(spans)) == Coverage(window, len(seconds), tuple(holes))


@given(WINDOWS, SPANS)
@settings(max_examples=100)
def test_gaps_and_coverage_account_for_the_window_within_the_tolerance(window, spans):
    found = covered(window, *made(spans))
    assert found.covered_s + gap_seconds(found) <= window
    assert found.covered_s + gap_seconds(found) >= window - (len(spans) + 1) * TOLERANCE


@given(WINDOWS, SPANS)
@settings(max_examples=100)
def test_gaps_lie_in_the_window_in_order_and_apart(window, spans):
    edges = [edge for gap in covered(window, *made(spans)).gaps for edge in (gap.start, gap.end)]
    assert all(earlier < later for earlier, later in pairwise(edges))
    assert all(at(0) <= edge <= at(window) for edge in edges)


@given(WINDOWS, SPANS, SPANS)
@settings(max_examples=100)
def test_more_clips_never_cover_less(window, spans, more):
    few, many = covered(window, *made(spans)), covered(window, *made([*spans, *more]))
    assert many.covered_s >= few.covered_s
    assert gap_seconds(many) <= gap_seconds(few)


@given(WINDOWS, SPANS, st.randoms())
@settings(max_examples=50)
def test_the_order_in_which_cards_came_does_not_matter(window, spans, chance):
    clips = made(spans)
    found = covered(window, *clips)
    chance.shuffle(clips)
    assert covered(window, *clips) == found


@pytest.mark.parametrize(
    ("clips", "extent"),
    [
        ([], "none"),
        ([clip("before", -600, 600)], "none"),
        ([clip("after", 1800, 600)], "none"),
        ([clip("half", 0, 900)], "part"),
        ([clip("all", 0, 1800)], "whole"),
        ([clip("more", -60, 2000)], "whole"),
        ([clip("two a", 0, 900), clip("two b", 902, 900)], "whole"),
        ([clip("late", 10, 1790)], "part"),
    ],
)
def test_a_stage_is_recorded_not_at_all_in_part_or_wholly(clips, extent):
    assert covered(1800, *clips).extent == extent


def test_two_cameras_at_once_are_not_counted_twice():
    assert covered(1800, clip("a", 0, 900), clip("b", 0, 900, recorder="Z3A0018")).covered_s == 900


def test_a_gap_is_given_to_the_second():
    (gap,) = covered(1800, clip("a", 0, 600), clip("b", 660, 1140)).gaps
    assert (gap, gap.seconds) == (Gap(at(600), at(660)), 60)


@pytest.mark.parametrize(("seconds", "gaps"), [(2.9, 0), (3, 0), (3.1, 1)])
def test_a_gap_within_the_tolerance_is_none(seconds, gaps):
    assert len(covered(1800, clip("a", 0, 600), clip("b", 600 + seconds, 1300)).gaps) == gaps


@pytest.mark.parametrize(("first_ms", "second_ms", "gaps"), [(0, 0, 1), (8000, 0, 0), (0, 8000, 0), (5000, 5000, 1)])
def test_a_gap_that_an_uncertain_clock_may_explain_is_none(first_ms, second_ms, gaps):
    """Ten seconds between two files; the larger of the two doubts is added to the tolerance."""
    first, second = clip("a", 0, 600, uncertainty_ms=first_ms), clip("b", 610, 1300, uncertainty_ms=second_ms)
    assert len(covered(1800, first, second).gaps) == gaps


def test_doubt_about_a_clock_makes_no_coverage():
    assert covered(1800, clip("a", 0, 600, uncertainty_ms=60_000)).covered_s == 600


def test_the_measured_offset_moves_what_a_clip_covers():
    (gap,) = covered(1800, clip("a", 600, 1800, offset_ms=300_000)).gaps
    assert (gap.start, gap.end) == (at(0), at(300))


@pytest.mark.parametrize(
    "other",
    [clip("p", 0, 1800, media=Media.PHOTO), clip("l", 0, 1800, media=Media.LOG), clip("n", None, 1800), clip("u", 0, None)],
    ids=["photo", "log", "no start", "no length"],
)
def test_what_shows_no_span_of_time_covers_nothing(other):
    assert covered(1800, other) == covered(1800)


def test_sound_alone_covers_time():
    assert covered(1800, clip("a", 0, 1800, media=Media.AUDIO)).extent == "whole"
