"""Heard phrases become a segment only together, and what somebody demands was not done by that."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avrecord.checks.spoken import JOIN_MS, QUOTED, Listener, SpokenRule
from speech.saying import RULES, heard, utterances, verdict

OFFICER = "我们是综合行政执法局的执法人员，这是我们的执法证件，请过目"
DEMANDS = [
    "你们是城管执法的吧，执法证拿出来给我看一下",
    "你们说是综合行政执法局的，有没有执法证啊",
    "你们行政执法局的人执法证都不带吗",
    "你们执法人员要先出示执法证",
    "执法人员应该出示证件吧",
    "请你们出示一下执法证，我要看一下",
    "把执法证给我看看，请看一下",
    "你的执法证呢，你们不是城管执法吗",
]


@pytest.mark.parametrize(
    ("segment", "said"),
    [
        ("id_shown", OFFICER),
        ("id_shown", "我们是蒸湘区城管执法局行政执法人员，这是我们的证件，现依法对你进行行政检查"),
        ("id_shown", "执法证号是零一五三二六，现在向你出示证件"),
        ("notice_given", "现在告知你违法的事实、理由和依据"),
        ("notice_given", "你有权陈述和申辩"),
        ("notice_given", "对处罚决定不服的，可以申请行政复议或者提起行政诉讼"),
        ("rights_notice", "你有权要求听证"),
        ("recording_notice", "为保护您的合法权益，监督我的执法行为，本次执法过程将全程录音录像"),
        ("standard_wording", "现依法对你单位进行行政检查，请予以配合"),
    ],
)
def test_the_wording_of_the_sources_is_heard(segment, said):
    assert verdict(utterances(said), segment) == "heard"


@pytest.mark.parametrize(
    ("segment", "said"),
    [
        ("id_shown", "请出示一下你的身份证和营业执照"),
        ("id_shown", "我们是小区物业公司的，这是我们的收费通知单，请您过目"),
        ("id_shown", "今天下午在综合行政执法局开会，执法人员都要来"),
        ("id_shown", "这是我的执法证"),
        ("notice_given", "法院依法向社会公告，对裁定不服的可以提出复议"),
        ("notice_given", "现在告知你，把东西收进去"),
        ("recording_notice", "这个录像机是全新的，录音效果也很好"),
        ("standard_wording", "老板，这里不能摆"),
    ],
)
def test_other_talk_and_half_of_the_wording_are_nothing(segment, said):
    assert verdict(utterances(said), segment) == "nothing"


@pytest.mark.parametrize("said", DEMANDS)
def test_a_citizens_demand_is_never_a_hit(said):
    assert verdict(utterances(said), "id_shown") != "heard"


@given(st.permutations(DEMANDS), st.integers(2, 5))
@settings(max_examples=40)
def test_any_number_of_demands_one_after_another_is_still_no_hit(demands, count):
    assert verdict(utterances(*demands[:count]), "id_shown") != "heard"


@given(st.sampled_from(DEMANDS))
def test_what_the_officer_says_after_a_demand_counts(demand):
    assert verdict(utterances(demand, OFFICER), "id_shown") == "heard"


@pytest.mark.parametrize(
    ("segment", "said"),
    [
        ("id_shown", "你们是城管执法的吧，执法证拿出来给我看一下"),
        ("notice_given", "我要申请行政复议"),
        ("rights_notice", "我要去提起行政诉讼"),
        ("recording_notice", "你凭什么录音录像"),
    ],
)
def test_what_a_citizen_said_is_for_a_person_to_judge(segment, said):
    assert verdict(utterances(said), segment) == "doubtful"


def test_the_same_words_never_count_for_two_parts():
    """出示证件 is a card and a showing; an officer says it to somebody else as well."""
    assert verdict(utterances("出示证件"), "id_shown") == "nothing"


def test_parts_said_within_the_window_belong_together_and_later_ones_do_not():
    near = utterances("我们是综合行政执法局的", "这是我们的执法证件", pause_ms=5000)
    far = utterances("我们是综合行政执法局的", "这是我们的执法证件", pause_ms=25_000)
    assert (verdict(near, "id_shown"), verdict(far, "id_shown")) == ("heard", "nothing")


@pytest.mark.parametrize(("pause_ms", "expected"), [(700, "heard"), (JOIN_MS + 1, "nothing")])
def test_a_phrase_cut_by_a_short_pause_is_one_phrase(pause_ms, expected):
    assert verdict(utterances("你依法享有陈述", "申辩的权利", pause_ms=pause_ms), "notice_given") == expected


def test_the_moment_is_where_the_words_began_and_the_words_are_quoted():
    (spoken,) = heard(utterances("老板你好，今天天气不错", OFFICER), "id_shown")
    begins = 200 * len("老板你好，今天天气不错") + 700
    assert begins <= spoken.at_ms <= begins + 1500
    assert spoken.words == OFFICER[:QUOTED]


def test_what_the_engine_doubts_is_doubtful():
    assert verdict(utterances(OFFICER, doubtful=True), "id_shown") == "doubtful"


def test_a_rule_that_is_never_enough_is_always_doubtful():
    listener = Listener(replace(RULES["id_shown"], enough=False))
    assert listener.hear(utterances(OFFICER)[0]).doubtful


def test_words_that_must_not_be_used_are_never_certain():
    assert verdict(utterances("就罚你了，怎么着"), "forbidden_wording") == "doubtful"


def test_the_version_of_the_words_stands_with_each_find():
    assert SpokenRule.of("thanks", {"version": 3, "words": [{"text": ["谢谢您的配合"]}]}).version == "thanks.spoken@3"


def test_a_segment_that_a_bureau_adds_is_heard_without_code():
    rule = SpokenRule.of("thanks", {"words": [{"text": ["谢谢您的配合"], "source": "某局用语"}]})
    assert Listener(rule).hear(utterances("好的，谢谢您的配合，再见")[0]).score == 1000
