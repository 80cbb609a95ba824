"""A bureau's own 附件9 workbook is filled under its own headers, whatever stands around them."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Border, Font, Side

from avrecord.errors import BadInput, CannotWrite
from avrecord.ledger.template import fill_template
from avrecord.ledger.write import Sheet

HEADERS = {
    "number": ("序号",),
    "case_no": ("案号", "案卷号"),
    "unit": ("执法单位", "单位（部门）"),
    "problem": ("需复核的问题", "存在问题"),
    "leader": ("责任领导", "定领导"),
}
BASIS = Sheet("依据", "所依据的片段", (("案号", 12), ("片段文件", 16)), [["〔2026〕44号", "=HYPERLINK()"]], ["查询：全部"])


def template(folder: Path, ready: int = 3, footer: bool = True) -> Path:
    """A title over all columns, a header of two merged rows, a few bordered rows, a merged line for signatures."""
    book = Workbook()
    page = book.active
    page.title = "自查台账"
    page.merge_cells("A1:F1")
    page["A1"] = "自查工作台账（某市城管局）"
    page["A1"].font = Font(name="方正小标宋简体", size=18)
    for column, text in zip("ABC", ("序 号", "案卷号", "单位（部门）"), strict=True):
        page[f"{column}2"] = text
        page.merge_cells(f"{column}2:{column}3")
    page["D2"] = "自查情况"
    page.merge_cells("D2:F2")
    for column, text in zip("DEF", ("存在问题", "定领导", "备注"), strict=True):
        page[f"{column}3"] = text
    for row in range(4, 4 + ready):
        page.cell(row, 1).value = row - 3
        page.row_dimensions[row].height = 30
        for at in range(1, 7):
            page.cell(row, at).border = Border(bottom=Side("thin"))
            page.cell(row, at).font = Font(name="仿宋_GB2312", size=12)
    if footer:
        last = 4 + ready
        page.merge_cells(start_row=last, end_row=last, start_column=1, end_column=6)
        page.cell(last, 1).value = "填表人：            审核人："
    book.create_sheet("填表说明")["A1"] = "请如实填写"
    book.save(folder / "模板.xlsx")
    return folder / "模板.xlsx"


def rows(count: int) -> list[dict[str, object]]:
    return [
        {"number": n, "case_no": f"盘综执罚字〔2026〕{n}号", "unit": "=1+1", "problem": "告知抽检未见", "leader": "李局长"}
        for n in range(1, count + 1)
    ]


def filled(folder: Path, count: int, **how: int | bool):
    source = template(folder, **how)
    before = source.read_bytes()
    fill_template(source, folder / "台账.xlsx", HEADERS, rows(count), BASIS)
    assert source.read_bytes() == before, "the template is never changed"
    return load_workbook(folder / "台账.xlsx")


def test_rows_stand_under_the_headers_in_the_templates_own_looks(tmp_path):
    book = filled(tmp_path, 2)
    page = book["自查台账"]
    assert [page.cell(4, at).value for at in range(1, 7)] == [1, "盘综执罚字〔2026〕1号", "=1+1", "告知抽检未见", "李局长", None]
    assert (page["B4"].font.name, page["B4"].border.bottom.style, page["A1"].font.size) == ("仿宋_GB2312", "thin", 18)
    assert page["A7"].value == "填表人：            审核人："
    assert book.sheetnames == ["自查台账", "填表说明", "依据"]


@pytest.mark.parametrize("count", [4, 30])
def test_more_cases_than_ready_rows_push_the_signatures_down_and_look_alike(tmp_path, count):
    page = filled(tmp_path, count)["自查台账"]
    assert page.cell(4 + count, 1).value == "填表人：            审核人："
    assert f"A{4 + count}:F{4 + count}" in {each.coord for each in page.merged_cells.ranges}
    assert page.cell(3 + count, 2).value == f"盘综执罚字〔2026〕{count}号"
    assert page.cell(3 + count, 2).font.name == "仿宋_GB2312"
    assert page.cell(3 + count, 2).border.bottom.style == "thin"


def test_a_cell_that_begins_like_a_formula_is_text(tmp_path):
    book = filled(tmp_path, 1)
    assert (book["自查台账"]["C4"].data_type, book["依据"]["B2"].data_type) == ("s", "s")


def test_a_template_without_the_table_is_refused_by_name_of_the_columns(tmp_path):
    book = Workbook()
    book.active["A1"] = "序号"
    book.save(tmp_path / "其他.xlsx")
    with pytest.raises(BadInput, match=r"找不到表头.*案号"):
        fill_template(tmp_path / "其他.xlsx", tmp_path / "台账.xlsx", HEADERS, rows(1), BASIS)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no workbook", "不是工作簿".encode()])
def test_what_is_no_workbook_is_refused(tmp_path, content):
    (tmp_path / "坏.xlsx").write_bytes(content)
    with pytest.raises(BadInput):
        fill_template(tmp_path / "坏.xlsx", tmp_path / "台账.xlsx", HEADERS, rows(1), BASIS)
    with pytest.raises(BadInput):
        fill_template(tmp_path / "没有.xlsx", tmp_path / "台账.xlsx", HEADERS, rows(1), BASIS)


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CannotWrite):
        fill_template(template(tmp_path), tmp_path / "无" / "台账.xlsx", HEADERS, rows(1), BASIS)
