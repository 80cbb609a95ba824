"""Lists in the column sets of eight bureaus: each row gives what it says, and nothing that stands in a sheet is lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from avrecord.errors import BadInput
from avrecord.ledger.checklists import read_draft
from avrecord.ledger.listin import Said
from avrecord.ledger.listtoml import proposal_toml
from avrecord.model.checklist import spelled
from ledger.ledger_files import book, csv_file, xls_file
from ledger.reading import proposed, segments
from ledger.real_lists import HELAN, JIAOZUO, LIANCHI, REAL_LISTS, UP, WUZHONG, XINGTAI, XINLE, ZHENGXIANG, write_list

FACTS = {
    "蒸湘区城管局": [
        ("行政检查", "现场检查", "whole", (), ("id_shown",), "2y"),
        ("行政检查", "现场检查", "whole", (), ("notice_given",), "2y"),
        ("行政处罚", "调查取证", "whole", (), (), "2y"),
        ("行政处罚", "事先告知", "key", (), ("notice_given", "rights_notice"), "case"),
        ("行政处罚", "送达（直接／留置／公告）", "whole", (), ("served",), "permanent"),
        ("行政强制", "强制拆除", "whole", (), ("notice_given",), "permanent"),
    ],
    "贺兰县综合执法局": [
        ("行政处罚", "当场处罚", "key", (), ("salute", "id_shown", "notice_given"), "case"),
        ("行政处罚", "约谈", "whole", (), (), "case"),
        ("行政处罚", "留置送达", "whole", (), (), "case"),
        ("行政强制", "查封、扣押", "whole", (), ("served",), "case"),
    ],
    "新乐市住建局": [
        ("行政检查", "检查环节", "whole", (), ("id_shown", "served"), "case"),
        ("行政检查", "检查环节", "key", (), (), "case"),
        ("行政处罚", "处罚环节", "whole", (), ("rights_notice",), "case"),
    ],
    "焦作市司法局": [
        ("行政处罚", "现场检查", "whole", ("video",), ("id_shown", "notice_given"), "permanent"),
        ("行政处罚", "询问", "whole", ("video",), ("rights_notice",), "permanent"),
        ("行政处罚", "责令改正核查", "key", ("photo", "video"), (), "6m"),
        ("行政处罚", "现场检查", "whole", ("audio",), (), "permanent"),
    ],
    "吴中区交通": [
        ("", "现场检查", "whole", (), ("id_shown", "notice_given"), "case"),
        ("", "证据先行登记保存", "key", (), ("id_shown", "notice_given"), "case"),
        ("", "罚没物资处置", "key", (), (), "case"),
    ],
    "莲池区": [
        ("行政检查", "日常检查", "key", ("photo",), (), "case"),
        ("行政处罚", "听取陈述申辩", "whole", ("audio", "video"), (), "case"),
        ("行政处罚", "举行听证", "whole", ("video+text",), (), "case"),
        ("行政处罚", "公告送达", "key", ("photo",), (), "case"),
    ],
    "山西气象": [
        ("行政检查", "现场检查", "key", ("video",), (), "case"),
        ("行政检查", "抽样取证", "key", ("photo",), (), "case"),
        ("行政强制", "查封", "whole", ("video",), (), "permanent"),
        ("行政强制", "扣押", "whole", ("video",), (), "case"),
    ],
    "邢台统计": [
        ("", "送达检查通知书", "key", ("photo", "video"), ("notice_given", "served"), "case"),
        ("", "进场检查", "key", ("video",), ("id_shown", "uniform", "standard_wording"), "case"),
    ],
}


@pytest.fixture
def sheet(tmp_path):
    """Write one of the eight as a workbook."""
    return lambda found: write_list(tmp_path / f"{found.bureau}.xlsx", found)


def text_of(found):
    return spelled(proposal_toml(found, "原表.xlsx", "0" * 64, {}))


@pytest.mark.parametrize("found", REAL_LISTS, ids=lambda found: found.bureau)
def test_each_row_of_a_real_list_gives_what_it_says(sheet, found):
    items = [each.item for each in proposed(sheet(found)).items]
    assert [(item.case_kind, item.stage, item.mode.value, item.means, item.segments, item.retention) for item in items] == FACTS[
        found.bureau
    ]


@pytest.mark.parametrize("found", REAL_LISTS, ids=lambda found: found.bureau)
def test_no_cell_of_a_real_list_is_lost(sheet, found):
    """Every word of the sheet stands in the proposal: in an item, beside one, or among what gave no item."""
    path = sheet(found)
    page = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    kept = text_of(proposed(path))
    cells = {spelled(str(int(cell) if isinstance(cell, float) else cell)) for row in page.to_python() for cell in row} - {""}
    reworded = {
        "2年",
        "两年",
        "同案卷保留期限",
        "不少于6个月",
        "拍照或录音录像",
        "录音录像和文字记录",
        "全程录音录像",
        "记录时间",
        "录音",
    }
    assert {cell for cell in cells if cell not in kept} <= set(map(spelled, reworded))


@pytest.mark.parametrize("found", REAL_LISTS, ids=lambda found: found.bureau)
def test_a_proposal_is_read_back_as_it_was_written_and_nobody_has_confirmed_it(sheet, found, tmp_path):
    made = proposed(sheet(found))
    (tmp_path / "提案.toml").write_text(proposal_toml(made, "原表.xlsx", "0" * 64, {}), "utf-8")
    draft = read_draft(tmp_path / "提案.toml", segments())
    assert draft.checklist.items == tuple(each.item for each in made.items)
    assert len(draft.unconfirmed) == len(made.items)


@pytest.mark.parametrize("found", REAL_LISTS, ids=lambda found: found.bureau)
def test_every_proposed_segment_names_words_that_stand_in_its_row(sheet, found):
    for each in proposed(sheet(found)).items:
        assert {reason.proposes for reason in each.reasons} - {"mode"} == set(each.item.segments)
        columns = (each.item.stage, each.item.record, each.item.content, each.item.begins, each.item.ends, each.item.remarks)
        for reason in each.reasons:
            if reason.proposes != "mode":
                assert any(reason.words in text.replace("，", ",") for text in columns), reason


def test_unknown_columns_are_named_and_their_words_stay_with_their_rows(sheet):
    for found in (XINLE, XINGTAI):
        made = proposed(sheet(found))
        assert {each.text for each in made.left if each.reason.startswith("未识别的列")} == set(found.unknown)
        assert all(any(part.startswith(f"{found.unknown[0]}：") for part in each.item.other) for each in made.items)


def test_rows_that_give_no_item_are_reported_with_number_and_reason(sheet):
    assert [(each.row, each.reason) for each in proposed(sheet(LIANCHI)).left] == [
        (2, "小标题，作为以下各行的执法类别：行政检查"),
        (4, "小标题，作为以下各行的执法类别：行政处罚"),
        (7, "重复的表头"),
    ]
    assert [(each.row, each.reason) for each in proposed(sheet(WUZHONG)).left] == [(6, "注释"), (7, "日期")]
    assert (10, "注释") in [(each.row, each.reason) for each in proposed(sheet(ZHENGXIANG)).left]


def test_the_title_names_the_list_and_its_date_proposes_the_day(sheet):
    made = proposed(sheet(HELAN))
    assert (made.name, made.in_force_from.isoformat()) == ("综合执法局执法全过程音像记录事项清单（2025年6月11日）", "2025-06-11")
    said = Said("东湖清单", "东湖大队", "2026-3", made.in_force_from)
    again = proposed(sheet(HELAN), said=said)
    assert (again.name, again.unit, again.version) == ("东湖清单", "东湖大队", "2026-3")


def test_negated_words_are_shown_and_not_proposed(sheet):
    row = next(each for each in proposed(sheet(XINLE)).items if each.row == 4)
    assert row.item.segments == ()
    assert "“告知听证权利”在否定句中（备注），未作为要件" in row.notes


def test_a_row_for_photographs_only_asks_for_nothing_that_would_have_to_be_heard(sheet):
    row = proposed(sheet(LIANCHI)).items[0]
    assert (row.item.means, row.item.segments, row.item.mode.value) == (("photo",), (), "key")
    assert any(note.startswith("只拍照，听不到") for note in row.notes)


def test_a_stage_under_another_name_finds_its_case(sheet):
    from avrecord.model.checklist import Checklist

    made = proposed(sheet(ZHENGXIANG))
    found = Checklist(made.name, "", made.version, made.in_force_from, tuple(each.item for each in made.items))
    for stage in ("直接送达", "留置送达", "公告送达"):
        assert found.item_for("行政处罚", stage).code == "5"


CATEGORY = [
    ("序号", "执法类别", "执法事项", "执法环节", "记录内容", "备注"),
    ("1", "行 政 处 罚", "占道经营", "现场检查", "出示证件", "夜间另行安排"),
    ("2", "", "", "", "告知当事人", ""),
    ("3", "", "违法建设", "", "丈量", ""),
    ("4", "行政检查", "", "现场检查", "巡视", ""),
]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_blank_means_as_above_only_where_rows_are_grouped(tmp_path, encoding):
    made = proposed(csv_file(tmp_path / "清单.csv", CATEGORY, encoding))
    assert [(i.item.case_kind, i.item.matter, i.item.stage, i.item.remarks) for i in made.items] == [
        ("行政处罚", "占道经营", "现场检查", "夜间另行安排"),
        ("行政处罚", "占道经营", "现场检查", ""),
        ("行政处罚", "违法建设", "违法建设", ""),  # a new matter: the stage of the old one is not carried into it
        ("行政检查", "", "现场检查", ""),  # a new kind: neither is the matter
    ]
    assert "执法类别、执法事项、执法环节原为空格，按同上处理" in made.items[1].notes


def test_the_old_workbook_format_reads_the_same(tmp_path):
    new, old = book(tmp_path / "a.xlsx", 表=CATEGORY), xls_file(tmp_path / "a.xls", CATEGORY)
    assert [each.item for each in proposed(new).items] == [each.item for each in proposed(old).items]


def test_merged_remarks_count_for_all_their_rows_and_blank_ones_for_none(tmp_path):
    from dataclasses import replace

    rows = [JIAOZUO.rows[0], (*JIAOZUO.rows[1][:-1], "须两人"), (*JIAOZUO.rows[2][:-1], UP), *JIAOZUO.rows[3:]]
    made = proposed(write_list(tmp_path / "a.xlsx", replace(JIAOZUO, rows=rows)))
    assert [each.item.remarks for each in made.items] == ["须两人", "须两人", "", ""]


def test_a_row_given_twice_is_reported_and_not_proposed_twice(tmp_path):
    made = proposed(book(tmp_path / "a.xlsx", 表=[*CATEGORY, CATEGORY[-1]]))
    assert (len(made.items), [(each.row, each.reason) for each in made.left]) == (4, [(6, "与第 5 行重复")])


def test_one_number_for_several_rows_becomes_codes_that_differ(tmp_path):
    rows = [CATEGORY[0], *(("7", *row[1:]) for row in CATEGORY[1:])]
    assert [each.item.code for each in proposed(book(tmp_path / "a.xlsx", 表=rows)).items] == ["7", "7-2", "7-3", "7-4"]


def test_another_sheet_is_named_and_can_be_read(tmp_path):
    path = book(tmp_path / "a.xlsx", 说明=[("填表说明",)], 清单=CATEGORY)
    with pytest.raises(BadInput, match=r"没有找到清单的表头.*填表说明"):
        proposed(path)
    made = proposed(path, "清单")
    assert (len(made.items), [each.text for each in made.left]) == (4, ["说明"])


@pytest.mark.parametrize(
    ("rows", "reason"),
    [([], "没有找到清单的表头"), ([("案号", "当事人")], "没有找到清单的表头"), ([CATEGORY[0]], "没有读出任何事项")],
)
def test_a_sheet_without_a_list_is_refused_in_chinese(tmp_path, rows, reason):
    with pytest.raises(BadInput, match=reason):
        proposed(book(tmp_path / "a.xlsx", 表=rows))


def test_a_cell_cannot_write_toml_of_its_own(tmp_path):
    hostile = '"]\n[[item]]\nconfirmed = true\u2028\x7f\\'
    rows = [(*CATEGORY[0], hostile), ("1", "=1+1", "@x", "现场检查", hostile, '"""', hostile), ("", hostile)]
    made = proposed(csv_file(tmp_path / "a.csv", rows))
    (tmp_path / "a.toml").write_text(proposal_toml(made, hostile, "0", {}), "utf-8")
    draft = read_draft(tmp_path / "a.toml", segments())
    assert draft.checklist.items == tuple(each.item for each in made.items)
    assert len(draft.unconfirmed) == len(made.items)


HEADERS = st.permutations(
    ["序号", "执法类别", "执法事项", "执法环节", "记录内容", "记录方式", "存储期限", "备注", "执法部门", "记录标识"]
)
CELLS = st.sampled_from(
    ["", "", "", "1", "2", "行 政 处 罚", "行政检查", "现场检查", "查封、扣押", "告知当事人", "无需告知",
     "拍照", "全程", "永久", "六个月", "—",
     "注：以上", "一、行政强制", "2026年3月1日", "说明", "适时", "序号", "执法环节", "备注", "无"]
)  # fmt: skip
REWORDED = {spelled(word) for word in ("六个月", "永久", "拍照", "全程", "无")}
"""Said in the program's own words where they stand in a column that it understands whole."""


@settings(max_examples=200, deadline=None)
@given(HEADERS, st.lists(st.lists(CELLS, min_size=10, max_size=11), min_size=1, max_size=6))
def test_whatever_stands_in_a_sheet_no_cell_vanishes_and_nothing_breaks(tmp_path_factory, header, rows):
    """Rows without sense: each cell is in an item, or in what is said of its row, or the whole sheet is refused."""
    path = csv_file(tmp_path_factory.mktemp("x") / "a.csv", [header, *rows])
    try:
        made = proposed(path)
    except BadInput:
        return  # a sheet without any item is refused whole
    kept = text_of(made)
    cells = {spelled(cell) for row in rows for cell in row} - {""} - REWORDED
    assert {cell for cell in cells if cell not in kept} == set()
