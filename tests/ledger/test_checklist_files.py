"""《音像记录事项清单》: read strictly, adopted once, judged by the version in force on the day."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from avrecord.errors import BadInput
from avrecord.ledger.checklists import read_checklist
from avrecord.model.checklist import Mode
from avrecord.pipeline.lists import adopt_checklist
from avrecord.station import shipped

ITEM = 'code = "A01"\nstage = "现场检查"\nmode = "whole"\nsegments = ["id_shown", "notice_given"]\n'
HEAD = 'name = "东湖清单"\nversion = "2026-2"\nin_force_from = 2026-11-10\n'


@pytest.fixture
def write(tmp_path):
    """Write a checklist file: a head and its items."""

    def written(*items, head=HEAD, name="清单.toml"):
        path = tmp_path / name
        path.write_text(head + "".join(f"[[item]]\n{item}" for item in items), "utf-8")
        return path

    return written


def test_a_checklist_is_read_with_what_each_stage_needs(write):
    found = read_checklist(write(ITEM))
    (item,) = found.items
    assert (found.name, found.version, found.in_force_from) == ("东湖清单", "2026-2", date(2026, 11, 10))
    assert (item.stage, item.mode, item.segments, item.case_kind) == ("现场检查", Mode.WHOLE, ("id_shown", "notice_given"), "")


def test_the_checklist_that_is_shipped_can_be_read():
    found = read_checklist(shipped("config") / "checklists" / "default.toml")
    assert {item.stage for item in found.items} >= {"现场检查", "查封扣押", "强制拆除", "听证", "留置送达"}


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (ITEM.replace("notice_given", "notice"), "不认识的要件：notice"),
        (ITEM.replace('"whole"', '"全程"'), "记录方式只能是 whole（全程）或 key（关键环节）：全程"),
        (ITEM.replace('mode = "whole"\n', ""), "缺少 mode"),
        (ITEM.replace('code = "A01"\n', ""), "缺少 code"),
        (ITEM.replace('stage = "现场检查"\n', ""), "缺少 stage"),
        (ITEM.replace('segments = ["id_shown", "notice_given"]\n', ""), "缺少 segments"),
    ],
)
def test_a_wrong_item_is_refused_with_the_reason(write, item, reason):
    with pytest.raises(BadInput) as caught:
        read_checklist(write(item))
    assert caught.value.facts["detail"] == reason


@pytest.mark.parametrize("key", ["name", "version", "in_force_from"])
def test_a_checklist_without_a_key_of_its_head_is_refused_by_its_name(write, key):
    head = "".join(line + "\n" for line in HEAD.splitlines() if not line.startswith(key))
    with pytest.raises(BadInput, match=f"缺少 {key}"):
        read_checklist(write(ITEM, head=head))


def test_a_checklist_without_items_is_refused(write):
    with pytest.raises(BadInput, match="缺少 item"):
        read_checklist(write())


def test_a_day_written_as_text_is_refused(write):
    with pytest.raises(BadInput, match="in_force_from 应为日期：2026年11月"):
        read_checklist(write(ITEM, head=HEAD.replace("2026-11-10", '"2026年11月"')))


def test_an_item_given_twice_is_refused_by_its_stage(write):
    with pytest.raises(BadInput, match="事项重复： 现场检查"):
        read_checklist(write(ITEM, ITEM.replace("A01", "A02")))


def test_one_stage_may_have_an_item_for_each_kind_of_case(write):
    found = read_checklist(write(ITEM, 'case_kind = "行政检查"\n' + ITEM.replace("whole", "key")))
    assert found.item_for("行政检查", "现场检查").mode is Mode.KEY
    assert found.item_for("行政处罚", "现场检查").mode is Mode.WHOLE


def test_a_missing_file_and_broken_toml_are_bad_input(write, tmp_path):
    with pytest.raises(BadInput, match="文件不存在"):
        read_checklist(tmp_path / "没有.toml")
    with pytest.raises(BadInput):
        read_checklist(write(head="name = \n"))


def test_adopting_one_version_twice_states_it_once(kit, write):
    path = write(ITEM)
    assert adopt_checklist(path, "FY9", kit)[1] is True
    size = kit.log.size
    assert (adopt_checklist(path, "FY9", kit)[1], kit.log.size) == (False, size)


def test_the_same_version_with_other_content_is_stated_again(kit, write):
    adopt_checklist(write(ITEM), "FY9", kit)
    assert adopt_checklist(write(ITEM.replace("whole", "key")), "FY9", kit)[1] is True
    assert kit.records.checklist_for(datetime(2026, 11, 20, tzinfo=UTC)).items[0].mode is Mode.KEY


def test_a_stage_is_judged_by_the_version_in_force_on_its_day(kit, write):
    adopt_checklist(write(ITEM, name="新.toml"), "FY9", kit)
    last_old = datetime(2026, 11, 9, 15, 59, 59, tzinfo=UTC)  # a second before midnight in Beijing
    first_new = datetime(2026, 11, 9, 16, 0, tzinfo=UTC)
    assert kit.records.checklist_for(last_old).version == "2026-1"
    assert kit.records.checklist_for(first_new).version == "2026-2"


def test_a_version_in_force_later_may_be_adopted_before(kit, write):
    adopt_checklist(write(ITEM, head=HEAD.replace("2026-11-10", "2027-01-01")), "FY9", kit)
    assert kit.records.checklist_for(datetime(2026, 12, 31, tzinfo=UTC)).version == "2026-1"


def test_before_the_first_version_no_list_is_in_force(kit):
    assert kit.records.checklist_for(datetime(2019, 12, 31, tzinfo=UTC)) is None
