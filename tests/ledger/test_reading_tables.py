"""A table is read as the bureau wrote it: encodings, headers anywhere, cells of every make."""

from __future__ import annotations

from datetime import date, datetime

import pytest
import xlsxwriter

from avrecord.errors import BadInput
from avrecord.ledger.read import day, moment, read_table, text
from avrecord.model.moments import BEIJING
from ledger.ledger_files import book, csv_file, xls_file

ALIASES = {"case": ("案号", "案件编号"), "kind": ("行政处罚",), "note": ("备注(说明)",)}
HEADER = ("案号", "行政处罚")


def rows(path, required=("case",), sheet=None):
    return [row for _, row in read_table(path, ALIASES, required, sheet).rows]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030", "gbk"])
def test_a_csv_is_read_in_any_encoding_that_offices_save(tmp_path, encoding):
    path = csv_file(tmp_path / "表.csv", [HEADER, ("综执罚字〔2026〕44号", "占道经营")], encoding)
    assert rows(path) == [{"case": "综执罚字〔2026〕44号", "kind": "占道经营", "note": ""}]


def test_a_rare_character_of_gb18030_survives(tmp_path):
    path = csv_file(tmp_path / "a.csv", [HEADER, ("A1", "㐂𠮷市")], "gb18030")
    assert rows(path)[0]["kind"] == "㐂𠮷市"


@pytest.mark.parametrize("header", ["行 政 处 罚", " 行政处罚 ", "行政\n处罚", "行政　处罚"])
def test_inner_spaces_and_line_breaks_in_a_header_do_not_hide_it(tmp_path, header):
    path = book(tmp_path / "a.xlsx", 表=[(header, "案号"), ("x", "A1")])
    assert rows(path, ("case", "kind"))[0]["kind"] == "x"


@pytest.mark.parametrize("header", ["备注（说明）", "备注(说明）", "备注 (说明)"])
def test_full_width_punctuation_in_a_header_is_the_same_header(tmp_path, header):
    path = book(tmp_path / "a.xlsx", 表=[("案号", header), ("A1", "迟到")])
    assert rows(path, ("case", "note"))[0]["note"] == "迟到"


def test_titles_and_notes_above_the_header_are_stepped_over_and_row_numbers_are_the_files(tmp_path):
    above = [("丰源市城管执法局案件登记表",), (), ("填表日期：2026-11-16", "填表人：周敏"), ()]
    path = book(tmp_path / "a.xlsx", 表=[*above, HEADER, ("A1", "x"), (), ("A2", "y")])
    table = read_table(path, ALIASES, ("case",))
    assert [(number, row["case"]) for number, row in table.rows] == [(6, "A1"), (8, "A2")]


def test_a_header_below_the_tenth_row_is_not_taken_for_one(tmp_path):
    path = book(tmp_path / "a.xlsx", 表=[*[("说明",)] * 10, HEADER, ("A1", "x")])
    with pytest.raises(BadInput, match="表头缺少：案号"):
        read_table(path, ALIASES, ("case",))


def test_columns_nobody_asked_for_are_named_and_not_silently_dropped(tmp_path):
    path = book(tmp_path / "a.xlsx", 表=[("案号", "罚款金额", None, "执法 大队"), ("A1", 200, "x", "东湖")])
    assert read_table(path, ALIASES, ("case",)).unknown == ("罚款金额", "执法 大队")


def test_a_missing_header_is_named_in_chinese_with_exit_code_32(tmp_path):
    path = book(tmp_path / "a.xlsx", 表=[("案件编号", "金额"), ("A1", 1)])
    with pytest.raises(BadInput) as caught:
        read_table(path, ALIASES, ("case", "kind", "note"))
    assert (caught.value.exit_code, caught.value.facts["detail"]) == (32, "表头缺少：行政处罚、备注(说明)")


@pytest.mark.parametrize("name", ["empty.csv", "empty.xlsx", "empty.json"])
def test_an_empty_table_lacks_every_header(tmp_path, name):
    path = tmp_path / name
    if name.endswith(".xlsx"):
        book(path, 表=[])
    else:
        path.write_bytes(b"\n" if name.endswith(".csv") else b"[]")
    with pytest.raises(BadInput, match="表头缺少：案号"):
        read_table(path, ALIASES, ("case",))


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.xls", "a.json", "a.dat"])
def test_a_file_of_no_bytes_is_called_empty(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(BadInput, match="文件是空的"):
        read_table(tmp_path / name, ALIASES, ("case",))


@pytest.mark.parametrize("name", ["a.xlsx", "a.xls", "a.dat"])
@pytest.mark.parametrize("content", [b"PK\x03\x04 cut short", "案号,类别\n".encode(), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 64])
def test_a_file_that_is_no_workbook_is_refused_in_chinese(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput, match="不是有效的表格文件"):
        read_table(path, ALIASES, ("case",))


def test_bytes_that_are_no_text_are_refused_as_csv(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xff\xff\xff\xff" * 9)
    with pytest.raises(BadInput, match="文字编码认不出"):
        read_table(path, ALIASES, ("case",))


def test_a_workbook_without_the_named_sheet_says_which_one(tmp_path):
    path = book(tmp_path / "a.xlsx", 表=[HEADER])
    with pytest.raises(BadInput, match="没有名为“领用”的工作表"):
        read_table(path, ALIASES, ("case",), "领用")


def test_a_sheet_is_found_by_its_name_wherever_it_stands(tmp_path):
    path = book(tmp_path / "a.xlsx", 说明=[("案号",), ("错",)], **{" 领 用 ": [HEADER, ("A1", "x")]})
    assert rows(path, sheet="领用")[0]["case"] == "A1"


def test_a_file_of_ten_thousand_rows_is_read_whole(tmp_path):
    path = csv_file(tmp_path / "a.csv", [HEADER, *((f"A{n}", "x") for n in range(10_000))])
    found = read_table(path, ALIASES, ("case",)).rows
    assert (len(found), found[-1]) == (10_000, (10_001, {"case": "A9999", "kind": "x", "note": ""}))


def test_a_number_that_excel_kept_as_12_point_0_is_the_number_12(tmp_path):
    path = book(tmp_path / "a.xlsx", 表=[HEADER, (12.0, 41007), (3.5, 120000000000000000)])
    assert [(text(r["case"]), text(r["kind"])) for r in rows(path)] == [("12", "41007"), ("3.5", "120000000000000000")]


def test_an_old_xls_gives_its_text_numbers_and_moments(tmp_path):
    at = datetime(2026, 11, 16, 9, 0, 30)
    path = xls_file(tmp_path / "旧表.xls", [("案号", "行 政 处 罚"), ("综执罚字〔2026〕44号", at), (12.0, 3)])
    first, second = rows(path)
    assert (text(first["case"]), moment(first["kind"])) == ("综执罚字〔2026〕44号", at.replace(tzinfo=BEIJING))
    assert (text(second["case"]), text(second["kind"])) == ("12", "3")


def test_a_real_excel_moment_is_beijing_time_to_the_second(tmp_path):
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as made:
        page, form = made.add_worksheet(), made.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        page.write_row(0, 0, HEADER)
        page.write_datetime(1, 0, datetime(2026, 11, 16, 9, 20, 7), form)
    assert moment(rows(tmp_path / "a.xlsx")[0]["case"]) == datetime(2026, 11, 16, 9, 20, 7, tzinfo=BEIJING)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-16 09:05:00",
        "2026/11/16 9:05",
        "2026.11.16 09:05",
        "2026年11月16日 09:05",
        "２０２６－１１－１６　０９：０５",
        "2026-11-16T09:05:00",
    ],
)
def test_a_moment_written_as_text_is_read_in_each_way_people_write_it(written):
    assert moment(written) == datetime(2026, 11, 16, 9, 5, tzinfo=BEIJING)


@pytest.mark.parametrize("written", ["", "2026-11-16", "2026-02-30 09:00", "昨天", "2026-11-16 25:00"])
def test_what_is_no_moment_is_said_in_chinese(written):
    with pytest.raises(ValueError, match=f"不是有效的时间：{written or '空'}"):
        moment(written)


@pytest.mark.parametrize(
    "written", ["2026-11-16", "2026/11/16", "2026年11月16日", "2026-11-16 00:00:00", datetime(2026, 11, 16, 8)]
)
def test_a_day_is_read_in_each_way_people_write_it(written):
    assert day(written) == date(2026, 11, 16)


@pytest.mark.parametrize("written", ["2026-11", "长期", "2026-13-01"])
def test_what_is_no_day_is_said_in_chinese(written):
    with pytest.raises(ValueError, match="不是有效的日期"):
        day(written)


def test_an_empty_day_is_no_day():
    assert day("  ") is None


def test_line_breaks_inside_a_cell_are_spaces():
    assert text(" 占道\n经营  店外 ") == "占道 经营 店外"
