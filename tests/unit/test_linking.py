"""关联: a clip belongs to a stage by recorder, assignment and time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import NINE, clip, stage

from avrecord.model.case import Assignment, Stage, StageId
from avrecord.model.clip import Media
from avrecord.rules.linking import match_clip, match_stage
from avrecord.rules.tags import tagged_cases

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


def proposed(clip, stages, assignments=(MINE,), tags=()) -> list[tuple[str, str]]:
    found = match_clip(clip, stages, assignments, BUFFER, tags)
    assert not {link.stage for link in found.links} & {each.stage for each in found.proposals}
    return [(each.stage.case, each.reason) for each in found.proposals]


def case(number: int, start: float, seconds: float = 600, officers: tuple[str, ...] = ("041007",)) -> Stage:
    return replace(stage(seconds, start, officers), id=StageId(f"盘综执罚字〔2026〕{number}号", "现场执法"))


def test_between_two_stages_nobody_can_tell_without_looking():
    before, after = case(1, 0), case(2, 1000)
    between = clip("a", 650, 100)
    assert proposed(between, [before, after]) == [(before.id.case, "several"), (after.id.case, "several")]
    assert match_clip(between, [before, after], [MINE], BUFFER).links == ()
    assert [link.stage for link in match_clip(between, [before], [MINE], BUFFER).links] == [before.id]


def test_one_clip_belongs_to_two_stages_that_it_shows():
    first, second = case(1, 0), case(2, 700)
    assert [link.stage for link in match_clip(clip("a", 300, 600), [first, second], [MINE], BUFFER).links] == [
        first.id,
        second.id,
    ]


def test_a_clock_that_leaves_open_whether_a_clip_reaches_the_next_stage_asks_a_person_about_that_one_only():
    first, second = case(1, 0), case(2, 640)
    long = clip("a", 0, 620, uncertainty_ms=60_000)
    assert [link.stage for link in match_clip(long, [first, second], [MINE], BUFFER).links] == [first.id]
    assert proposed(long, [first, second]) == [(second.id.case, "other")]


def test_a_recorder_in_two_hands_that_day_is_for_a_person_unless_both_were_there_or_the_file_agrees():
    shared = [MINE, Assignment("Z3A0017", "041009", "2026-11-01", None)]
    mine = case(1, 0)
    assert proposed(clip("a"), [mine], shared) == [(mine.id.case, "shared")]
    assert linked([clip("a")], shared, of=case(1, 0, officers=("041007", "041009"))) == ["a.mp4"]
    assert linked([clip("a", user="041007")], shared, of=mine) == ["a.mp4"]
    assert linked([clip("a", user="041009")], shared, of=mine) == []
    assert linked([clip("a", user="041007")], [Assignment("Z3A0017", "041009", "2026-01-01", None)], of=mine) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"doubt": "reset"}, "reset"), ({"uncertainty_ms": 400_000}, "clock")],
)
def test_a_clip_whose_time_is_of_no_use_is_proposed_to_the_stages_of_its_holder(changes, reason):
    assert proposed(clip("a", **changes), [case(1, 0)]) == [(case(1, 0).id.case, reason)]
    assert proposed(clip("a", None), [case(1, 0)]) == [(case(1, 0).id.case, "no_time")]
    assert proposed(clip("a", None, sealed_at=NINE - timedelta(hours=1)), [case(1, 0)]) == [], "sealed before it happened"
    assert proposed(clip("a", None, sealed_at=NINE + timedelta(hours=49)), [case(1, 0)]) == [], (
        "two days later it would be anything"
    )


def test_a_tag_wins_over_times_and_over_the_assignment_table():
    tagged, other = case(44, 0), case(45, 0)
    nobodys = clip("a", recorder="Z9")
    assert [(link.stage, link.method) for link in match_clip(nobodys, [tagged, other], [], BUFFER, [tagged.id.case]).links] == [
        (tagged.id, "tag")
    ]


def test_a_tag_that_leaves_the_stage_open_asks_a_person():
    one, two = case(44, 0), replace(case(44, 20_000), id=StageId("盘综执罚字〔2026〕44号", "直接送达"))
    late = clip("a", 90_000)
    assert proposed(late, [one, two], tags=[one.id.case]) == [(one.id.case, "tag"), (one.id.case, "tag")]
    assert [link.stage for link in match_clip(clip("b", 20_010, 60), [one, two], [], BUFFER, [one.id.case]).links] == [two.id]
    assert [link.stage for link in match_clip(late, [one], [], BUFFER, [one.id.case]).links] == [one.id]


def test_a_stage_over_midnight_takes_the_recorder_of_each_day():
    """23:30 to 00:30: the recorder changed hands at midnight."""
    night = stage(3600, 52_200, ("041007",))
    first = Assignment("Z3A0017", "041007", "2026-11-01", "2026-11-16")
    second = Assignment("Z3A0018", "041007", "2026-11-17", None)
    late = clip("b", 54_600, 300, recorder="Z3A0018")
    assert sorted(linked([clip("a", 52_300, 300), late], [first, second], of=night)) == ["a.mp4", "b.mp4"]


KNOWN = {"盘综执罚字〔2026〕44号", "综执罚字〔2026〕4号"}


@pytest.mark.parametrize(
    ("path", "cases"),
    [
        ("2026-11-16/Z3/盘综执罚字〔2026〕44号_现场.mp4", ["盘综执罚字〔2026〕44号"]),
        ("2026-11-16/Z3/现场检查盘综执罚字[2026]第044号.mp4", ["盘综执罚字〔2026〕44号"]),
        ("2026-11-16/盘综执罚字（2026）44号/090000.mp4", ["盘综执罚字〔2026〕44号"]),
        ("盘 综 执 罚 字 【2026】 44 号.mp4", ["盘综执罚字〔2026〕44号"]),
        ("盘综执罚字〔2026〕144号.mp4", []),
        ("盘综执罚字〔2025〕44号.mp4", []),
        ("盘综执罚字202644号.mp4", []),
        ("(2026)44号.mp4", []),
        ("MOV_0044.mp4", []),
    ],
)
def test_a_case_number_in_a_name_is_read_in_every_form_and_never_guessed(path, cases):
    def is_known(number: str, before: str) -> bool:
        return number in KNOWN and (not before or before.endswith("现场检查"))

    assert list(tagged_cases(path, is_known)) == cases
