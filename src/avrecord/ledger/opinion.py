"""《音像记录核查意见》: the page that legal review (法制审核) gets for a case, as docx to edit and sign and as HTML to print."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.image.exceptions import UnrecognizedImageError
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from jinja2 import Environment, StrictUndefined

from avrecord.errors import CannotWrite
from avrecord.ledger.cleaning import clean

HEAD = ("环节", "清单要求", "录像", "要件与依据")
WIDTHS_CM = (2.6, 2.9, 4.3, 8.2)
FONT = "宋体"


@dataclass(frozen=True, slots=True)
class Picture:
    """An evidence frame (JPEG) with what it shows."""

    content: bytes
    caption: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """What stands on the page. `rows` have the columns of `HEAD`; `findings` are sentences, in order."""

    title: str
    facts: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[str]]
    findings: Sequence[str]
    pictures: Sequence[Picture]
    footer: Sequence[str]


SIGNED = ("核查人（签字）", "法制审核意见", "日期")


def opinion_html(found: Opinion) -> str:
    """The page, whole: nothing is fetched from anywhere. Every value is escaped."""
    template = files("avrecord.ledger").joinpath("sheet", "opinion.html").read_text("utf-8")
    pictures = [(base64.b64encode(each.content).decode(), each.caption) for each in found.pictures]
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    return environment.from_string(template).render(
        title=found.title, facts=found.facts, head=HEAD, rows=found.rows, findings=found.findings, pictures=pictures,
        signed=SIGNED, footer=found.footer,
    ).encode("utf-8", "replace").decode()  # fmt: skip


def write_docx(found: Opinion, out: Path) -> None:
    """The page for a word processor: A4, one page for a case of ordinary size. Raises CannotWrite."""
    document = Document()
    section = document.sections[0]
    section.orientation, section.page_width, section.page_height = WD_ORIENT.PORTRAIT, Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(1.5)
    section.top_margin = section.bottom_margin = Cm(1.4)
    style: Any = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(9.5)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    style.paragraph_format.space_after = Pt(2)
    _line(document, found.title, Pt(16), bold=True, middle=True)
    _table(document, [(name, value) for name, value in found.facts], (3.2, 14.8), head=False)
    _line(document, "", Pt(4))
    _table(document, [HEAD, *found.rows], WIDTHS_CM, head=True)
    _line(document, "核查情况", Pt(10.5), bold=True)
    for n, sentence in enumerate(found.findings, 1):
        _line(document, f"{n}. {sentence}" if len(found.findings) > 1 else sentence)
    if found.pictures:
        _pictures(document, found.pictures)
    _line(document, "", Pt(4))
    _table(document, [SIGNED, ("\n\n", "", "")], (6, 8, 4), head=False)
    for text in found.footer:
        _line(document, text, Pt(7.5))
    try:
        document.save(str(out))
    except OSError as error:
        raise CannotWrite(path=out, detail="目录不存在，或没有写权限") from error


def _line(where: Any, text: str, size: Any = None, *, bold: bool = False, middle: bool = False) -> None:
    paragraph = where.add_paragraph()
    run = paragraph.add_run(clean(text))
    run.bold = bold
    if size is not None:
        run.font.size = size
    if middle:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _table(document: Any, rows: Sequence[Sequence[str]], widths_cm: Sequence[float], *, head: bool) -> None:
    table = document.add_table(rows=0, cols=len(widths_cm))
    table.style, table.autofit = "Table Grid", False
    for column, width in zip(table.columns, widths_cm, strict=True):  # LibreOffice goes by the grid, Word by the cells
        column.width = Cm(width)
    for n, row in enumerate(rows):
        for cell, text, width in zip(table.add_row().cells, row, widths_cm, strict=True):
            cell.width = Cm(width)
            cell.paragraphs[0].paragraph_format.space_after = Pt(0)
            run = cell.paragraphs[0].add_run(clean(text))
            run.font.size = Pt(9)
            run.bold = head and n == 0


def _pictures(document: Any, pictures: Sequence[Picture]) -> None:
    table = document.add_table(rows=1, cols=len(pictures))
    for cell, each in zip(table.rows[0].cells, pictures, strict=True):
        with suppress(UnrecognizedImageError, ValueError, KeyError):  # the words and the clip say it without the picture
            cell.paragraphs[0].add_run().add_picture(io.BytesIO(each.content), width=Cm(min(4.3, 17.5 / len(pictures))))
        run = cell.add_paragraph().add_run(clean(each.caption))
        run.font.size = Pt(7.5)
