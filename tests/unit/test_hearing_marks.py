"""抽检结果 of what may be spoken: heard decides, and only what was heard through is ever called not seen."""

from __future__ import annotations

import pytest
from making import clip, examination, fault

from avrecord.model.case import Mark, MarkKind
from avrecord.model.clip import Media
from avrecord.model.observation import Observation
from avrecord.rules.judging import judge
from avrecord.rules.noticing import DEAF, UNHEARD_MS

WHY = {"mute": "没有声音", "unheard": "未检测", "forbidden": "听到疑似禁用语", "uniform": "只能由人工复核"}
A, B = clip("a"), clip("b", 700)
WHOLE = ((0, 600_000),)
EARS = {"listened": ("rights_notice",), "heard": WHOLE}


def heard(segment: str = "rights_notice", doubtful: bool = False) -> Observation:
    return Observation(segment, f"{segment}.spoken@1", 4000, 900, "你有权陈述和申辩", None, doubtful=doubtful)


def mark(*found, ways=("spoken",), clips=None, segment="rights_notice", against=()) -> Mark:
    known = {each.id.hex: each for each in (A, B)}
    linked = [known[each.clip] for each in found] if clips is None else clips
    return judge(segment, linked, {each.clip: each for each in found}, WHY, ways, against)


def test_what_was_heard_is_seen_and_the_words_are_quoted():
    found = mark(examination(A, heard()))
    assert (found.mark, found.reason) == (MarkKind.SEEN, "听到“你有权陈述和申辩”")


def test_what_was_doubtfully_heard_is_for_a_person():
    found = mark(examination(A, heard(doubtful=True), **EARS))
    assert (found.mark, found.reason) == (MarkKind.CANNOT_TELL, "疑似听到“你有权陈述和申辩”，请人工复核")


def test_what_was_listened_for_from_end_to_end_and_not_heard_is_not_seen():
    found = mark(examination(A, **EARS), examination(B, **EARS))
    assert (found.mark, found.reason) == (MarkKind.NOT_SEEN, "听过 2 个片段的全部声音，未听到")


@pytest.mark.parametrize(
    ("unheard", "reason"), [(None, "未检测"), ("未检测（语音模型目录不存在）", "未检测（语音模型目录不存在）")]
)
def test_without_listening_the_reason_is_given_and_never_not_seen(unheard, reason):
    found = mark(examination(A, unheard=unheard))
    assert (found.mark, found.reason) == (MarkKind.CANNOT_TELL, reason)


@pytest.mark.parametrize(
    ("spans", "kind"),
    [
        (((0, 600_000 - UNHEARD_MS),), MarkKind.NOT_SEEN),
        (((0, 600_000 - UNHEARD_MS - 1),), MarkKind.CANNOT_TELL),
        (((0, 100_000), (200_000, 600_000)), MarkKind.CANNOT_TELL),
        (((0, 300_000), (300_000, 600_000)), MarkKind.NOT_SEEN),
        (((0, 300_000), (600_000, 900_000)), MarkKind.CANNOT_TELL),
        ((), MarkKind.CANNOT_TELL),
    ],
)
def test_what_was_not_heard_is_counted_to_the_second(spans, kind):
    found = mark(examination(A, listened=("rights_notice",), heard=spans))
    assert found.mark is kind


def test_how_much_was_heard_is_said():
    found = mark(examination(A, listened=("rights_notice",), heard=((0, 120_000),)))
    assert found.reason == "只听了 120/600 秒，其余未听（a.mp4）"


def test_a_clip_of_unknown_length_was_not_heard_through():
    endless = clip("a", seconds=None)
    assert mark(examination(endless, **EARS), clips=[endless]).mark is MarkKind.CANNOT_TELL


@pytest.mark.parametrize("kind", DEAF)
def test_a_clip_that_cannot_be_heard_keeps_a_segment_from_being_called_not_seen(kind):
    found = mark(examination(A, **EARS), examination(B, faults=(fault(kind),), **EARS))
    assert (found.mark, found.clip) == (MarkKind.CANNOT_TELL, B)


def test_a_covered_lens_hides_no_words():
    assert mark(examination(A, faults=(fault("dark"),), **EARS)).mark is MarkKind.NOT_SEEN


def test_what_may_be_shown_or_said_is_not_seen_only_after_looking_and_listening():
    both, ears = ("printed", "spoken"), {"listened": ("notice_given",), "heard": WHOLE}
    blind = {"looked": ("id_shown",)}
    assert mark(examination(A, **ears), ways=both, segment="notice_given").mark is MarkKind.NOT_SEEN
    assert mark(examination(A), ways=both, segment="notice_given").reason == "画面中未见；声音未检测"
    assert mark(examination(A, **ears, **blind), ways=both, segment="notice_given").mark is MarkKind.CANNOT_TELL


def test_what_must_be_shown_is_judged_by_the_picture_and_says_whether_anybody_listened():
    said = mark(examination(A), ways=("printed",), segment="id_shown").reason
    assert said == "看过 1 个片段的全部关键帧，画面中未见；没有听声音"
    said = mark(examination(A, listened=("id_shown",), heard=WHOLE), ways=("printed",), segment="id_shown").reason
    assert said.endswith("；声音中未听到")


def test_a_photo_tells_nothing_and_hinders_nothing():
    photo = clip("p", media=Media.PHOTO)
    looks = {each.id.hex: examination(each, **(EARS if each is A else {})) for each in (A, photo)}
    assert judge("rights_notice", [A, photo], looks, WHY, ("spoken",)).mark is MarkKind.NOT_SEEN
    assert judge("rights_notice", [photo], looks, WHY, ("spoken",)).mark is MarkKind.CANNOT_TELL


def test_what_only_a_person_can_tell_is_left_to_a_person():
    assert mark(examination(A), ways=("person",), segment="uniform").reason == "只能由人工复核"


def test_words_against_a_segment_outweigh_the_words_for_it():
    found = mark(examination(A, heard(), heard("forbidden", doubtful=True)), against=("forbidden",))
    assert (found.mark, found.reason) == (MarkKind.CANNOT_TELL, "听到疑似禁用语“你有权陈述和申辩”，请人工复核")
