"""抽检结果: what was seen decides; what could not be looked at is never called not seen."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import clip, examination, fault, observation

from avrecord.model.case import Mark, MarkKind
from avrecord.model.clip import Media
from avrecord.model.observation import Facts
from avrecord.rules.judging import judge
from avrecord.rules.noticing import BLIND, SPARSE_MS

WHY = {"dark": "画面过暗", "sparse": "关键帧间隔过长", "rights_notice": "未检测"}
A, B = clip("a"), clip("b", 700)


def mark(*found, segment: str = "id_shown", clips=None) -> Mark:
    """Judge clips by their examinations; every examined clip counts as linked unless told otherwise."""
    known = {each.id.hex: each for each in (A, B)}
    linked = [known[each.clip] for each in found] if clips is None else clips
    return judge(segment, linked, {each.clip: each for each in found}, WHY)


def test_what_was_seen_is_seen():
    found = mark(examination(A, observation()))
    assert (found.mark, found.clip, found.observation) == (MarkKind.SEEN, A, observation())


def test_what_was_looked_for_everywhere_and_not_found_is_not_seen():
    assert mark(examination(A), examination(B)).mark is MarkKind.NOT_SEEN


def test_what_was_half_read_is_for_a_person_to_decide():
    found = mark(examination(A, observation(doubtful=True)), examination(B))
    assert (found.mark, found.clip) == (MarkKind.CANNOT_TELL, A)


def test_a_certain_sight_outweighs_a_doubtful_one_with_a_better_score():
    found = mark(examination(A, observation(doubtful=True, score=999)), examination(B, observation(score=700)))
    assert (found.mark, found.clip) == (MarkKind.SEEN, B)


def test_the_best_sight_is_shown_and_of_equal_ones_the_earlier():
    early, late, poor = observation(at_ms=2000), observation(at_ms=8000), observation(at_ms=0, score=500)
    assert mark(examination(A, late, poor, early)).observation == early


def test_another_segments_sight_proves_nothing():
    assert mark(examination(A, observation("notice_given"))).mark is MarkKind.NOT_SEEN


def test_a_stage_without_footage_cannot_be_judged():
    assert mark().mark is MarkKind.CANNOT_TELL


@pytest.mark.parametrize("kind", BLIND)
def test_a_clip_that_shows_nothing_keeps_a_segment_from_being_called_not_seen(kind):
    found = mark(examination(A), examination(B, faults=(fault(kind),)))
    assert (found.mark, found.clip) == (MarkKind.CANNOT_TELL, B)
    assert "b.mp4" in found.reason


def test_the_reason_is_given_in_words():
    assert mark(examination(A, faults=(fault("dark"),))).reason == "画面过暗（a.mp4）"


def test_a_mute_clip_can_still_be_looked_at():
    assert mark(examination(A, faults=(fault("mute"),))).mark is MarkKind.NOT_SEEN


def test_what_was_seen_in_a_dark_clip_was_seen():
    assert mark(examination(A, observation(), faults=(fault("dark"),))).mark is MarkKind.SEEN


@pytest.mark.parametrize("outcome", ["failed", "unreadable"])
def test_a_clip_that_could_not_be_examined_keeps_a_segment_from_being_called_not_seen(outcome):
    found = mark(examination(A), examination(B, outcome=outcome, reason="内存超限"))
    assert found.mark is MarkKind.CANNOT_TELL
    assert "内存超限" in found.reason


def test_a_clip_that_was_not_examined_yet_keeps_a_segment_from_being_called_not_seen():
    found = mark(examination(A), clips=[A, B])
    assert (found.mark, found.clip) == (MarkKind.CANNOT_TELL, B)


def test_a_segment_that_no_check_can_speak_for_cannot_be_told():
    found = mark(examination(A), segment="rights_notice")
    assert (found.mark, found.reason) == (MarkKind.CANNOT_TELL, "未检测")


@pytest.mark.parametrize(("gap_ms", "kind"), [(SPARSE_MS, MarkKind.NOT_SEEN), (SPARSE_MS + 1, MarkKind.CANNOT_TELL)])
def test_key_frames_too_far_apart_may_hide_a_certificate(gap_ms, kind):
    assert mark(examination(A, facts=Facts(longest_gap_ms=gap_ms))).mark is kind


def test_sparse_frames_matter_in_video_only():
    photo = clip("a", media=Media.PHOTO)
    assert mark(examination(photo, facts=Facts(longest_gap_ms=9000)), clips=[photo]).mark is MarkKind.NOT_SEEN


def test_a_mark_never_says_not_required_by_itself():
    assert MarkKind.NOT_REQUIRED not in {mark(examination(A)).mark, mark().mark, mark(examination(A, observation())).mark}


CLIPS = [clip(number, number * 700) for number in range(4)]
OBSERVATIONS = st.builds(
    observation, st.sampled_from(["id_shown", "notice_given"]), st.booleans(), st.integers(1, 1000), st.integers(0, 9000)
)
LOOKS = st.fixed_dictionaries(
    {
        "observations": st.lists(OBSERVATIONS, max_size=3).map(tuple),
        "faults": st.lists(st.sampled_from([*BLIND, "mute"]).map(fault), max_size=1).map(tuple),
        "outcome": st.sampled_from(["complete", "complete", "partial", "failed", "unreadable"]),
        "looked": st.sampled_from([("id_shown",), ("id_shown", "notice_given"), ()]),
        "facts": st.sampled_from([Facts(longest_gap_ms=2000), Facts(longest_gap_ms=9000), Facts()]),
    }
)
STAGES = st.lists(st.none() | LOOKS, min_size=1, max_size=4)
"""One look per clip of a stage; None is a clip that was not examined yet."""


def judged(looks) -> Mark:
    examined = {of.id.hex: examination(of, **look) for of, look in zip(CLIPS, looks, strict=False) if look is not None}
    return judge("id_shown", CLIPS[: len(looks)], examined, WHY)


@given(STAGES)
@settings(max_examples=100)
def test_not_seen_is_said_only_where_every_clip_was_seen_through(looks):
    if judged(looks).mark is not MarkKind.NOT_SEEN:
        return
    for look in looks:
        assert look is not None
        assert look["outcome"] in ("complete", "partial")
        assert not {each.kind for each in look["faults"]} & set(BLIND)
        assert "id_shown" in look["looked"]
        assert (look["facts"].longest_gap_ms or 0) <= SPARSE_MS
        assert "id_shown" not in {seen.segment for seen in look["observations"]}


@given(STAGES)
@settings(max_examples=100)
def test_seen_is_said_exactly_where_it_was_certainly_seen(looks):
    certain = any(seen.segment == "id_shown" and not seen.doubtful for look in looks if look for seen in look["observations"])
    assert (judged(looks).mark is MarkKind.SEEN) is certain


@given(STAGES, STAGES)
@settings(max_examples=100)
def test_more_clips_never_turn_seen_into_not_seen(looks, more):
    if judged(looks).mark is MarkKind.SEEN:
        assert judged([*looks, *more][:4]).mark is MarkKind.SEEN


@given(STAGES, OBSERVATIONS)
@settings(max_examples=100)
def test_one_more_observation_never_weakens_a_mark(looks, extra):
    order = [MarkKind.NOT_SEEN, MarkKind.CANNOT_TELL, MarkKind.SEEN]
    richer = [look and look | {"observations": (*look["observations"], extra)} for look in looks]
    assert order.index(judged(richer).mark) >= order.index(judged(looks).mark)


@given(STAGES)
@settings(max_examples=50)
def test_every_mark_gives_a_reason_and_rests_on_a_clip(looks):
    found = judged(looks)
    assert found.reason
    assert found.clip in CLIPS[: len(looks)]
