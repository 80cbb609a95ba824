"""Phrases are found by how they sound: whatever characters were written, and never without their anchor."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avrecord.checks.pinyin import ANCHORED, Phrase, fit, syllables, unlike

CARD = Phrase.of("行政执法证*")
PHRASES = [Phrase.of(text) for text in ("执法证*件*", "行政执法证*", "请您过目*", "陈述和申辩", "申请行政复议*", "全程录音录像")]
COMMON = "我们是来看的你好今天上午街道摊位东西收进店里请配合登记老板水果马路工作人员"
TALK = st.text(alphabet=COMMON, max_size=30)
SYLLABLES = st.sampled_from(sorted({each for phrase in PHRASES for each in phrase.syllables} | set(syllables(COMMON))))


def found(phrase: Phrase, text: str) -> bool:
    return phrase.find(syllables(text)) is not None


@given(st.sampled_from(PHRASES), TALK, TALK)
@settings(max_examples=150)
def test_the_very_phrase_is_found_whatever_is_said_around_it(phrase, before, after):
    heard = (*syllables(before), *phrase.syllables, *syllables(after))
    assert phrase.find(heard).score == 1.0


@given(st.sampled_from(PHRASES), TALK, TALK)
@settings(max_examples=100)
def test_the_place_of_the_phrase_is_told(phrase, before, after):
    heard = (*syllables(before), *phrase.syllables, *syllables(after))
    place = phrase.find(heard)
    assert heard[place.start : place.end] == phrase.syllables


@given(st.sampled_from([phrase for phrase in PHRASES if any(phrase.anchors)]), TALK, TALK, SYLLABLES)
@settings(max_examples=150)
def test_a_phrase_without_its_anchor_is_never_found(phrase, before, after, instead):
    """Every syllable that could pass for an anchor is taken out or replaced by an unlike one."""
    anchor = next(each for each, marked in zip(phrase.syllables, phrase.anchors, strict=True) if marked)
    if unlike(anchor, instead) <= ANCHORED:
        instead = ""
    heard = [*syllables(before), *phrase.syllables, *syllables(after)]
    kept = tuple(each for s in heard if (each := s if unlike(anchor, s) > ANCHORED else instead))
    assert phrase.find(kept) is None


@given(TALK, TALK)
@settings(max_examples=100)
def test_an_enforcement_bureau_is_never_an_enforcement_certificate(before, after):
    assert not found(CARD, f"{before}行政执法局{after}")


@given(st.sampled_from(PHRASES), st.lists(SYLLABLES, max_size=40))
@settings(max_examples=150)
def test_a_score_lies_between_nothing_and_one_and_more_talk_never_lowers_it(phrase, heard):
    less, more = (fit(phrase.syllables, phrase.anchors, tuple(words)) for words in (heard, [*heard, *heard[:3]]))
    assert 0.0 <= less.score <= more.score <= 1.0


@given(SYLLABLES, SYLLABLES)
def test_syllables_are_equally_unlike_both_ways(one, other):
    assert unlike(one, other) == unlike(other, one)
    assert (unlike(one, other) == 0) is (one == other)


@pytest.mark.parametrize(
    ("phrase", "heard"),
    [  # what Whisper base wrote for these phrases
        ("陈述申辩", "你有权进行成熟身边"),
        ("出示证*件*", "现在向你出示政见"),
        ("执法证*", "这是我的指法证"),
        ("行政执法证*", "這是我們的行政執法證"),
        ("请您过目*", "请您郭木"),
    ],
)
def test_wrong_characters_with_the_right_sound_are_heard(phrase, heard):
    assert found(Phrase.of(phrase), heard)


@pytest.mark.parametrize(
    ("phrase", "heard"),
    [
        ("行政执法证*", "综合行政执法局"),
        ("执法证*", "我们是城管执法局的"),
        ("出示证*件*", "请出示一下你的营业执照"),
        ("请您过目*", "请您看看"),
        ("提起行政诉讼*", "提起行政复议"),
        ("全程录音录像", "这个录像机是全新的"),
        ("执法证*", ""),
    ],
)
def test_near_words_are_other_words(phrase, heard):
    assert not found(Phrase.of(phrase), heard)


@pytest.mark.parametrize("text", ["执法", "证*", "", "**", "，。！"])
def test_a_phrase_too_short_to_be_told_apart_is_refused(text):
    with pytest.raises(ValueError, match="太短"):
        Phrase.of(text)


def test_digits_and_letters_are_said_one_by_one_and_what_has_no_reading_is_kept_apart():
    assert syllables("证号０A15，绿") == ("zheng", "hao", "0", "a", "1", "5", "lv")
    assert len(syllables("㐀㐀")) == 2


def test_an_anchor_may_stand_anywhere():
    assert Phrase.of("把*执法证给我*看").anchors == (True, False, False, False, False, True, False)
