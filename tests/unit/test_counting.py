"""月度统计: counting that loses nothing and doubles nothing but what belongs to two."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from avrecord.model.case import Account, Coverage, Gap, Mark, MarkKind, Review, StageId
from avrecord.model.statistics import Footage, Stages
from avrecord.rules.statistics import by_officer, by_unit, count_stages, together
from unit.making import at, clip, stage

EAST, WEST = "东湖大队", "西园大队"
COUNTED = (MarkKind.SEEN, MarkKind.NOT_SEEN, MarkKind.CANNOT_TELL)


def account(n=0, unit=EAST, officers=("FY1",), clips=1, gaps=0, marks=(), reviews=(), mode="whole") -> Account:
    of = replace(stage(), id=StageId(f"综执罚字〔2026〕{n}号", "现场检查"), unit=unit, officers=tuple(officers))
    holes = tuple(Gap(at(60 * n), at(60 * n + 30)) for n in range(gaps))
    return Account(
        of, "清单 1", mode, Coverage(1800, 0 if not clips else 1700, holes), tuple(marks), tuple(reviews),
        tuple(clip(f"{n}-{k}") for k in range(clips)),
    )  # fmt: skip


def mark(kind=MarkKind.SEEN, segment="id_shown") -> Mark:
    return Mark(segment, kind, "", clip("a"))


def test_a_stage_without_a_clip_has_no_footage_and_no_gap_either():
    found = count_stages([account(clips=0, gaps=1)])
    assert (len(found.without_footage), len(found.with_gaps), found.with_footage) == (1, 0, 0)


def test_a_gap_of_any_length_makes_a_stage_one_with_gaps():
    found = count_stages([account(1), account(2, gaps=2)])
    assert ([each.case for each in found.whole], [each.case for each in found.with_gaps]) == (
        ["综执罚字〔2026〕1号"], ["综执罚字〔2026〕2号"],
    )  # fmt: skip


def test_a_mark_that_is_not_required_is_not_counted_and_the_stage_is_said_to_be_unlisted():
    found = count_stages([account(marks=[Mark("*", MarkKind.NOT_REQUIRED, "")], mode=None)])
    assert (found.required, len(found.unlisted)) == ((), 1)


def test_what_a_person_decided_is_counted_beside_the_mark_and_changes_it_not():
    one = account(marks=[mark(MarkKind.NOT_SEEN)])
    first = Review(one.stage.id, "id_shown", "missing", "FY9", at(0), 1)
    last = Review(one.stage.id, "id_shown", "seen", "FY9", at(9), 2)
    for reviews, missing in (((first,), 1), ((first, last), 0), ((last, replace(first, seq=3)), 1)):
        found = count_stages([replace(one, reviews=reviews)])
        assert (len(found.found_missing), len(found.marked(MarkKind.NOT_SEEN))) == (missing, 1)


def test_a_stage_of_two_officers_counts_for_both_and_once_for_each():
    found = by_officer([account(officers=("FY1", "FY2", "FY1"))])
    assert {name: len(each.all) for name, each in found.items()} == {"FY1": 1, "FY2": 1}


OFFICERS = st.lists(st.sampled_from(["FY1", "FY2", "FY3"]), max_size=3)
MARKS = st.lists(st.builds(mark, st.sampled_from(list(MarkKind)), st.sampled_from("abc")), max_size=4)
ONE = st.builds(
    account, st.integers(0, 10**6), st.sampled_from([EAST, WEST, ""]), OFFICERS, st.integers(0, 2), st.integers(0, 2), MARKS
)
ACCOUNTS = st.lists(ONE, max_size=8, unique_by=lambda each: each.stage.id)


@given(ACCOUNTS)
def test_every_stage_is_in_one_state_and_every_required_segment_has_one_mark(accounts):
    found = count_stages(accounts)
    assert found.all == tuple(sorted(each.stage.id for each in accounts))
    assert len(found.without_footage) + found.with_footage == len(accounts)
    assert sum(len(found.marked(kind)) for kind in COUNTED) == len(found.required)


@given(ACCOUNTS)
def test_units_add_up_to_the_whole_and_officers_to_no_less_than_what_anybody_did(accounts):
    whole, units = count_stages(accounts), by_unit(accounts).values()
    for part in ("without_footage", "whole", "with_gaps", "unlisted", "required"):
        assert sorted(map(repr, (x for each in units for x in getattr(each, part)))) == sorted(map(repr, getattr(whole, part)))
    named = {each.stage.id for each in accounts if each.stage.officers}
    assert {one for each in by_officer(accounts).values() for one in each.all} == named


@given(st.lists(st.builds(Footage, *[st.integers(0, 10**9)] * 4)))
def test_footage_of_units_adds_up(parts):
    assert together(parts).recorded_ms == sum(each.recorded_ms for each in parts)
    assert together(parts).clips == sum(each.clips for each in parts)


def test_nothing_is_counted_as_nothing():
    assert count_stages([]) == Stages()
