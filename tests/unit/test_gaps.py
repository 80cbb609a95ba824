"""Gaps in a recorder's run: numbers and time that should be there. It is said that they are not, never why."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from making import clip

from avrecord.rules.gaps import SAME_RUN, sequence_gaps, split_length, time_gaps


def numbered(number: int, width: int = 4, recorder: str = "Z3A0017", kind: str = "MOV"):
    made = clip(f"{recorder}{kind}{number}", start=number * 100)
    return replace(made, name=f"{kind}_{number:0{width}d}.mp4", sequence=number, recorder=recorder)


def missing(*clips) -> list[tuple[str, str, int]]:
    return [(gap.first, gap.last, gap.missing) for gap in sequence_gaps(clips)]


def test_a_number_between_two_that_were_taken_is_missing():
    assert missing(numbered(7), numbered(9), numbered(12)) == [("8", "8", 1), ("10", "11", 2)]


def test_a_photo_that_bears_the_number_fills_it():
    assert missing(numbered(7), numbered(8, kind="PIC"), numbered(9)) == []


def test_photos_that_count_apart_make_no_run_with_the_videos():
    assert missing(numbered(1), numbered(2), numbered(31, kind="PIC"), numbered(32, kind="PIC")) == []


def test_what_a_card_listed_and_nobody_took_yet_is_no_gap():
    gaps = sequence_gaps([numbered(7), numbered(12)], {"Z3A0017": ["20261116/MOV_0008.mp4", "MOV_0009.mp4", "MOV_0011.mp4"]})
    assert [(gap.first, gap.last) for gap in gaps] == [("10", "10")]


def test_the_order_in_which_cards_come_says_nothing():
    assert missing(numbered(9), numbered(7), numbered(8)) == []


def test_a_counter_that_was_reset_is_no_gap():
    assert missing(numbered(9998), numbered(9999), numbered(1), numbered(2)) == []


def test_a_jump_too_large_for_files_taken_away_is_another_run():
    assert missing(numbered(1), numbered(SAME_RUN + 2)) == []
    assert missing(numbered(1), numbered(SAME_RUN + 1)) == [("2", "50", SAME_RUN - 1)]


def test_two_recorders_count_for_themselves():
    assert missing(numbered(1), numbered(2, recorder="B200315"), numbered(3)) == [("2", "2", 1)]


@given(st.sets(st.integers(1, 60), min_size=2))
def test_gaps_and_what_was_taken_together_are_every_number_between_the_edges(numbers):
    found = sequence_gaps([numbered(n) for n in numbers])
    gone = {n for gap in found for n in range(int(gap.first), int(gap.last) + 1)}
    largest = max((b - a for a, b in zip(sorted(numbers), sorted(numbers)[1:], strict=False)), default=0)
    if largest <= SAME_RUN:
        assert gone | numbers == set(range(min(numbers), max(numbers) + 1))
    assert not gone & numbers
    assert sum(gap.missing for gap in found) == len(gone)


def holes(*spans: tuple[float, float]) -> list[tuple[str, int]]:
    return [(gap.gap, gap.missing) for gap in time_gaps([clip(n, start, length) for n, (start, length) in enumerate(spans)])]


FIVE = 300.0


def test_a_split_file_whose_next_one_is_not_there_leaves_a_hole():
    assert holes((0, FIVE), (300, FIVE), (900, 120)) == [("time", 300_000)]


def test_files_that_follow_one_another_leave_none():
    assert holes((0, FIVE), (300, FIVE), (601, 40)) == []


def test_a_file_that_a_person_ended_says_nothing_of_what_follows():
    assert holes((0, FIVE), (300, FIVE), (600, 100), (2000, 60)) == []


def test_a_recorder_that_never_split_twice_has_no_split_length():
    assert split_length([300_000, 40_000, 60_000]) is None
    assert split_length([300_000, 300_900, 900_000]) is None
    assert split_length([300_000, 300_900, 20_000]) == 300_900
    assert split_length([]) is None


def test_another_day_is_another_duty():
    assert holes((0, FIVE), (300, FIVE), (600 + 25 * 3600, FIVE)) == []
