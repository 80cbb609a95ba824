"""《音像记录事项清单》 from a TOML file (`config/checklists/`)."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Any

from avrecord.errors import BadInput
from avrecord.model.checklist import Checklist, Item, Mode
from avrecord.words import SEGMENTS


def read_checklist(path: Path, own: Collection[str] = ()) -> Checklist:
    """Read one version of the list. Raises BadInput naming what is wrong: nothing is guessed.

    `own`: segments that the bureau added in `segments.toml`.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        checklist = Checklist(
            name=str(table["name"]),
            unit=str(table.get("unit", "")),
            version=str(table["version"]),
            in_force_from=_date(table["in_force_from"]),
            items=tuple(_item(row, own) for row in table["item"]),
        )
    except FileNotFoundError as error:
        raise BadInput(path=path, detail="文件不存在") from error
    except KeyError as error:
        raise BadInput(path=path, detail=f"缺少 {error.args[0]}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError, TypeError) as error:
        raise BadInput(path=path, detail=str(error)) from error
    doubled = [key for key, n in Counter((i.case_kind, i.stage) for i in checklist.items).items() if n > 1]
    if doubled:
        raise BadInput(path=path, detail=f"事项重复：{doubled[0][0]} {doubled[0][1]}")
    return checklist


def _item(row: dict[str, Any], own: Collection[str]) -> Item:
    unknown = [segment for segment in row["segments"] if segment not in SEGMENTS and segment not in own]
    if unknown:
        raise ValueError(f"不认识的要件：{'、'.join(unknown)}")
    if row["mode"] not in set(Mode):
        raise ValueError(f"记录方式只能是 whole（全程）或 key（关键环节）：{row['mode']}")
    return Item(
        code=str(row["code"]),
        case_kind=str(row.get("case_kind", "")),
        stage=str(row["stage"]),
        mode=Mode(row["mode"]),
        segments=tuple(row["segments"]),
        retention=str(row.get("retention", "case")),
        remarks=str(row.get("remarks", "")),
    )


def _date(value: Any) -> date:
    if type(value) is not date:  # a datetime is a date, too, and would not be read back
        raise TypeError(f"in_force_from 应为日期：{value}")
    return value
