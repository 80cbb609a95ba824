"""Bars as SVG, drawn here: a plot that prints, needs no library, and says every number beside its bar.

Colours: one dark blue on a light track (contrast 7.6 to 1 on white, told apart without colour sight, black on a copier).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, MARGIN, LABEL, NUMBERS = 900, 28, 92, 210
ROW, BAR, TITLE, PANEL_TITLE, FOOT = 24, 15, 54, 40, 18
INK, QUIET, FILL, TRACK, LINE = "#1b2733", "#4a5866", "#1f5a93", "#e8edf2", "#c3ccd5"
FONT = "'Noto Sans CJK SC','Source Han Sans SC','WenQuanYi Zen Hei','Microsoft YaHei','PingFang SC',sans-serif"
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
PER_LINE = 66  # Chinese characters of a note across the picture


@dataclass(frozen=True, slots=True)
class Bar:
    """`value` from 0 to 1, None where there is none; `said` is the number as it stands beside the bar."""

    label: str
    value: float | None
    said: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One group of bars under a title of its own, all panels on the same scale from 0 to 100 %."""

    title: str
    bars: Sequence[Bar]


def bars_svg(title: str, panels: Sequence[Panel], notes: Sequence[str] = ()) -> str:
    """The picture as text. The axis begins at 0: a bar is as long as its number is large."""
    lines = [line for note in notes for line in _wrapped(note)]
    y = float(TITLE)
    drawn = []
    for panel in panels:
        drawn.append(_panel(panel, y))
        y += PANEL_TITLE + ROW * len(panel.bars) + 30
    height = round(y + FOOT * len(lines) + 12)
    foot = "".join(_text(MARGIN, y + FOOT * n + 8, line, 12, QUIET) for n, line in enumerate(lines))
    said = "；".join(f"{panel.title}：{'，'.join(f'{bar.label} {bar.said}' for bar in panel.bars)}" for panel in panels)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'role="img" font-family="{FONT}"><title>{_clean(title)}</title><desc>{_clean(said)}</desc>'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
        f"{_text(MARGIN, 34, title, 19, INK, bold=True)}{''.join(drawn)}{foot}</svg>\n"
    )


def _panel(panel: Panel, top: float) -> str:
    left, right = MARGIN + LABEL, WIDTH - MARGIN - NUMBERS
    first = top + PANEL_TITLE - 12
    bottom = first + ROW * len(panel.bars)
    parts = [_text(MARGIN, top + 16, panel.title, 14, INK, bold=True)]
    for tick in TICKS:
        x = left + (right - left) * tick
        parts.append(f'<line x1="{x:.1f}" y1="{first:.1f}" x2="{x:.1f}" y2="{bottom:.1f}" stroke="{LINE}"/>')
        parts.append(_text(x, bottom + 15, f"{tick:.0%}", 11, QUIET, "middle"))
    for n, bar in enumerate(panel.bars):
        y = first + ROW * n + (ROW - BAR) / 2
        parts.append(_text(left - 8, y + BAR - 3, bar.label, 12, INK, "end"))
        if bar.value is not None:
            long = (right - left) * min(1.0, max(0.0, bar.value))
            parts.append(f'<rect x="{left}" y="{y:.1f}" width="{right - left}" height="{BAR}" fill="{TRACK}"/>')
            parts.append(f'<rect x="{left}" y="{y:.1f}" width="{long:.1f}" height="{BAR}" fill="{FILL}"/>')
        parts.append(_text(right + 10, y + BAR - 3, bar.said, 12, INK if bar.value is not None else QUIET))
    return "".join(parts)


def _text(x: float, y: float, text: str, size: int, colour: str, anchor: str = "start", *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}"{weight}>{_clean(text)}</text>'
    )


def _clean(text: str) -> str:
    """Escaped, and without what XML forbids: a unit's name comes from a workbook."""
    return escape(
        "".join(c if c >= " " and c not in "\ufffe\uffff" and not "\ud800" <= c <= "\udfff" else "\ufffd" for c in text)
    )


def _wrapped(note: str) -> list[str]:
    """Lines of the picture's width; none begins with a mark that belongs to the line before."""
    lines = [""]
    for character in note:
        if len(lines[-1]) >= PER_LINE and character not in "，。；：、）":
            lines.append("")
        lines[-1] += character
    return lines
