"""One answer in four forms: for people, for programs, for colleagues. Results on stdout, all else on stderr."""

from __future__ import annotations

import csv
import io
import re

import pytest
from openpyxl import load_workbook

from cli.desk import CASE, Desk, cases_file, clip_id, fleet_file
from conftest import avrecord, pattern
from ledger.ledger_files import CASE_HEADER, book, case_row, case_table, csv_file

UTC_TEXT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
MOMENTS = {"start", "end", "at", "last_docked", "gap_start", "last_docking", "sealed_at"}
QUERIES = {
    "ingest": ("ingest", "CARD", "--no-check"),
    "status": ("status",),
    "doctor": ("doctor",),
    "clips": ("clips",),
    "clip": ("clips", "show", "CLIP"),
    "check": ("check", "CLIP"),
    "cases_import": ("cases", "import", "CASES"),
    "cases": ("cases", "list"),
    "case": ("cases", "show", CASE),
    "missing": ("cases", "missing"),
    "missing_by": ("cases", "missing", "--by", "unit"),
    "checklist": ("checklist", "show"),
    "devices": ("devices", "list"),
    "availability": ("devices", "availability", "--month", "2026-11"),
    "verify": ("verify", "--all"),
}


@pytest.fixture
def desk(kit, dcam, dock, tmp_path, monkeypatch, capsys) -> Desk:
    """A station with one docked card, its cases and its recorders."""
    made = Desk(kit.root, monkeypatch, capsys)
    log = "TIME_SYNC 2026-11-16 18:00:35 -> 2026-11-16 18:00:00\r\nBAT=55%\r\n"
    card = dcam({"VIDEO/090035.mp4": pattern(3000), "LOG/x.log": log.encode()})
    dock(card)
    assert made("devices", "import", fleet_file(tmp_path)).code == 0
    assert made("cases", "import", cases_file(tmp_path), "--apply").code == 0
    made.words = {"CARD": card, "CASES": cases_file(tmp_path), "CLIP": clip_id(kit, "090035.mp4")}
    return made


def asked(desk, name, *form):
    return desk(*QUERIES[name], *form)


def walk(value, key=None):
    """Every key and every text of a document with the key it stands under."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield "key", name
            yield from walk(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from walk(each, key)
    elif isinstance(value, str):
        yield key, value


@pytest.mark.parametrize("name", QUERIES)
def test_json_is_one_document_that_names_its_schema(desk, name):
    document = asked(desk, name, "--json").json
    assert document["schema"] == f"avrecord.{name}/1"
    assert isinstance(document["rows"], list)


@pytest.mark.parametrize("name", QUERIES)
def test_keys_of_json_are_english(desk, name):
    found = {text for key, text in walk(asked(desk, name, "--json").json) if key == "key"}
    assert {key for key in found if not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", key)} == set()


@pytest.mark.parametrize("name", ["status", "clips", "clip", "cases", "case", "missing", "devices"])
def test_moments_in_json_are_utc(desk, name):
    found = [text for key, text in walk(asked(desk, name, "--json").json) if key in MOMENTS]
    assert found
    assert [text for text in found if not UTC_TEXT.fullmatch(text)] == []


def test_a_clips_start_in_json_is_true_time_and_beijing_time_on_screen(desk):
    (clip, log) = asked(desk, "clips", "--json").json["rows"]
    assert (clip["start"], log["media"]) == ("2026-11-16T01:00:00.000000Z", "log")
    assert "2026-11-16 09:00:00" in asked(desk, "clips").out


@pytest.mark.parametrize("name", sorted(QUERIES.keys() - {"cases_import", "ingest"}))
def test_people_get_a_table_in_chinese(desk, name):
    said = asked(desk, name)
    assert re.search(r"[一-鿿]{2}", said.out)
    assert "schema" not in said.out


@pytest.mark.parametrize("name", QUERIES)
def test_csv_begins_with_a_mark_that_excel_knows_and_has_chinese_headers(desk, name):
    out = asked(desk, name, "--csv").out
    assert out.startswith("\ufeff")
    header, *rows = csv.reader(io.StringIO(out.removeprefix("\ufeff")))
    assert re.search("[一-鿿]", "".join(header))
    assert {len(row) for row in rows} <= {len(header)}


@pytest.mark.parametrize("name", QUERIES)
def test_a_workbook_opens_and_stdout_stays_empty(desk, tmp_path, name):
    path = tmp_path / "out.xlsx"
    said = asked(desk, name, "--xlsx", path)
    assert said.out == ""
    assert f"已写入 {path}" in said.err
    page = load_workbook(path).worksheets[0]
    assert page["A2"].value
    assert any(str(cell.value or "").startswith("生成时间：") for (cell, *_) in page.iter_rows())


def test_a_workbook_holds_the_same_rows_as_the_json(desk, tmp_path):
    said = asked(desk, "missing", "--json", "--xlsx", tmp_path / "out.xlsx")
    page = load_workbook(tmp_path / "out.xlsx").worksheets[0]
    assert [page.cell(3 + n, 1).value for n in range(len(said.json["rows"]))] == [row["case"] for row in said.json["rows"]]


FORMULAS = ("=HYPERLINK(1)", "+1-2", "-cmd", "@SUM(A1)")


@pytest.mark.parametrize("words", FORMULAS)
def test_a_cell_of_csv_that_a_spreadsheet_would_run_is_text(desk, tmp_path, words):
    desk("cases", "import", csv_file(tmp_path / "b.csv", [CASE_HEADER, case_row(case="A9", unit=words)]), "--apply")
    cells = next(csv.reader(line for line in desk("cases", "list", "--csv").out.splitlines() if line.startswith("A9")))
    assert cells[2] == f"'{words}"


def test_a_signed_number_in_csv_stays_a_number(desk):
    (row,) = [line for line in desk("devices", "list", "--csv").out.splitlines() if line.startswith("Z3A0017")]
    assert "+35" in next(csv.reader([row]))


@pytest.mark.parametrize("words", FORMULAS)
def test_a_cell_of_a_workbook_that_a_spreadsheet_would_run_is_text(desk, tmp_path, words):
    desk("cases", "import", csv_file(tmp_path / "b.csv", [CASE_HEADER, case_row(case="A9", unit=words)]), "--apply")
    desk("cases", "list", "--xlsx", tmp_path / "out.xlsx")
    cells = [cell for row in load_workbook(tmp_path / "out.xlsx").worksheets[0] for cell in row if cell.value == words]
    assert [cell.data_type for cell in cells] == ["s"]


def test_progress_is_on_stderr_and_the_result_alone_on_stdout(root, dcam):
    card = dcam({"VIDEO/090000.mp4": pattern(3000)})
    done = avrecord("ingest", card, "--no-check", "--csv", root=root)
    assert done.returncode == 0
    assert "采集 VIDEO/DCAM_Z3A0017_041007_20261116_090000.mp4（3000 字节）" in done.stderr
    assert [line.split(",")[:3] for line in done.stdout.splitlines()] == [
        ["\ufeff存储卡", "文件", "新封存"],
        ["Z3A0017", "1", "1"],
    ]


def test_quiet_means_nothing_on_stderr(root, dcam):
    done = avrecord("-q", "ingest", dcam({"VIDEO/090000.mp4": pattern(3000)}), "--no-check", root=root)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_bad_spreadsheet_is_code_32_and_leaves_the_log_as_it_was(desk, kit, tmp_path):
    before = kit.log.refresh()
    (tmp_path / "a.xlsx").write_bytes(b"not a workbook")
    book(tmp_path / "b.xlsx", 案件=[("案号", "金额"), ("A1", 1)])
    for command, path, reason in (
        (("cases", "import"), tmp_path / "a.xlsx", "不是有效的表格文件"),
        (("cases", "import"), tmp_path / "none.xlsx", "文件不存在"),
        (("cases", "import"), tmp_path / "b.xlsx", "表头缺少：执法类别、执法环节、执法证号、开始时间、结束时间"),
        (("devices", "import"), tmp_path / "b.xlsx", "没有名为“设备”的工作表"),
        (("officers", "import"), tmp_path / "b.xlsx", "表头缺少：执法证号、姓名"),
    ):
        said = desk(*command, path)
        assert (said.code, said.out, reason in said.err) == (32, "", True)
    assert kit.log.refresh() == before


def test_a_dry_run_reports_and_writes_nothing_to_the_log(desk, kit, tmp_path):
    before = kit.log.refresh()
    path = case_table(tmp_path / "c.xlsx", case_row(case="A7"), case_row(case="A8", officers=""))
    said = desk("cases", "import", path, "--json")
    assert {key: said.json[key] for key in ("applied", "valid", "new", "changed", "unchanged")} == {
        "applied": False, "valid": 1, "new": 1, "changed": 0, "unchanged": 0,
    }  # fmt: skip
    assert said.json["rows"] == [{"row": 3, "reason": "没有执法证号"}]
    assert "未写入" in desk("cases", "import", path).out
    assert kit.log.refresh() == before


def test_a_second_import_says_unchanged(desk, kit):
    before = kit.log.refresh()
    said = asked(desk, "cases_import", "--apply", "--json")
    assert (said.json["new"], said.json["changed"], said.json["unchanged"]) == (0, 0, 3)
    assert kit.log.refresh() == before


def test_unknown_columns_of_a_case_table_are_reported(desk, tmp_path):
    path = book(tmp_path / "c.xlsx", 案件=[(*CASE_HEADER, "罚款"), (*case_row(), 200)])
    assert desk("cases", "import", path, "--json").json["unknown_columns"] == ["罚款"]
    assert "未识别的列（已忽略）：罚款" in desk("cases", "import", path).out
