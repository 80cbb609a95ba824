"""What leaves as a workbook: text stays text, sheets print well, and each says where its figures come from."""

from __future__ import annotations

import zipfile

import pytest
from openpyxl import load_workbook

from avrecord.ledger.write import Chart, Share, Sheet, write_workbook

COLUMNS = [("案号", 12), ("说明", 20)]


def written(tmp_path, rows, footer=(), columns=COLUMNS, title="自查台账"):
    path = tmp_path / "out.xlsx"
    write_workbook(path, [Sheet("台账", title, columns, rows, footer)])
    return load_workbook(path)["台账"]


@pytest.mark.parametrize("words", ['=HYPERLINK("http://x")', "=1+1", "+86 138", "-3", "@SUM(A1)", "{=1}", "http://x", "\t=1+1"])
def test_a_cell_that_looks_like_a_formula_stays_text(tmp_path, words):
    cell = written(tmp_path, [(words, "x")])["A3"]
    assert (cell.data_type, cell.value, cell.hyperlink) == ("s", words, None)


@pytest.mark.parametrize("identity", ["120000000000000000", "041007", "1E5", "2026-11-16", "FY041007"])
def test_an_id_stays_the_text_that_it_is(tmp_path, identity):
    cell = written(tmp_path, [(identity, "x")])["A3"]
    assert (cell.data_type, cell.value) == ("s", identity)


def test_a_count_is_a_number_that_can_be_added_up(tmp_path):
    page = written(tmp_path, [(3, 2.5)])
    assert [(c.data_type, c.value) for c in page[3]] == [("n", 3), ("n", 2.5)]


def test_a_share_is_a_number_that_reads_as_a_percentage(tmp_path):
    cell = written(tmp_path, [("x", Share(0.9444))])["B3"]
    assert (cell.data_type, cell.value, cell.number_format) == ("n", 0.9444, "0.0%")


def charted(tmp_path, categories, **series):
    path = tmp_path / "out.xlsx"
    write_workbook(path, [Sheet("台账", "台账", COLUMNS, [])], [Chart("图", "完好率", "月份", categories, series)])
    return path


def test_a_native_chart_draws_the_cells_beside_it_and_where_there_is_no_value_there_is_none(tmp_path):
    path = charted(tmp_path, ["=1+1", "2026-11"], 完好率=[None, 0.5], 按时=[1.0, 0.0])
    page = load_workbook(path)["图"]
    assert [[cell.value for cell in row] for row in page["A1:C3"]] == [
        ["月份", "完好率", "按时"], ["=1+1", None, 1], ["2026-11", 0.5, 0],
    ]  # fmt: skip
    assert page["A2"].data_type == "s"
    with zipfile.ZipFile(path) as package:
        drawn = package.read("xl/charts/chart1.xml").decode()
    assert "图!$B$2:$B$3" in drawn
    assert "图!$C$2:$C$3" in drawn
    assert '<c:min val="0"/>' in drawn


@pytest.mark.parametrize(("count", "lying"), [(14, "col"), (15, "bar")])
def test_many_bars_lie_below_one_another_the_first_on_top(tmp_path, count, lying):
    path = charted(tmp_path, [f"单位{n}" for n in range(count)], 率=[0.5] * count)
    with zipfile.ZipFile(path) as package:
        drawn = package.read("xl/charts/chart1.xml").decode()
    assert f'<c:barDir val="{lying}"/>' in drawn
    assert ('<c:orientation val="maxMin"/>' in drawn) is (lying == "bar")


def test_nothing_is_an_empty_cell_and_not_the_word_none(tmp_path):
    page = written(tmp_path, [("x", None), ("y", 0)])
    assert not page["B3"].value
    assert page["B4"].value == 0


def test_a_title_that_looks_like_a_formula_is_no_formula(tmp_path):
    page = written(tmp_path, [("x", "y")], footer=["=1+1"], title="=cmd()")
    assert (page["A1"].data_type, page["A1"].value, page["A4"].data_type) == ("s", "=cmd()", "s")


def test_no_formula_at_all_is_in_the_file(tmp_path):
    written(tmp_path, [("=1+1", "+1"), ("-1", "@A1")], footer=["=2"], title="=3")
    with zipfile.ZipFile(tmp_path / "out.xlsx") as package:
        assert b"<f>" not in package.read("xl/worksheets/sheet1.xml")


def test_a_sheet_prints_on_a4_across_one_page_wide_with_its_head_on_each_page(tmp_path):
    page = written(tmp_path, [("x", "y")] * 90)
    setup = page.page_setup
    assert (setup.orientation, int(setup.paperSize), int(setup.fitToHeight)) == ("landscape", 9, 0)
    assert page.sheet_properties.pageSetUpPr.fitToPage is True
    assert page.print_title_rows == "$2:$2"
    assert page.freeze_panes == "A3"


def test_the_whole_table_with_its_footer_is_printed(tmp_path):
    page = written(tmp_path, [("x", "y")] * 3, footer=["一", "二"])
    first, last = page.print_area.split("!")[1].replace("$", "").split(":")
    assert (first, page[last].column, page[last].row >= page.max_row) == ("A1", 2, True)
    assert "第 &P 页，共 &N 页" in page.oddFooter.center.text


def test_footer_lines_stand_below_the_rows(tmp_path):
    page = written(tmp_path, [("x", "y")], footer=["查询：全部案件", "日志检查点：8 条"])
    assert [page["A4"].value, page["A5"].value] == ["查询：全部案件", "日志检查点：8 条"]
    assert {str(merged) for merged in page.merged_cells.ranges} == {"A1:B1", "A4:B4", "A5:B5"}


def test_a_table_without_rows_still_has_title_head_and_footer(tmp_path):
    page = written(tmp_path, [], footer=["没有"])
    assert [page["A1"].value, page["A2"].value, page["B2"].value, page["A3"].value] == ["自查台账", "案号", "说明", "没有"]


def test_a_long_cell_gets_a_row_high_enough_to_be_read(tmp_path):
    page = written(tmp_path, [("x", "现场检查：录像完整\n" * 6), ("y", "短")])
    assert page.row_dimensions[3].height >= 6 * 15
    assert (page.row_dimensions[4].height or 15) < 2 * 15


def test_each_sheet_keeps_its_own_rows(tmp_path):
    path = tmp_path / "two.xlsx"
    write_workbook(path, [Sheet("台账", "甲", COLUMNS, [("1", "2")]), Sheet("依据", "乙", COLUMNS, [("3", "4")])])
    found = load_workbook(path)
    assert found.sheetnames == ["台账", "依据"]
    assert (found["台账"]["A3"].value, found["依据"]["A3"].value) == ("1", "3")
