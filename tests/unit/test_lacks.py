"""`cases missing`: what the list requires and the footage does not show, and what a person decided."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import at, clip, stage

from avrecord.model.case import Account, Coverage, Gap, Mark, MarkKind, Review
from avrecord.rules.judging import is_whole, lacks
from avrecord.rules.reviewing import in_force

STAGE = stage(1800)
WHOLE = Coverage(1800, 1800, ())
PART = Coverage(1800, 1700, (Gap(at(600), at(650)), Gap(at(900), at(950))))
NONE = Coverage(1800, 0, (Gap(at(0), at(1800)),))
LINKED = (clip("a"),)


def mark(kind: MarkKind, segment: str = "id_shown") -> Mark:
    return Mark(segment, kind, "原因", clip("a"))


def review(decision: str, item: str = "id_shown", seq: int = 50) -> Review:
    return Review(STAGE.id, item, decision, "041001", at(90_000), seq)


def lacking(*marks: Mark, coverage=WHOLE, reviews=(), clips=LINKED, mode="key", whole=False) -> list[tuple[str, str | None]]:
    account = Account(STAGE, "默认清单 1", mode, coverage, marks, tuple(reviews), tuple(clips))
    return [(lack.what, lack.segment) for lack in lacks(account, whole)]


def test_a_stage_that_shows_everything_lacks_nothing():
    assert lacking(mark(MarkKind.SEEN)) == []


@pytest.mark.parametrize("kind", [MarkKind.NOT_SEEN, MarkKind.CANNOT_TELL])
def test_what_was_not_seen_or_cannot_be_told_is_a_row(kind):
    assert lacking(mark(kind), mark(MarkKind.SEEN, "notice_given")) == [(kind.value, "id_shown")]


def test_a_stage_that_no_list_names_lacks_nothing():
    assert lacking(mark(MarkKind.NOT_SEEN), coverage=NONE, clips=(), mode=None) == []


def test_a_stage_without_footage_is_one_row_and_not_one_per_segment():
    marks = [mark(MarkKind.CANNOT_TELL), mark(MarkKind.CANNOT_TELL, "notice_given")]
    assert lacking(*marks, coverage=NONE, clips=()) == [("no_footage", None)]


def test_each_gap_is_a_row_where_the_whole_course_must_be_recorded():
    assert lacking(mark(MarkKind.SEEN), coverage=PART, whole=True) == [("gap", None), ("gap", None)]


def test_a_gap_is_no_row_where_key_moments_are_enough():
    assert lacking(mark(MarkKind.SEEN), coverage=PART, whole=False) == []


def test_a_gap_row_says_where_it_is_and_how_long():
    account = Account(STAGE, "", "whole", PART, (), (), (clip("a"),))
    first = lacks(account, True)[0]
    assert (first.gap, first.detail) == (Gap(at(600), at(650)), "缺口 50 秒")


def test_photos_alone_leave_the_whole_window_a_gap():
    assert lacking(coverage=NONE, clips=(clip("p"),), whole=True) == [("gap", None)]


@pytest.mark.parametrize("decision", ["seen", "not_required"])
@pytest.mark.parametrize("kind", [MarkKind.NOT_SEEN, MarkKind.CANNOT_TELL])
def test_a_person_who_saw_it_settles_the_matter(kind, decision):
    assert lacking(mark(kind), reviews=[review(decision)]) == []


@pytest.mark.parametrize("kind", [MarkKind.SEEN, MarkKind.NOT_SEEN, MarkKind.CANNOT_TELL])
def test_a_person_who_finds_it_missing_overrides_what_the_check_saw(kind):
    assert lacking(mark(kind), reviews=[review("missing")]) == [("missing", "id_shown")]


def test_a_review_is_about_its_own_segment_only():
    marks = [mark(MarkKind.NOT_SEEN), mark(MarkKind.NOT_SEEN, "notice_given")]
    assert lacking(*marks, reviews=[review("seen")]) == [("not_seen", "notice_given")]


@pytest.mark.parametrize("decision", ["seen", "not_required"])
def test_a_person_may_accept_missing_footage_or_gaps(decision):
    accepted = [review(decision, "footage")]
    assert lacking(coverage=NONE, clips=(), reviews=accepted) == []
    assert lacking(coverage=PART, whole=True, reviews=accepted) == []


def test_a_person_may_find_that_footage_is_missing():
    assert lacking(coverage=NONE, clips=(), reviews=[review("missing", "footage")]) == [("missing", None)]


def test_accepting_a_gap_accepts_nothing_else():
    found = lacking(mark(MarkKind.NOT_SEEN), coverage=PART, whole=True, reviews=[review("seen", "footage")])
    assert found == [("not_seen", "id_shown")]


def test_the_latest_review_decides_and_the_earlier_one_is_not_erased():
    reviews = (review("missing", seq=60), review("seen", seq=50))
    account = Account(STAGE, "", "key", WHOLE, (mark(MarkKind.NOT_SEEN),), reviews, (clip("a"),))
    assert [lack.what for lack in lacks(account, False)] == ["missing"]
    assert account.reviews == reviews
    assert account.marks == (mark(MarkKind.NOT_SEEN),)


@given(
    st.lists(
        st.tuples(st.sampled_from(["id_shown", "footage"]), st.sampled_from(["seen", "missing", "not_required"])), max_size=6
    )
)
@settings(max_examples=60)
def test_for_each_item_the_decision_with_the_highest_place_in_the_log_counts(decisions):
    reviews = [review(decision, item, seq) for seq, (item, decision) in enumerate(decisions)]
    expected = {item: decision for item, decision in decisions}  # noqa: C416 later ones replace earlier ones
    assert in_force(reviews[::-1]) == expected


@given(st.lists(st.sampled_from([MarkKind.SEEN, MarkKind.NOT_SEEN, MarkKind.CANNOT_TELL]), max_size=4), st.booleans())
@settings(max_examples=60)
def test_a_review_that_says_seen_never_adds_a_row(kinds, whole):
    marks = [mark(kind, f"segment {number}") for number, kind in enumerate(kinds)]
    reviews = [review("seen", each.segment) for each in marks] + [review("seen", "footage")]
    assert lacking(*marks, coverage=PART, whole=whole, reviews=reviews) == []
    assert len(lacking(*marks, coverage=PART, whole=whole)) >= sum(kind is not MarkKind.SEEN for kind in kinds)


@pytest.mark.parametrize(("mode", "whole"), [("whole", True), ("key", False), (None, False)])
def test_only_the_whole_course_mode_asks_for_every_second(mode, whole):
    assert is_whole(mode) is whole
