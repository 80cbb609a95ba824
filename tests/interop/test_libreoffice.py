"""What we write, as another program reads it: LibreOffice opens each workbook and page and finds what we meant."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from openpyxl import load_workbook

from cli.desk import CASE, EAST, PLAN, Desk, filmed_day
from ledger.test_templates import template

OFFICE = shutil.which("soffice")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(OFFICE is None, reason="!!! LibreOffice is not installed: nobody else opened our workbooks !!!"),
]
ODD_PLAN = tuple(word.replace("送达时", "=送达时") for word in PLAN)


@pytest.fixture
def desk(kit, dcam, dock, tmp_path, monkeypatch, capsys) -> Desk:
    """Two filmed stages, a problem whose words begin like a formula, a case number that looks like one."""
    made = Desk(kit.root, monkeypatch, capsys)
    filmed_day(made, kit, dcam, dock, tmp_path, seen=["id_shown"])
    odd = tmp_path / "b.csv"
    head = "案号,执法类别,执法环节,执法单位,执法证号,开始时间,结束时间"
    odd.write_text(f"{head}\n=1+1〔2026〕9号,行政处罚,直接送达,{EAST},FY2,2026-11-16 14:00,2026-11-16 14:10\n", "utf-8")
    assert made("cases", "import", odd, "--apply").code == 0
    made("rectify", "open", CASE, "直接送达", "notice_given", *ODD_PLAN, "--by", "FY9")
    return made


def converted(path: Path, to: str) -> Path:
    """The file as LibreOffice writes it again, from a profile of its own so that tests may run beside each other."""
    out = path.parent / "again"
    profile = f"-env:UserInstallation=file://{path.parent / 'profile'}"
    done = subprocess.run(
        [str(OFFICE), profile, "--headless", "--convert-to", to, "--outdir", str(out), str(path)],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    found = out / f"{path.stem}.{to.partition(':')[0]}"
    assert found.exists(), done.stdout + done.stderr
    return found


@pytest.mark.parametrize("name", ["missing", "ledger", "template", "report", "statistics"])
def test_every_cell_is_what_we_wrote_and_no_formula_ran(desk, tmp_path, name):
    out = tmp_path / f"{name}.xlsx"
    commands = {
        "missing": ["cases", "missing", "--xlsx", out],
        "ledger": ["audit", "ledger", "--out", out],
        "template": ["audit", "ledger", "--out", out, "--template", template(tmp_path)],
        "report": ["audit", "report", "--xlsx", out],
        "statistics": ["audit", "statistics", "--month", "2026-11", "--xlsx", out],
    }
    assert desk(*commands[name]).code in (0, 10)
    again = load_workbook(converted(out, "xlsx"))
    ours = load_workbook(out)
    assert again.sheetnames == ours.sheetnames
    for page in ours.worksheets:
        for row in page.iter_rows():
            for cell in row:
                theirs = again[page.title][cell.coordinate]
                if isinstance(cell.value, float):
                    assert theirs.value == pytest.approx(cell.value), f"{page.title}!{cell.coordinate}"
                elif cell.value not in (None, ""):
                    assert str(theirs.value) == str(cell.value), f"{page.title}!{cell.coordinate}"
                assert theirs.data_type != "f", f"{page.title}!{cell.coordinate} became a formula"
        if page.page_setup.orientation:
            assert again[page.title].page_setup.orientation == page.page_setup.orientation
    if name != "statistics":
        words = "=送达时未告知" if name == "report" else "=1+1〔2026〕9号"
        assert any(words in str(cell.value) for page in again.worksheets for row in page.iter_rows() for cell in row)


def test_a_sheet_prints_on_one_page_width_with_its_title_on_each(desk, tmp_path):
    out = tmp_path / "台账.xlsx"
    desk("audit", "ledger", "--out", out)
    again = load_workbook(converted(out, "xlsx"))
    page = again.worksheets[0]
    assert page.sheet_properties.pageSetUpPr.fitToPage
    assert page.page_setup.fitToWidth == 1
    assert page.print_title_rows in ("$2:$2", "2:2", "$1:$2")
    assert converted(out, "pdf").stat().st_size > 5000


def test_the_page_for_legal_review_opens_as_a_document(desk, tmp_path):
    if not list(Path(str(OFFICE)).resolve().parent.glob("libswlo*")):
        pytest.skip("!!! LibreOffice Writer is not installed: nobody else opened the page !!!")
    desk("cases", "opinion", CASE, "--out", tmp_path / "意见.docx")
    words = converted(tmp_path / "意见.docx", "txt:Text (encoded):UTF8").read_text("utf-8")
    assert "音像记录核查意见" in words
    assert EAST in words
    assert "告知抽检未见" in words
