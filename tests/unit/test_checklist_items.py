"""Which item judges a stage; documents of before the other columns are the same bytes and read as they were."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avrecord.model.checklist import Checklist, Item, Mode
from avrecord.rules.list_diff import differences
from avrecord.store import documents

BEFORE = "8576fe45ecec3d9dbf819cb30ac9da3efb47a44cbcec72cc9bcef13df96037e1"


def item(stage="现场检查", mode=Mode.KEY, segments=(), kind="", **other):
    return Item(other.pop("code", "1"), kind, stage, mode, tuple(segments), **other)


def listed(*items):
    return Checklist("东湖清单", "东湖大队", "2025-1", date(2025, 1, 1), items)


def test_a_document_of_before_is_the_same_bytes_and_reads_as_it_was():
    old = listed(
        Item("A01", "行政检查", "现场检查", Mode.WHOLE, ("id_shown", "notice_given"), "2y", "备注"),
        Item("A02", "", "听证", Mode.KEY, ()),
    )
    document = documents.checklist(old)
    assert hashlib.sha256(document).hexdigest() == BEFORE
    assert documents.read_checklist(document) == old


def test_what_real_lists_say_besides_is_kept_in_the_document():
    new = listed(
        item(matter="占道经营", means=("photo", "video+text"), also=("检查",), other=("执法部门：大队",), deadline="适时")
    )
    assert documents.read_checklist(documents.checklist(new)) == new


@pytest.mark.parametrize("asked", ["查封扣押", "查封、扣押", "查封（扣押）", " 查封 扣押", "查封／扣押"])
def test_spelling_does_not_tell_stages_apart(asked):
    assert listed(item("查封、扣押")).item_for("", asked) is not None


def test_unsealing_is_not_sealing():
    assert listed(item("查封、扣押")).item_for("", "解除查封、扣押") is None


def test_a_stages_own_name_goes_before_another_items_further_name():
    found = listed(item("送达", also=("留置送达",), code="1"), item("留置送达", code="2"))
    assert (found.item_for("", "留置送达").code, found.item_for("", "送达").code) == ("2", "1")


def test_an_item_of_the_kind_goes_before_one_for_any_kind_even_by_a_further_name():
    found = listed(item("现场检查", code="1"), item("检查环节", kind="行政检查", also=("现场检查",), code="2"))
    assert (found.item_for("行政检查", "现场检查").code, found.item_for("行政处罚", "现场检查").code) == ("2", "1")


def test_rows_of_one_matter_add_up():
    found = listed(
        item(segments=["id_shown"], record="亮证", code="1"),
        item(segments=["notice_given"], record="告知", mode=Mode.WHOLE, code="2"),
    )
    both = found.item_for("", "现场检查")
    assert (both.code, both.mode, both.segments) == ("1、2", Mode.WHOLE, ("id_shown", "notice_given"))


def test_of_several_matters_only_what_all_require_is_required():
    found = listed(
        item(segments=["id_shown", "notice_given"], mode=Mode.WHOLE, matter="占道"),
        item(segments=["id_shown"], matter="违建", code="2"),
    )
    both = found.item_for("", "现场检查")
    assert (both.mode, both.segments) == (Mode.KEY, ("id_shown",))
    assert found.differing() == (("", "现场检查"),)


def test_a_row_without_a_matter_is_meant_for_all_of_them():
    found = listed(item(segments=["salute"], code="1"), item(segments=["id_shown"], matter="占道", code="2"))
    assert found.item_for("", "现场检查").segments == ("salute",)
    assert found.differing() == ()


ITEMS = st.builds(
    item, stage=st.sampled_from(["现场检查", "听证", "查封"]), mode=st.sampled_from(Mode),
    segments=st.lists(st.sampled_from(["id_shown", "salute"]), unique=True), kind=st.sampled_from(["", "行政处罚"]),
    matter=st.sampled_from(["", "占道"]), record=st.sampled_from(["", "甲", "乙"]), code=st.sampled_from("123"),
)  # fmt: skip
LISTS = st.lists(ITEMS, max_size=6).map(lambda items: listed(*items))


@given(LISTS)
def test_a_list_differs_from_itself_in_nothing(found):
    assert differences(found, found) == ()


@given(LISTS, LISTS)
def test_a_difference_says_exactly_how_one_list_becomes_the_other(old, new):
    found = differences(old, new)
    added = sum(each.change == "added" for each in found)
    removed = sum(each.change == "removed" for each in found)
    assert len(old.items) - removed + added == len(new.items)
    back = differences(new, old)
    assert (sum(each.change == "added" for each in back), sum(each.change == "removed" for each in back)) == (removed, added)


def test_a_renamed_stage_is_a_change_and_no_new_item():
    (found,) = differences(listed(item("查封", code="7")), listed(item("查封扣押", code="7")))
    assert (found.change, found.field, found.before, found.after) == ("changed", "stage", "查封", "查封扣押")


@given(LISTS, st.sampled_from(["", "行政处罚", "行政检查"]), st.sampled_from(["现场检查", "听证"]))
def test_nothing_is_required_that_no_row_of_the_list_requires(found, kind, stage):
    judged = found.item_for(kind, stage)
    rows = [each for each in found.items if each.stage == stage and each.case_kind in (kind, "")]
    assert (judged is None) == (not rows)
    if judged:
        assert set(judged.segments) <= {segment for row in rows for segment in row.segments}
        assert judged.mode is Mode.KEY or any(row.mode is Mode.WHOLE for row in rows)
