"""《音像记录事项清单》 from a TOML file: a version as it is adopted, or a proposal that a person has still to confirm."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from avrecord.errors import BadInput
from avrecord.model.checklist import LATER, LISTS, Checklist, Item, Mode, describes
from avrecord.rules.proposing import photographs_only
from avrecord.rules.terms import RETENTION
from avrecord.words import MEANS, SEGMENTS

HEAD = {"name", "unit", "version", "in_force_from", "item", "source", "source_sha256"}
REMARKS = {"confirmed", "row", "proposed_from", "look_at"}
"""What a proposal says beside an item; no part of the list."""
LONGEST = 8_000  # characters in a field; a workbook's cell holds 32,767


@dataclass(frozen=True, slots=True)
class Draft:
    """A file's list, the items that nobody has confirmed, and the workbook that a proposal was read from."""

    checklist: Checklist
    unconfirmed: tuple[str, ...]
    source: Path | None
    source_sha256: str | None


def read_checklist(path: Path, own: Collection[str] = ()) -> Checklist:
    """Read one version of the list. Raises BadInput naming what is wrong: nothing is guessed.

    `own`: segments that the bureau added in `segments.toml`.
    """
    return read_draft(path, own).checklist


def read_draft(path: Path, own: Collection[str] = ()) -> Draft:
    """Read a list or a proposal. An item without the key `confirmed` was written by a person and is confirmed."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        if unknown := sorted(table.keys() - HEAD):
            raise ValueError(f"不认识的项：{unknown[0]}")
        checklist = Checklist(
            name=str(table["name"]),
            unit=str(table.get("unit", "")),
            version=str(table["version"]),
            in_force_from=_date(table["in_force_from"]),
            items=tuple(_item(row, own) for row in table["item"]),
        )
        waiting = tuple(f"{row['code']} {row['stage']}" for row in table["item"] if row.get("confirmed", True) is not True)
        source = path.parent / str(table["source"]) if "source" in table else None
    except FileNotFoundError as error:
        raise BadInput(path=path, detail="文件不存在") from error
    except KeyError as error:
        raise BadInput(path=path, detail=f"缺少 {error.args[0]}") from error
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError, TypeError, AttributeError) as error:
        raise BadInput(path=path, detail=str(error)) from error
    kept = Counter(map(describes, checklist.items))
    if doubled := [item for item in checklist.items if kept[describes(item)] > 1]:
        raise BadInput(path=path, detail=f"事项重复：{doubled[0].case_kind} {doubled[0].stage}")
    return Draft(checklist, waiting, source, table.get("source_sha256"))


def _item(row: dict[str, Any], own: Collection[str]) -> Item:
    unknown = [segment for segment in row["segments"] if segment not in SEGMENTS and segment not in own]
    if unknown:
        raise ValueError(f"不认识的要件：{'、'.join(unknown)}")
    if row["mode"] not in set(Mode):
        raise ValueError(f"记录方式只能是 whole（全程）或 key（关键环节）：{row['mode']}")
    if strange := sorted(row.keys() - set(Item.__dataclass_fields__) - REMARKS):
        raise ValueError(f"事项 {row['code']} 中有不认识的项：{strange[0]}")
    later: dict[str, Any] = {name: _listed(name, row[name]) if name in LISTS else str(row[name]) for name in LATER if name in row}
    item = Item(
        code=str(row["code"]),
        case_kind=str(row.get("case_kind", "")),
        stage=str(row["stage"]),
        mode=Mode(row["mode"]),
        segments=tuple(row["segments"]),
        retention=str(row.get("retention", "case")),
        remarks=str(row.get("remarks", "")),
        **later,
    )
    if wrong := _wrong(item):
        raise ValueError(f"事项 {item.code}：{wrong}")
    return item


def _wrong(item: Item) -> str:
    """Why an item cannot be held to, or nothing."""
    parts = [part for each in item.means for part in each.split("+")]
    if strange := [part for part in parts if part not in MEANS]:
        return f"记录方式 means 只能由 {'、'.join(MEANS)} 组成：{strange[0]}"
    if any(len(set(each.split("+"))) < len(each.split("+")) for each in item.means) or len(set(item.means)) < len(item.means):
        return "记录方式 means 有重复"
    if item.mode is Mode.WHOLE and photographs_only(item.means):
        return "只拍照的事项不能要求全程"
    if not RETENTION.fullmatch(item.retention):
        return f"保管期限只能是 case、permanent、2y、6m 这样的写法：{item.retention}"
    if any(re.search(r"[、\s]|^$", name) for name in item.also):
        return "环节别名 also 中不能有顿号和空格，每个别名各写一项"
    if any("‖" in part for part in item.other):
        return "other 中不能有“‖”"
    longest = max(len(str(getattr(item, name))) for name in Item.__dataclass_fields__)
    return f"有一项超过 {LONGEST} 个字" if longest > LONGEST else ""


def _listed(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise TypeError(f"{name} 应为文字的列表：{value}")
    return tuple(value)


def _date(value: Any) -> date:
    if type(value) is not date:  # a datetime is a date, too, and would not be read back
        raise TypeError(f"in_force_from 应为日期：{value}")
    return value
