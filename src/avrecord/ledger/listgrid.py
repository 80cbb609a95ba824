"""The sheet of a bureau's own list → its rows: header found, merged and blank cells filled, the rest told apart.

Blank means "as above" only in the columns that group rows (执法类别, 执法事项, 环节) and only as far as no column to
the left begins something new; elsewhere only where the cells are really merged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from avrecord.errors import BadInput
from avrecord.ledger.grid import Block, Cells, Grid, read_grid
from avrecord.ledger.read import text
from avrecord.model.checklist import spelled
from avrecord.model.proposal import Left

ALIASES: Mapping[str, Sequence[str]] = {
    "code": ("编号", "序号", "事项编号", "事项编码"),
    "case_kind": ("执法类别", "类别", "执法类型", "行政执法类别", "执法行为类别"),
    "matter": ("执法事项", "执法项目", "事项", "行政执法事项", "事项名称"),
    "stage": ("执法环节", "记录环节", "关键环节", "环节", "执法程序", "记录节点", "执法阶段"),
    "also": ("环节别名",),
    "record": ("记录事项", "音像记录事项", "记录项目"),
    "place": ("记录场所", "记录场合", "执法场所", "记录地点", "执法场合", "场所"),
    "method": ("记录方式", "音像记录方式", "执法记录方式", "记录形式"),
    "device": ("记录载体", "记录设备", "设备", "载体", "记录载体/设备", "使用设备"),
    "recorded_by": ("记录人", "记录人员", "执法记录人", "记录主体"),
    "begins": ("开始记录时间", "记录开始时间", "记录起始时间", "记录时间开始", "记录时间起", "起始时间", "开始时间"),
    "content": ("记录内容", "记录过程", "记录要求", "记录内容及要求", "音像记录内容"),
    "ends": ("结束记录时间", "记录结束时间", "记录终止时间", "记录时间结束", "记录时间止", "终止时间", "结束时间"),
    "segments": ("要件",),
    "category": ("执法记录类别", "记录类别"),
    "deadline": ("执法时限要求", "执法时限", "时限要求", "执法时限/要求", "时限"),
    "storage_kind": ("存储类别", "资料类别", "保存类别"),
    "storage_place": ("存储位置", "保存位置", "存储地点", "保存地点"),
    "retention": ("存储期限", "保管期限", "保存期限", "存储时间", "保存时间", "存储时限"),
    "remarks": ("备注",),
    "other": ("其他",),
}
CARRIED = ("case_kind", "matter", "stage")
NAMING = ("stage", "record", "matter")
NOTHING = ("—", "——", "-", "/", "不限", "无")  # said to be empty, not left blank
HEADER_WITHIN = 15  # rows; titles, the unit and a date stand above
NOTE = re.compile(r"\s*(注|备注|说明|填表|制表|附[注件：:]|联系|审核|单位[（(盖：:])")
HEADING = re.compile(
    r"\s*([一二三四五六七八九十]+\s*[、.．]|[（(][一二三四五六七八九十]+[)）]|第[一二三四五六七八九十]+[部章类])"
)
DAY = re.compile(r"\s*(19|20)\d\d\s*年\s*\d{1,2}\s*月(\s*\d{1,2}\s*日)?\s*")
KIND = re.compile(r"行政(检查|处罚|许可|强制|征收|征用|给付|确认|裁决)")


@dataclass(frozen=True, slots=True)
class ListRow:
    """One row: our field → its words; fields that were blank and are as above; columns without a word of ours."""

    number: int
    cells: dict[str, str]
    as_above: tuple[str, ...] = ()
    other: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ListSheet:
    """Rows that may give items, what gives none with its reason, the titles above, and the header as it was understood."""

    rows: tuple[ListRow, ...]
    left: tuple[Left, ...]
    titles: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    other_sheets: tuple[str, ...] = ()


@dataclass(slots=True)
class _Header:
    first: int
    last: int
    columns: dict[int, str]
    shown: dict[int, str] = field(default_factory=dict)


def read_list(path: Path, sheet: str | None = None) -> ListSheet:
    """Read one sheet of a list. Raises BadInput when no row looks like its header."""
    grid = read_grid(path, sheet)
    header = _header(grid, path)
    titles = [text(cell) for row in grid.cells[: header.first] for cell in row if text(cell)]
    rows, left = _body(grid, header)
    unknown = [name for n, name in sorted(header.shown.items()) if n not in header.columns]
    left = [
        *(Left(0, "未识别的列，内容保留在各项的“其他”中", name) for name in unknown),
        *(Left(0, "表头以上的文字，未作为事项", title) for title in titles),
        *left,
    ]
    columns = tuple((name, header.columns.get(n, "")) for n, name in sorted(header.shown.items()))
    return ListSheet(tuple(rows), tuple(left), tuple(titles), columns, grid.other_sheets)


def _header(grid: Grid, path: Path) -> _Header:
    """The row, or the two rows, in which most columns are known. One row is preferred where two say no more."""
    wanted = {spelled(alias): name for name, texts in ALIASES.items() for alias in texts}
    best, rank = _Header(0, -1, {}), (0, 0)
    for at in range(min(HEADER_WITHIN, len(grid.cells))):
        for depth in (1, 2):
            found = _header_at(grid, at, depth, wanted)
            if found and _rank(found, depth) > rank:
                best, rank = found, _rank(found, depth)
    if not set(NAMING) & set(best.columns.values()) or len(best.columns) < 2:
        seen = "、".join(dict.fromkeys(text(cell) for row in grid.cells[:5] for cell in row if text(cell)))[:80]
        detail = f"没有找到清单的表头（至少要有“执法环节”“记录事项”“执法事项”之一和另一列）；前几行是：{seen or '空'}"
        raise BadInput(path=path, detail=detail)
    return best


def _rank(found: _Header, depth: int) -> tuple[int, int]:
    """More known columns are better; of equals the header of one line, which has no title in its names."""
    return len(found.columns), -depth


def _header_at(grid: Grid, at: int, depth: int, wanted: dict[str, str]) -> _Header | None:
    if at + depth > len(grid.cells):
        return None
    width = max(map(len, grid.cells))
    shown = {n: names[0] for n in range(width) if (names := _header_names(grid, at, depth, n))}
    columns: dict[int, str] = {}
    for n in shown:
        for name in _header_names(grid, at, depth, n):
            field_name = wanted.get(spelled(name))
            if field_name and field_name not in columns.values():  # of two columns of one meaning the first counts
                columns[n] = field_name
                break
    last = max([at + depth - 1, *(bottom for top, left, bottom, _ in grid.merged if top == at and left in columns)])
    return _Header(at, last, columns, shown)


def _header_names(grid: Grid, at: int, depth: int, n: int) -> list[str]:
    """What a column may be called. In a header of two lines 记录时间 stands over 开始 and 结束, merged or blank beside."""
    if depth == 1:
        return [name for name in [_at(grid.cells, at, n)] if name]
    above, below = _at(grid.cells, at, n) or _spread(grid, at, n), _at(grid.cells, at + 1, n)
    if not below:
        return [above] if above and _at(grid.cells, at, n) else []
    return [above + below, below, above] if above else [below]


def _spread(grid: Grid, at: int, n: int) -> str:
    """The text of the merged cell that covers this one; of the next filled cell to the left where none is merged in this row."""
    for top, left, bottom, right in grid.merged:
        if top <= at <= bottom and left <= n <= right:
            return _at(grid.cells, top, left)
    if any(top <= at <= bottom for top, _, bottom, _ in grid.merged):
        return ""
    return next((found for k in range(n - 1, -1, -1) if (found := _at(grid.cells, at, k))), "")


def _body(grid: Grid, header: _Header) -> tuple[list[ListRow], list[Left]]:
    filled = _filled(grid, header.last)
    above: dict[str, str] = {}
    kind_of_section = ""
    rows, left = [], []
    for at in range(header.last + 1, len(grid.cells)):
        own = {n: words for n, cell in enumerate(grid.cells[at]) if (words := _words(cell, header.columns.get(n, "")))}
        if not own:
            continue
        reason = _no_item(own, header, _wide(grid.merged, at))
        if reason:
            kind = KIND.search(spelled(next(iter(own.values()))))
            if reason == "小标题" and kind and "case_kind" not in header.columns.values():
                kind_of_section, reason = kind.group(), f"小标题，作为以下各行的执法类别：{kind.group()}"
            left.append(Left(at + 1, reason, " ".join(own.values())))
            continue
        row = _row(at, filled[at], header, above)
        if kind_of_section:
            row.cells["case_kind"] = kind_of_section
        rows.append(row)
    return rows, left


def _no_item(own: dict[int, str], header: _Header, wide: bool) -> str | None:
    """Why a row is none of the list, going by what stands in it and is not merged into it from above."""
    first = next(iter(own.values()))
    fields = {header.columns.get(n, "") for n in own}
    if sum(spelled(words) == spelled(header.shown.get(n, "")) for n, words in own.items()) >= max(2, len(own) - 1):
        return "重复的表头"
    if len(own) == 1 and NOTE.match(first):
        return "注释"
    if len(own) == 1 and DAY.fullmatch(first):
        return "日期"
    alone = len(own) == 1 and (wide or fields <= {"code", "case_kind", ""})
    if alone and HEADING.match(first):
        return "小标题"
    if len(own) == 1 and KIND.fullmatch(spelled(first)) and (wide or fields <= {"code", ""}):
        return "小标题"
    if len(own) == 1 and wide:
        return "横跨各列的文字，未作为事项"
    if fields <= {"code"}:
        return "只有序号" if re.fullmatch(r"\d+", first) else "没有事项的文字"
    return "只有备注" if fields <= {"code", "remarks"} else None


def _row(at: int, cells: Sequence[object], header: _Header, above: dict[str, str]) -> ListRow:
    """One row with what is as above; `above` is brought up to date."""
    found = {name: _words(cells[n], name) if n < len(cells) else "" for n, name in header.columns.items()}
    as_above = []
    fresh = False
    for name in (name for name in header.columns.values() if name in CARRIED):
        if found[name] in NOTHING:
            found[name], fresh = "", fresh or bool(above.pop(name, ""))
        elif found[name]:
            fresh = fresh or found[name] != above.get(name)
            above[name] = found[name]
        elif fresh:
            above.pop(name, None)  # a new group to the left: what stood here belongs to the group before
        elif above.get(name):
            found[name] = above[name]
            as_above.append(name)
    other = [
        (name, words)
        for n, name in sorted(header.shown.items())
        if n not in header.columns and n < len(cells) and (words := text(cells[n]))
    ]
    beyond = [("无列名", words) for n, cell in enumerate(cells) if n not in header.shown and (words := text(cell))]
    return ListRow(at + 1, found, tuple(as_above), (*other, *beyond))


def _filled(grid: Grid, after: int) -> Cells:
    """The cells with each merged block's words in all its rows. Across columns they stay where they stand."""
    cells = [list(row) for row in grid.cells]
    for top, left, bottom, _ in grid.merged:
        if top <= after or bottom == top:
            continue
        for at in range(top + 1, min(bottom, len(cells) - 1) + 1):
            cells[at].extend([""] * (left + 1 - len(cells[at])))
            cells[at][left] = cells[top][left]
    return cells


def _wide(merged: Sequence[Block], at: int) -> bool:
    """Whether a cell of this row runs over three columns or more: a heading or a note."""
    return any(top <= at <= bottom and right - left >= 2 for top, left, bottom, right in merged)


def _at(cells: Cells, at: int, n: int) -> str:
    return text(cells[at][n]) if n < len(cells[at]) else ""


def _words(cell: object, name: str) -> str:
    """A cell's words: those that group rows without inner spaces and with full-width punctuation."""
    words = text(cell)
    if name not in CARRIED:
        return words
    return re.sub(r"\s+", "", words).translate(str.maketrans(",;:()", "，；：（）"))
