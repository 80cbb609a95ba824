"""关联: a clip belongs to a stage by recorder, assignment and time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import NINE, clip, stage

from avrecord.model.case import Assignment
from avrecord.model.clip import Media
from avrecord.rules.linking import match_stage

BUFFER = timedelta(minutes=5)
MINE = Assignment("Z3A0017", "041007", "2026-01-01", None)


def linked(clips, assignments=(MINE,), of=None, buffer=BUFFER) -> list[str]:
    return [link.clip.name for link in match_stage(of or stage(), clips, assignments, buffer)]


def test_a_clip_of_the_officers_recorder_within_the_stage_is_linked_with_what_it_overlaps():
    (link,) = match_stage(stage(1800), [clip("a", 1500, 600, uncertainty_ms=2000)], [MINE], BUFFER)
    assert (link.overlap_ms, link.uncertainty_ms, link.method, link.stage) == (300_000, 2000, "assignment", stage().id)


@pytest.mark.parametrize(
    ("start", "seconds", "belongs"),
    [(-900, 600, True), (-901, 600, False), (2100, 60, True), (2101, 60, False), (-3600, 9000, True), (600, 0, True)],
)
def test_a_clip_belongs_when_it_comes_within_the_buffer(start, seconds, belongs):
    assert linked([clip("a", start, seconds)]) == (["a.mp4"] if belongs else [])


def test_a_clip_beside_the_stage_overlaps_it_by_nothing():
    (link,) = match_stage(stage(), [clip("a", -700, 600)], [MINE], BUFFER)
    assert link.overlap_ms == 0


def test_the_measured_offset_of_the_recorders_clock_is_taken_off():
    """The recorder ran two hours ahead: what it calls 11:00 was 09:00."""
    assert linked([clip("a", 7200, 600, offset_ms=7_200_000)]) == ["a.mp4"]
    assert linked([clip("a", 0, 600, offset_ms=7_200_000)]) == []


@pytest.mark.parametrize(("uncertainty_ms", "belongs"), [(300_000, True), (300_001, False), (10**12, False)])
def test_a_clock_that_may_be_off_by_more_than_the_buffer_links_nothing(uncertainty_ms, belongs):
    assert bool(linked([clip("a", uncertainty_ms=uncertainty_ms)])) is belongs


def test_a_recorder_is_followed_from_hand_to_hand_by_date():
    first = Assignment("Z3A0017", "041007", "2026-01-01", "2026-11-15")
    second = Assignment("Z3A0017", "041008", "2026-11-16", None)
    assert linked([clip("a")], [first, second]) == []
    assert linked([clip("a")], [first, second], of=stage(officers=("041008",))) == ["a.mp4"]


@pytest.mark.parametrize(
    ("since", "until", "belongs"),
    [
        ("2026-11-16", "2026-11-16", True),
        ("2026-11-17", None, False),
        ("2026-01-01", "2026-11-15", False),
        ("2026-01-01", "2026-11-16", True),
    ],
)
def test_both_days_of_an_assignment_count(since, until, belongs):
    assert bool(linked([clip("a")], [Assignment("Z3A0017", "041007", since, until)])) is belongs


def test_the_day_is_the_local_one():
    """23:30 UTC on the 15th is half past seven on the 16th in Beijing."""
    early = stage(start=-5400)
    assert early.start.day == 15
    assert linked([clip("a", -5400)], [Assignment("Z3A0017", "041007", "2026-11-16", "2026-11-16")], of=early) == ["a.mp4"]


def test_the_recorder_of_an_officer_who_was_not_there_is_not_linked():
    assert linked([clip("a")], [Assignment("Z3A0017", "041999", "2026-01-01", None)]) == []
    assert linked([clip("a", recorder="Z3A0018")]) == []
    assert linked([clip("a", recorder=None)]) == []


def test_the_recorders_of_all_officers_of_a_stage_are_linked():
    both = [MINE, Assignment("Z3A0018", "041008", "2026-01-01", None)]
    of = stage(officers=("041007", "041008"))
    assert sorted(linked([clip("a"), clip("b", recorder="Z3A0018")], both, of)) == ["a.mp4", "b.mp4"]


@pytest.mark.parametrize(
    ("media", "belongs"), [("video", True), ("audio", True), ("photo", True), ("log", False), ("other", False)]
)
def test_video_sound_and_photos_are_linked_and_a_recorders_log_is_not(media, belongs):
    assert bool(linked([clip("a", media=Media(media))])) is belongs


def test_a_clip_without_a_claimed_time_is_left_to_a_person():
    assert linked([clip("a", None)]) == []


def test_a_clip_of_unknown_length_counts_by_its_start():
    assert linked([clip("a", 600, None)]) == ["a.mp4"]
    assert linked([clip("a", -600, None)]) == []


def test_a_clip_is_linked_once_though_its_recorder_was_assigned_twice():
    again = Assignment("Z3A0017", "041007", "2026-11-01", "2026-11-30")
    assert linked([clip("a")], [MINE, again]) == ["a.mp4"]


@given(st.lists(st.tuples(st.integers(-4000, 4000), st.integers(0, 3000)), max_size=8), st.integers(0, 900), st.randoms())
@settings(max_examples=80)
def test_links_follow_from_times_alone_and_not_from_the_order_of_cards(spans, buffer_s, chance):
    clips = [clip(number, start, seconds) for number, (start, seconds) in enumerate(spans)]
    found = match_stage(stage(1800), clips, [MINE], timedelta(seconds=buffer_s))
    for each in clips:
        start = (each.start - NINE).total_seconds()
        touches = start <= 1800 + buffer_s and start + each.duration_ms / 1000 >= -buffer_s
        overlap = max(0, min(1800, start + each.duration_ms / 1000) - max(0, start))
        assert [link.overlap_ms for link in found if link.clip == each] == ([overlap * 1000] if touches else [])
    chance.shuffle(clips)
    assert match_stage(stage(1800), clips, [MINE], timedelta(seconds=buffer_s)) == found
