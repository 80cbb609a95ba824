"""Bars drawn by hand: as long as their numbers, every number beside its bar, and nothing that a name can break."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from avrecord.ledger.chart import FILL, TRACK, Bar, Panel, bars_svg

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*bars: Bar, title="东湖大队", notes=()) -> ET.Element:
    return ET.fromstring(bars_svg("设备完好率", [Panel(title, bars)], notes))


def widths(picture: ET.Element, fill: str) -> list[float]:
    return [float(rect.get("width", "")) for rect in picture.iter(f"{SVG}rect") if rect.get("fill") == fill]


def words(picture: ET.Element) -> list[str]:
    return [text.text or "" for text in picture.iter(f"{SVG}text")]


@pytest.mark.parametrize("value", [0.0, 0.25, 0.944, 1.0])
def test_a_bar_is_as_long_as_its_number(value):
    picture = drawn(Bar("2026-11", value, "x"))
    (bar,), (track,) = widths(picture, FILL), widths(picture, TRACK)
    assert bar / track == pytest.approx(value, abs=0.001)


def test_every_number_stands_beside_its_bar_and_in_the_description_for_those_who_do_not_see():
    picture = drawn(Bar("2026-10", 0.5, "50.0%（1/2 台日）"), Bar("2026-11", 1.0, "100.0%"))
    assert {"2026-10", "50.0%（1/2 台日）", "2026-11", "100.0%"} <= set(words(picture))
    assert "2026-10 50.0%" in (picture.findtext(f"{SVG}desc") or "")


def test_where_there_is_no_value_there_is_no_bar_and_it_is_said():
    picture = drawn(Bar("2026-11", None, "没有在用设备"))
    assert (widths(picture, FILL), "没有在用设备" in words(picture)) == ([], True)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a&b", '"', "\x00\x1b[31m", "\ud800", "\uffff", "]]>"])
def test_a_units_name_from_a_workbook_breaks_nothing(name):
    picture = drawn(Bar(name, 1.0, name), title=name, notes=[name])
    assert not list(picture.iter(f"{SVG}script"))


def test_no_line_of_a_note_begins_with_a_mark_of_the_one_before():
    lines = words(drawn(notes=["字" * 66 + "。后面还有话，" * 20]))
    assert not [line for line in lines if line[:1] in "，。；" and line]


def test_nothing_stands_outside_of_the_picture():
    picture = drawn(*(Bar(f"2026-{n:02d}", 0.9, "90.0%") for n in range(1, 13)), notes=["字" * 300])
    height = float(picture.get("height", ""))
    assert max(float(text.get("y", "")) for text in picture.iter(f"{SVG}text")) < height
