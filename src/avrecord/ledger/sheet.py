"""The daily sheet: a page for printing and signing by hand, with the checkpoint as QR code and in hexadecimal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO

import segno
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

GROUP, PER_LINE = 4, 4  # digits in a group, groups in a line: what a person compares without losing the place


@dataclass(frozen=True, slots=True)
class DailySheet:
    """What stands on it. `facts` are rows of name and value; `signed` is the checkpoint as published."""

    title: str
    station: str
    station_id: str
    unit: str
    day: str
    printed: str
    facts: Sequence[tuple[str, str]]
    origin: str
    size: int
    root: bytes
    signed: str


def daily_html(sheet: DailySheet) -> str:
    """The page, whole: nothing is fetched from anywhere. Every value is escaped."""
    digits = sheet.root.hex()
    groups = [digits[at : at + GROUP] for at in range(0, len(digits), GROUP)]
    lines = [" ".join(groups[at : at + PER_LINE]) for at in range(0, len(groups), PER_LINE)]
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string(files("avrecord.ledger").joinpath("sheet", "daily.html").read_text("utf-8"))
    return template.render(
        title=sheet.title, station=sheet.station, station_id=sheet.station_id, unit=sheet.unit, day=sheet.day,
        printed=sheet.printed, facts=sheet.facts, origin=sheet.origin, size=sheet.size, root_lines=lines,
        typed=f"{sheet.origin} {sheet.size} {digits}", qr=Markup(qr_svg(sheet.signed)),  # noqa: S704 - our own drawing
    )  # fmt: skip


def qr_svg(text: str) -> str:
    """SVG of a QR code, error level M: it survives a fold and a coffee stain."""
    out = BytesIO()
    segno.make(text, error="m", encoding="utf-8", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=4
    )
    return out.getvalue().decode()
