"""Words of a list propose and never decide; a negated word proposes nothing; the longest retention in a cell counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avrecord.model.checklist import Mode
from avrecord.rules.proposing import is_optional, photographs_only, propose_means, propose_mode, propose_segments, propose_stages
from avrecord.rules.terms import RETENTION, retention_of, retention_words
from ledger.reading import words

COLUMN = "记录内容"


def asked(text):
    return [(reason.proposes, reason.words) for reason in propose_segments({COLUMN: text}, words())[0]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("表明身份、出示执法证件、告知、当事人是否配合", {"id_shown", "notice_given"}),
        ("主动出示行政执法证件，告知当事人依法享有的权利", {"id_shown", "rights_notice"}),
        ("敬礼，亮证，使用规范用语，着装整齐", {"salute", "id_shown", "standard_wording", "uniform"}),
        ("告知全程录音录像", {"recording_notice"}),
        ("告知当事人本次执法正在录音录像", {"recording_notice", "notice_given"}),
        ("当事人在送达回证签名，签收过程", {"served"}),
        ("出示\n执法证件", {"id_shown"}),
        ("出 示 执 法 证 件", {"id_shown"}),
        ("清点物品，封存", set()),
        ("居民身份证、营业执照", set()),
    ],
)
def test_free_text_proposes_the_segments_it_names(text, found):
    assert {segment for segment, _ in asked(text)} == found


@pytest.mark.parametrize(
    "text",
    [
        "无需告知", "无须出示执法证件", "不得在现场签名确认", "不再告知权利", "未告知当事人", "不敬礼",
        "禁止使用规范用语以外的语言",
        "没有出示证件", "不必宣读、告知", "（无需告知听证权利）",
    ],
)  # fmt: skip
def test_a_negated_word_proposes_nothing_and_is_shown(text):
    found, denied = propose_segments({COLUMN: text}, words())
    assert found == ()
    assert denied


@pytest.mark.parametrize(
    ("text", "segment"),
    [
        ("未成年人在场的告知监护人", "notice_given"),
        ("不得强行进入，应当出示证件", "id_shown"),
        ("不得强行进入而应当出示证件", "id_shown"),
        ("无需预约；出示证件", "id_shown"),
    ],
)
def test_a_negation_of_something_else_takes_nothing_away(text, segment):
    assert segment in {found for found, _ in asked(text)}


@given(
    st.sampled_from([word for term in words().segments for word in term.words]), st.sampled_from(["无需", "不得", "严禁", "不予"])
)
def test_no_word_of_the_lists_is_proposed_behind_a_negation(word, negation):
    assert asked(f"{negation}{word}") == []


@given(st.text("出示执法证件告知权利无需不得未，。；、（）录音像签收", max_size=30))
def test_every_proposal_rests_on_words_that_stand_in_the_text(text):
    from unicodedata import normalize

    assert all(said in normalize("NFKC", text) for _, said in asked(text))


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("拍照或录音录像", ("photo", "video")),
        ("拍照", ("photo",)),
        ("照相、录像", ("photo", "video")),
        ("录音和拍照", ("audio+photo",)),
        ("文字记录并同步录音录像", ("text+video",)),
        ("录音或者录像", ("audio", "video")),
        ("执法记录仪全程录音录像", ("video",)),
        ("应当同时进行音像记录", ("video",)),
        ("不得拍照，录音", ("audio",)),
        ("适时", ()),
        ("", ()),
    ],
)
def test_means_are_alternatives_unless_the_list_joins_them(text, means):
    assert propose_means(text, words()) == means


@pytest.mark.parametrize(
    ("method", "stage", "content", "mode", "relied_on"),
    [
        ("全程录音录像", "抽样取证", "", Mode.WHOLE, "全程"),
        ("重点环节录像", "查封扣押", "全过程", Mode.KEY, "重点环节"),
        ("", "查封、扣押", "", Mode.WHOLE, "查封、扣押"),
        ("", "强制拆除", "", Mode.WHOLE, "强制拆除"),
        ("", "举行听证", "", Mode.WHOLE, "听证"),
        ("", "留置送达", "", Mode.WHOLE, "留置送达"),
        ("", "抽样取证", "抽样全过程", Mode.WHOLE, "全过程"),
        ("无需全程", "抽样取证", "", Mode.KEY, None),
        ("拍照", "强制拆除", "全过程", Mode.KEY, "拍照"),
        ("", "直接送达", "", Mode.KEY, None),
    ],
)
def test_the_mode_is_proposed_by_words_then_by_the_seed_rules(method, stage, content, mode, relied_on):
    means = propose_means(method, words())
    found, why = propose_mode(("记录方式", method), {COLUMN: content}, {"执法环节": stage}, means, words())
    assert (found, why and why.words) == (mode, relied_on)


@pytest.mark.parametrize(
    ("stage", "names"),
    [
        ("查封、扣押", ("查封扣押",)),
        ("解除查封、扣押", ("解除查封扣押",)),
        ("送达（直接/留置/公告）", ("直接送达", "留置送达", "公告送达")),
        ("文书送达", ("直接送达", "留置送达", "公告送达")),
        ("留置、公告送达", ("公告送达", "留置送达")),
        ("听证告知", ("事先告知",)),
        ("陈述、申辩", ("陈述申辩",)),
        ("审核审批", ()),
    ],
)
def test_a_lists_name_for_a_stage_is_traced_to_the_names_in_case_tables(stage, names):
    assert set(propose_stages(stage, words())) == set(names)


def test_an_option_is_not_taken_for_a_duty():
    assert is_optional("可以同时进行音像记录", words()) == "可以"
    assert is_optional("应当同时进行音像记录", words()) is None


@pytest.mark.parametrize(
    ("means", "only"), [((), False), (("photo",), True), (("photo", "video"), False), (("photo+audio",), False)]
)
def test_photographs_only_means_nothing_beside_them(means, only):
    assert photographs_only(means) is only


@pytest.mark.parametrize(
    ("cell", "value", "doubtful"),
    [
        ("2年", "2y", False), ("两年", "2y", False), (" 2 年 ", "2y", False), ("２年", "2y", False), ("二年以上", "2y", False),
        ("三十年", "30y", False), ("十五年", "15y", False), ("永久", "permanent", False), ("永久保存", "permanent", True),
        ("长期", "permanent", True), ("同案卷", "case", False), ("同案卷保留期限", "case", False), ("与案卷一致", "case", False),
        ("6个月", "6m", False), ("不少于6个月", "6m", False), ("六个月", "6m", False), ("半年", "6m", False),
        ("12个月", "12m", False),
        ("90日", "3m", True), ("6个月，重大案件2年", "2y", True), ("2年，涉刑案件永久", "permanent", True), ("0年", "case", True),
        ("按规定", "case", True), ("", "case", True), ("十十年", "10y", False),
    ],
)  # fmt: skip
def test_retention_as_lists_write_it(cell, value, doubtful):
    found, doubt = retention_of(cell)
    assert (found, bool(doubt)) == (value, doubtful)


@given(st.text("一二两三十百零0123年个月日永久长期案卷不少于半，", max_size=12))
def test_any_retention_cell_gives_a_form_that_the_program_counts_by(cell):
    assert RETENTION.fullmatch(retention_of(cell)[0])


@given(st.one_of(st.sampled_from(["case", "permanent"]), st.from_regex(r"[1-9][0-9]?[ym]", fullmatch=True)))
def test_retention_in_words_is_read_back(value):
    assert retention_of(retention_words(value)) == (value, "")
