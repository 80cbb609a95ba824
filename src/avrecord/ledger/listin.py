"""A bureau's own list → a proposal: an item for each row, with the words relied on and what was left."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from avrecord.errors import BadInput
from avrecord.ledger.listgrid import KIND, ListRow, ListSheet, read_list
from avrecord.ledger.listout import ABOUT, OTHER, method_words
from avrecord.ledger.read import read_table
from avrecord.model.checklist import Item, describes, spelled
from avrecord.model.proposal import Left, ListWords, Proposal, Proposed, Reason
from avrecord.rules.proposing import (
    is_optional,
    photographs_only,
    propose_means,
    propose_mode,
    propose_segments,
    propose_stages,
)
from avrecord.rules.terms import retention_of
from avrecord.words import LIST_FIELDS, MODES, SEGMENTS

FREE = ("stage", "record", "content", "begins", "ends", "method", "remarks")
"""Columns whose words propose segments."""
PLAIN = ("case_kind", "matter", "record", "place", "device", "recorded_by", "begins", "content", "ends", "category",
    "deadline", "storage_kind", "storage_place", "remarks")  # fmt: skip
DATE = re.compile(r"((?:19|20)\d\d)\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says of the list; what is empty is taken from the file, then from `today`."""

    name: str = ""
    unit: str = ""
    version: str = ""
    in_force_from: date | None = None


def read_proposal(
    path: Path, sheet: str | None, said: Said, words: ListWords, segments: Mapping[str, Any], today: date
) -> Proposal:
    """Read a list. Raises BadInput when it is none or gives no item; what gives no item is in `left`, row by row.

    `segments`: the tables of `segments.toml`.
    """
    found = read_list(path, sheet)
    items, left = _items(found, words, segments)
    if not items:
        raise BadInput(path=path, detail="表头以下没有读出任何事项")
    about = _about(path, found)
    dated = said.in_force_from or _day(about.get("施行日期", "")) or next(filter(None, map(_day, found.titles)), None) or today
    more = [Left(0, "另有工作表未读（用 --sheet 指明）", name) for name in found.other_sheets if name != ABOUT]
    return Proposal(
        name=said.name or about.get("名称") or _title(found) or path.stem,
        unit=said.unit or about.get("单位", ""),
        version=said.version or about.get("版本") or dated.isoformat(),
        in_force_from=dated,
        items=tuple(items),
        left=(*more, *sorted((*found.left, *left), key=lambda each: each.row)),
        columns=found.columns,
    )


def _items(found: ListSheet, words: ListWords, segments: Mapping[str, Any]) -> tuple[list[Proposed], list[Left]]:
    items: list[Proposed] = []
    left: list[Left] = []
    rows_of: dict[tuple[str, ...], int] = {}
    codes: set[str] = set()
    for row in found.rows:
        if not any(row.cells.get(name) for name in ("stage", "record", "matter")):
            left.append(Left(row.number, "没有执法环节、记录事项或执法事项", _whole(row)))
            continue
        made = _item(row, len(items) + 1, words, segments)
        if (key := describes(made.item)) in rows_of:
            left.append(Left(row.number, f"与第 {rows_of[key]} 行重复", _whole(row)))
            continue
        rows_of[key] = row.number
        made = replace(made, item=replace(made.item, code=_free(made.item.code, codes)))
        codes.add(made.item.code)
        items.append(made)
    return items, left


def _item(row: ListRow, n: int, words: ListWords, segments: Mapping[str, Any]) -> Proposed:
    cells, notes = _kind_of_matter(row.cells)
    stage, also, known = _stage(cells, words)
    if not known:
        notes.append(f"“{stage}”不是常见的环节名；案件表中如有别的叫法，请写入 also")
    means = propose_means(cells.get("method", ""), words)
    texts = {LIST_FIELDS[name]: cells.get(name, "") for name in FREE}
    method = LIST_FIELDS["method"]
    named = {LIST_FIELDS[name]: cells.get(name, "") for name in ("stage", "record", "matter", "place")}
    named[LIST_FIELDS["also"]] = " ".join(also)
    mode, why = propose_mode((method, cells.get("method", "")), texts, named, means, words)
    if why is None and "method" in cells and not cells["method"]:
        notes.append("没有写明记录方式，按关键环节处理")
    given, reasons, remarks = _segments(cells, texts, means, words, segments)
    retention, doubt = retention_of(cells.get("retention", ""))
    if "retention" in cells and doubt:
        notes.append(doubt)
    other = [f"{name}：{content}" for name, content in row.other]
    other += [part for part in cells.get("other", "").split(OTHER) if part]
    if cells.get("retention") and doubt:
        other.append(f"{LIST_FIELDS['retention']}：{cells['retention']}")
    written = {spelled(method_words(mode, means)), spelled(method_words(mode, means).removeprefix(MODES[mode]))}
    if cells.get("method") and spelled(cells["method"]) not in written:
        other.append(f"{method}：{cells['method']}")
    if optional := is_optional(cells.get("method", ""), words):
        notes.append(f"原表写“{optional}”，不是必须记录，请斟酌")
    if row.as_above:
        notes.append(f"{'、'.join(LIST_FIELDS[name] for name in row.as_above)}原为空格，按同上处理")
    item = Item(
        code=cells.get("code") or str(n), stage=stage, mode=mode, segments=given, retention=retention, also=also, means=means,
        other=tuple(dict.fromkeys(other)), **{name: cells.get(name, "") for name in PLAIN},
    )  # fmt: skip
    return Proposed(item, row.number, (*((why,) if why else ()), *reasons), (*notes, *remarks))


def _kind_of_matter(cells: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Lists without 执法类别 often write 行政处罚 under 执法事项: it is the kind then, and no matter."""
    found, matter = dict(cells), cells.get("matter", "")
    if not cells.get("case_kind") and KIND.fullmatch(matter):
        found |= {"case_kind": matter, "matter": ""}
        return found, [f"执法事项“{matter}”作为执法类别"]
    return found, []


def _stage(cells: Mapping[str, str], words: ListWords) -> tuple[str, tuple[str, ...], bool]:
    """The stage, the names that case tables have for it, and whether any of them is a usual one.

    A list without 环节 has it in 记录事项, else in 执法事项; which words there are a stage's is said by the word list.
    """
    named = [cells[name] for name in ("stage", "record", "matter", "case_kind") if cells.get(name)]
    stage = re.sub(r"\s+", "", named[0])
    if "also" in cells:
        return stage, tuple(part for part in cells["also"].split("、") if part), True
    found = next((found for text in named if (found := propose_stages(text, words))), ())
    return stage, tuple(name for name in found if spelled(name) != spelled(stage)), bool(found)


def _segments(
    cells: Mapping[str, str], texts: Mapping[str, str], means: tuple[str, ...], words: ListWords, segments: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[Reason, ...], list[str]]:
    """Segments with the words that led to them. A column 要件 says them outright, as an exported list does."""
    names = {table.get("name", code): code for code, table in segments.items()} | {name: code for code, name in SEGMENTS.items()}
    if "segments" in cells:
        parts = [part for part in re.split(r"[、，,；;\s]+", cells["segments"]) if part and part != "—"]
        unknown = [f"要件“{part}”不认识，未采用" for part in parts if part not in names and part not in segments]
        return tuple(dict.fromkeys(names.get(p, p) for p in parts if p in names or p in segments)), (), unknown
    asked, denied = propose_segments(texts, words)
    remarks = [f"“{reason.words}”在否定句中（{reason.column}），未作为要件" for reason in denied]
    found: dict[str, None] = {}
    for reason in asked:
        if photographs_only(means) and not _shown(segments.get(reason.proposes, {})):
            remarks.append(f"只拍照，听不到“{reason.words}”，未作为要件")
        else:
            found[reason.proposes] = None
    return tuple(found), tuple(reason for reason in asked if reason.proposes in found), remarks


def _shown(table: Mapping[str, Any]) -> bool:
    """Whether a segment can be seen at all, by a check or by a person."""
    proof = table.get("proof", ())
    return proof != "spoken" and list(proof) != ["spoken"]


def _about(path: Path, found: ListSheet) -> dict[str, str]:
    """What an exported workbook says of itself on its second sheet."""
    if ABOUT not in found.other_sheets:
        return {}
    rows = read_table(path, {"what": ("项目",), "value": ("内容",)}, ("what", "value"), ABOUT).rows
    return {str(row["what"]).strip(): str(row["value"]).strip() for _, row in rows}


def _title(found: ListSheet) -> str:
    """The title above the header: the first line that says 清单, else the first."""
    titles = [re.sub(r"\s+", "", title) for title in found.titles]
    return next((title for title in titles if "清单" in title), titles[0] if titles else "")


def _day(words: str) -> date | None:
    plain = unicodedata.normalize("NFKC", words)
    try:
        if match := DATE.search(plain):
            return date(int(match[1]), int(match[2]), int(match[3]))
        return date.fromisoformat(plain[:10])
    except ValueError:
        return None


def _free(code: str, taken: set[str]) -> str:
    """`3`, `3-2`, `3-3` … where one number stands for several rows."""
    n, free = 1, code
    while free in taken:
        n += 1
        free = f"{code}-{n}"
    return free


def _whole(row: ListRow) -> str:
    return " ".join(dict.fromkeys(words for words in (*row.cells.values(), *(content for _, content in row.other)) if words))
