"""连续录像, and files that have stopped changing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import at, clip

from avrecord.model.card import SourceFile
from avrecord.model.clip import Media
from avrecord.rules.recordings import REAL_GAP, join_recordings
from avrecord.rules.settled import settled

FILES = st.builds(
    SourceFile, st.sampled_from([b"a.mp4", b"b.mp4", b"c.mp4", b"\xd6\xa4.mp4"]), st.integers(0, 2), st.integers(0, 2)
)


@given(st.lists(FILES, max_size=6), st.lists(FILES, max_size=6))
@settings(max_examples=100)
def test_a_file_is_settled_when_both_listings_say_the_same_of_it(earlier, later):
    assert list(settled(earlier, later)) == [file for file in later if file in earlier]


@pytest.mark.parametrize(
    "later", [SourceFile(b"a.mp4", 11, 5), SourceFile(b"a.mp4", 9, 5), SourceFile(b"a.mp4", 10, 6), SourceFile(b"A.mp4", 10, 5)]
)
def test_a_file_that_grew_shrank_or_was_touched_is_not_settled(later):
    assert settled([SourceFile(b"a.mp4", 10, 5)], [later]) == ()


def test_a_file_that_has_just_appeared_is_not_settled():
    assert settled([], [SourceFile(b"a.mp4", 10, 5)]) == ()


@pytest.mark.parametrize(("gap", "recordings"), [(0, 1), (1, 1), (3, 1), (3.001, 2), (60, 2), (-5, 1)])
def test_clips_are_one_recording_unless_the_gap_between_them_is_real(gap, recordings):
    assert timedelta(seconds=3) == REAL_GAP
    assert len(join_recordings([clip("a", 0, 600), clip("b", 600 + gap, 600)])) == recordings


def test_a_recording_split_into_many_files_is_whole_again():
    files = [clip(number, number * 301, 300) for number in range(12)]
    (recording,) = join_recordings(reversed(files))
    assert [each.name for each in recording.clips] == [each.name for each in files]
    assert (recording.start, recording.end) == (at(0), at(11 * 301 + 300))


def test_two_recorders_at_the_same_scene_make_two_recordings():
    found = join_recordings([clip("a"), clip("b", recorder="Z3A0018")])
    assert [recording.recorder for recording in found] == ["Z3A0017", "Z3A0018"]


def test_the_clock_offset_decides_what_follows_what():
    """After the recorder's clock was set forward by an hour, the second file only seems to be later."""
    (recording,) = join_recordings([clip("a", 0, 600), clip("b", 4200, 600, offset_ms=3_600_000)])
    assert recording.end == at(1200)


@pytest.mark.parametrize(
    "other",
    [
        clip("x", 600, 60, media=Media.AUDIO),
        clip("x", 600, 60, media=Media.PHOTO),
        clip("x", 600, 60, recorder=None),
        clip("x", None, 60),
        clip("x", 600, None),
        clip("x", 600, 0),
    ],
    ids=["sound", "photo", "unknown recorder", "no start", "no length", "empty"],
)
def test_what_is_no_video_of_known_time_is_left_out(other):
    (recording,) = join_recordings([clip("a", 0, 600), other])
    assert [each.name for each in recording.clips] == ["a.mp4"]


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 900), st.sampled_from(["Z1", "Z2"])), max_size=8), st.randoms())
@settings(max_examples=60)
def test_every_video_is_in_exactly_one_recording_in_whatever_order_cards_came(spans, chance):
    clips = [clip(number, start, length, recorder=recorder) for number, (start, length, recorder) in enumerate(spans)]
    found = join_recordings(clips)
    assert sorted(each.name for recording in found for each in recording.clips) == sorted(each.name for each in clips)
    chance.shuffle(clips)
    assert join_recordings(clips) == found
