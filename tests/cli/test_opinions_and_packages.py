"""What legal review gets for a case, and what a unit without findings hands over."""

from __future__ import annotations

import hashlib
import re

import pytest
from docx import Document
from openpyxl import load_workbook

from avrecord.words import POINTS
from cli.desk import CASE, EAST, PLAN, WEST, Desk, filmed_day
from ledger.ledger_files import case_row, case_table
from ledger.test_templates import template

STAGE = "直接送达"


@pytest.fixture
def desk(kit, dcam, dock, tmp_path, monkeypatch, capsys) -> Desk:
    """A case whose second stage shows nothing, a case without footage."""
    made = Desk(kit.root, monkeypatch, capsys)
    filmed_day(made, kit, dcam, dock, tmp_path)
    return made


def words_of(path) -> str:
    document = Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


def test_the_page_says_what_is_asked_recorded_and_seen_and_concludes_nothing_about_anybody(desk, tmp_path, kit):
    said = desk("cases", "opinion", CASE, "--out", tmp_path / "意见.docx")
    assert (said.code, "1 处需要核实" in said.out) == (0, True)
    words = words_of(tmp_path / "意见.docx")
    assert "亮证：抽检已见（画面文字“行政执法证”" in words
    assert f"{STAGE}：告知抽检未见，请核实并补正或说明。" in words
    assert not re.search("违法|违规|失职|应予处分", words)
    kit.log.refresh()
    digest = hashlib.sha256((tmp_path / "意见.docx").read_bytes()).hexdigest()
    assert any(digest.encode() in entry for _, entry in kit.log.entries()), "what left is stated"


def test_the_html_page_holds_the_same_and_fetches_nothing(desk, tmp_path):
    assert desk("cases", "opinion", CASE, "--out", tmp_path / "意见.html").code == 0
    page = (tmp_path / "意见.html").read_text("utf-8")
    assert "告知抽检未见" in page
    assert not re.search(r"(src|href)=.(https?:)?//", page)
    assert "<script" not in page


def test_names_in_a_case_are_escaped(desk, tmp_path):
    nasty = case_table(tmp_path / "n.xlsx", case_row(case="<script>1〔2026〕9号", stage="直接送达", officers="FY1"))
    assert desk("cases", "import", nasty, "--apply").code == 0
    assert desk("cases", "opinion", "<script>1〔2026〕9号", "--out", tmp_path / "意见.html").code == 0
    assert "<script>" not in (tmp_path / "意见.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("case", "name", "code"), [("无〔2026〕1号", "意见.docx", 32), (CASE, "意见.pdf", 1), (CASE, "无/意见.docx", 1)]
)
def test_what_cannot_be_written_is_said_and_leaves_nothing(desk, tmp_path, case, name, code):
    said = desk("cases", "opinion", case, "--out", tmp_path / name)
    assert said.code != 0
    assert "Traceback" not in said.err
    assert not (tmp_path / name).exists()
    assert code


def test_a_person_s_decision_stands_beside_the_mark(desk, tmp_path):
    desk("review", CASE, STAGE, "notice_given", "--as", "seen", "--by", "FY9", "--why", "听到了")
    assert "未发现缺少的内容" in desk("cases", "opinion", CASE, "--out", tmp_path / "意见.docx").out
    words = words_of(tmp_path / "意见.docx")
    assert "告知：抽检未见" in words
    assert "人工确认已见（FY9" in words


def test_problems_that_people_opened_fill_the_ledger_and_the_bureaus_own_workbook(desk, tmp_path):
    desk("rectify", "open", CASE, STAGE, "notice_given", *PLAN, "--by", "FY9")
    assert desk("audit", "ledger", "--out", tmp_path / "台账.xlsx", "--template", template(tmp_path)).code == 0
    page = load_workbook(tmp_path / "台账.xlsx")["自查台账"]
    row = {page.cell(r, 2).value: [page.cell(r, at).value for at in range(1, 6)] for r in range(4, 8)}[CASE]
    assert row[3].split("\n") == ["直接送达告知：送达时未告知", "待复核：直接送达：告知抽检未见"]
    assert (row[2], row[4]) == (EAST, "李局长")
    number = str(desk.rows("rectify", "list")[0]["number"])
    desk("rectify", "close", number, "--why", "已学习", "--by", "FY9")
    assert desk("audit", "ledger", "--out", tmp_path / "二.xlsx", "--case", CASE).code == 0
    page = load_workbook(tmp_path / "二.xlsx")["自查工作台账"]
    titles = [cell.value for cell in page[2]]
    cells = dict(zip(titles, [cell.value for cell in page[3]], strict=True))
    assert cells["整改完成情况"] == "2026-11-21 已销号：已学习"
    assert cells["责任单位（部门）"] == "法制科"


def test_a_unit_hands_over_its_most_complete_case_and_it_verifies_elsewhere(desk, tmp_path):
    desk("review", CASE, STAGE, "notice_given", "--as", "seen", "--by", "FY9", "--why", "听到了")
    said = desk("audit", "package", "--unit", EAST, "--out", tmp_path / "备查")
    assert (said.code, CASE in said.out, said.err) == (0, True, "")
    assert (tmp_path / "备查" / "音像记录核查意见.docx").is_file()
    verified = desk("verify", tmp_path / "备查" / "资料包", "--trust-bundle")
    assert "ALTERED" not in verified.out + verified.err
    assert verified.code in (0, 15), verified.out + verified.err


def test_a_unit_that_has_nothing_complete_hands_over_nothing(desk, tmp_path):
    said = desk("audit", "package", "--unit", WEST, "--out", tmp_path / "备查")
    assert (said.code, "没有一个录像和要件都齐全" in said.err) == (32, True)
    assert not (tmp_path / "备查").exists()
    assert desk("audit", "package", "--unit", "没有的大队", "--out", tmp_path / "备查").code == 32


def test_the_report_counts_marks_and_decisions_apart_and_every_number_names_its_stages(desk, tmp_path):
    desk("rectify", "open", CASE, STAGE, "notice_given", *PLAN, "--by", "FY9")
    desk("review", CASE, STAGE, "notice_given", "--as", "missing", "--by", "FY9", "--why", "没有告知")
    found = desk("audit", "report", "--explain", "--json").json
    rows = {(row["unit"], row["point"]): row for row in found["rows"]}
    notice = rows[EAST, "notice_given"]
    assert (notice["seen"], notice["missing"], notice["not_seen"]) == (1, 1, 0)
    assert notice["explain"] == {"seen": [f"{CASE} 现场检查"], "missing": [f"{CASE} {STAGE}"]}
    assert rows[WEST, "footage"]["not_seen"] == 1
    for row in found["rows"]:
        for outcome, stages in row["explain"].items():
            assert row[outcome] == len(stages)
    [east] = [unit for unit in found["units"] if unit["unit"] == EAST]
    assert (east["cases"], east["stages"], len(east["problems"]), east["closed"]) == (1, 2, 1, [])


def test_the_reports_workbook_holds_the_same_numbers_and_charts(desk, tmp_path):
    desk("rectify", "open", CASE, STAGE, "notice_given", *PLAN, "--by", "FY9")
    assert desk("audit", "report", "--xlsx", tmp_path / "报告.xlsx").code == 0
    book = load_workbook(tmp_path / "报告.xlsx")
    assert book.sheetnames == ["概况", "五项自查", "整改", "问题清单", "录像图", "整改图"]
    rows = {
        (row[0].value, row[1].value): [cell.value for cell in row[2:]]
        for row in book["五项自查"].iter_rows(min_row=3, max_row=12)
    }
    table = desk.rows("audit", "report")
    for row in table:
        counts = [row[key] for key in ("confirmed", "missing", "seen", "not_seen", "cannot_tell")]
        assert rows[row["unit"], POINTS[row["point"]]] == [sum(counts), *counts]
    assert len(book["录像图"]._charts) == 1
    assert book["问题清单"]["G3"].value == "李局长"
    assert desk("audit", "report", "--unit", "没有的大队").code == 32
