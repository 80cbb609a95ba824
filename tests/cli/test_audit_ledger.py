"""附件9 自查工作台账: each cell shows mark, clip and moment, and the machine concludes nothing about a person."""

from __future__ import annotations

import hashlib

import pytest
from openpyxl import load_workbook

from avrecord.pipeline.link import link_all
from cli.desk import CASE, NO_FOOTAGE, PRINTED, WEST, Desk, cases_file, clip_id, examined, fleet_file
from conftest import pattern
from ledger.ledger_files import case_row, case_table

FILE = "DCAM_Z3A0017_041007_20261116_090000.mp4"


@pytest.fixture
def desk(kit, dcam, dock, tmp_path, monkeypatch, capsys) -> Desk:
    """A case with a filmed stage and one of undecodable footage, and a case without any."""
    made = Desk(kit.root, monkeypatch, capsys)
    dock(dcam({"VIDEO/090000.mp4": pattern(3000), "VIDEO/100000.mp4": pattern(3000, 2)}))
    made("devices", "import", fleet_file(tmp_path))
    made("cases", "import", cases_file(tmp_path), "--apply")
    made("check", clip_id(kit, "100000.mp4"))
    examined(kit, "090000.mp4", 1100, seen=("id_shown",))
    link_all(kit)
    return made


@pytest.fixture
def ledger(desk, tmp_path):
    """Write the ledger with some filters and read it back."""

    def written(*words):
        said = desk("audit", "ledger", "--out", tmp_path / "台账.xlsx", *words)
        assert said.code == 0, said.err
        return load_workbook(tmp_path / "台账.xlsx")

    return written


def row_of(book, case):
    """The cells of a case by their column titles."""
    page = book["自查工作台账"]
    titles = [cell.value for cell in page[2]]
    (row,) = [cells for cells in page.iter_rows(min_row=3) if cells[1].value == case]
    return dict(zip(titles, (cell.value for cell in row), strict=True))


def test_a_segment_that_was_seen_is_shown_with_clip_and_moment(ledger):
    cell = row_of(ledger(), CASE)["是否佩戴并出示执法证件"]
    assert cell == f"现场检查：抽检已见（画面文字“行政执法证”，{FILE} 09:01:05，第 1:05）\n直接送达：清单不要求"


def test_a_segment_not_seen_and_one_that_cannot_be_told_are_different_words(ledger):
    first, second = row_of(ledger(), CASE)["是否告知当事人执法事由依据及享有的权利"].split("\n")
    assert first.startswith("现场检查：抽检未见（")
    assert second.startswith("直接送达：无法判断（")
    assert "无法解码" in second


def test_footage_is_shown_with_its_seconds_and_gaps(ledger):
    book = ledger()
    first, *_ = row_of(book, CASE)["是否按规定使用音像记录设备"].split("\n")
    assert first == "现场检查：录像 1100/1200 秒（09:18:20起缺 100 秒）"
    assert row_of(book, NO_FOOTAGE)["是否按规定使用音像记录设备"] == "先行登记保存：无录像"


def test_what_no_check_can_see_is_never_claimed(ledger):
    row = row_of(ledger(), CASE)
    assert row["是否着装规范"] == "现场检查：无法判断，只能由人工复核\n直接送达：无法判断，只能由人工复核"
    assert "无法判断，未检测（未安装语音模型）" in row["是否使用执法行为规范用语"]


def test_problems_to_be_reviewed_are_listed_by_stage(ledger):
    book = ledger()
    lines = row_of(book, CASE)["需复核的问题"].split("\n")
    assert lines[:2] == ["现场检查：录像有缺口（缺口 100 秒）", "现场检查：告知抽检未见"]
    assert row_of(book, NO_FOOTAGE)["需复核的问题"] == "先行登记保存：无录像"


def test_a_persons_decision_stands_beside_the_mark_with_who_and_when_and_hides_nothing(desk, ledger):
    desk("review", CASE, "现场检查", "notice_given", "--as", "missing", "--by", "FY9", "--why", "看过")
    desk("review", CASE, "现场检查", "uniform", "--as", "seen", "--by", "FY9", "--why", "看过")
    row = row_of(ledger(), CASE)
    assert row["是否告知当事人执法事由依据及享有的权利"].startswith("现场检查：抽检未见（")
    assert "；人工认定缺失（FY9，2026-11-21）" in row["是否告知当事人执法事由依据及享有的权利"]
    assert row["是否着装规范"].startswith("现场检查：无法判断，只能由人工复核；人工确认已见（FY9，")


def test_what_people_fill_in_is_left_blank(ledger):
    row = row_of(ledger(), CASE)
    assert [row[title] or "" for title in ("责任领导", "责任单位（部门）", "整改措施", "整改时限", "整改完成情况")] == [""] * 5


def test_the_ledger_bears_the_title_of_the_notice_and_where_it_comes_from(ledger, kit):
    page = ledger()["自查工作台账"]
    assert page["A1"].value == "行政执法领域群众身边不正之风集中整治自查工作台账"
    footer = [str(cell.value) for (cell, *_) in page.iter_rows(min_row=5)]
    assert footer[0].startswith("查询：全部案件；生成时间：2026-11-21 10:00:00（北京时间）")
    assert footer[1].startswith(f"日志检查点：{kit.log.refresh() - 1} 条")
    assert "不代表事情做了或没做" in footer[2]


def test_the_clips_relied_on_are_listed_with_their_digest(ledger, kit):
    page = ledger()["依据"]
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=3)]
    assert [CASE, "现场检查", FILE, "录像", "Z3A0017", "2026-11-16 09:00:00", 1100, clip_id(kit, "090000.mp4")] in rows


@pytest.mark.parametrize(
    ("words", "cases"),
    [
        (("--case", "综执罚字[2026]44号"), [CASE]),
        (("--unit", WEST), [NO_FOOTAGE]),
        (("--from", "2026-11-17"), [NO_FOOTAGE]),
        (("--to", "2026-11-16"), [CASE]),
        ((), [CASE, NO_FOOTAGE]),
    ],
)
def test_the_ledger_is_asked_by_case_unit_and_day(ledger, words, cases):
    page = ledger(*words)["自查工作台账"]
    assert [page.cell(row, 2).value for row in range(3, 3 + len(cases) + 1)][: len(cases)] == cases
    assert page.cell(3 + len(cases), 2).value not in (CASE, NO_FOOTAGE)


def test_the_export_is_stated_with_the_digest_of_the_file(ledger, kit, tmp_path):
    ledger("--by", "FY9")
    size = kit.log.refresh()
    ((_, entry),) = kit.log.entries(size - 1, size)
    assert b'"export.made"' in entry
    assert b'"by":"FY9"' in entry
    assert hashlib.sha256((tmp_path / "台账.xlsx").read_bytes()).hexdigest().encode() in entry


def test_a_case_number_that_looks_like_a_formula_is_text_in_the_ledger(desk, ledger, tmp_path):
    desk("cases", "import", case_table(tmp_path / "b.xlsx", case_row(case="+1-2", unit="@SUM")), "--apply")
    cells = [
        cell for row in ledger()["自查工作台账"].iter_rows(min_row=3, max_row=5) for cell in row if cell.value in ("+1-2", "@SUM")
    ]
    assert [cell.data_type for cell in cells] == ["s", "s"]


def test_a_complete_case_has_no_problem_to_review(desk, ledger, kit):
    examined(kit, "090000.mp4", 1200, seen=PRINTED)
    examined(kit, "100000.mp4", 600, seen=PRINTED)
    assert not row_of(ledger("--case", CASE), CASE)["需复核的问题"]
