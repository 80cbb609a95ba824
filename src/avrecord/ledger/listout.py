"""A version of the list as a workbook in the columns of real lists, which `listin` reads back unchanged."""

from __future__ import annotations

from collections.abc import Sequence

from avrecord.ledger.write import Sheet
from avrecord.model.checklist import Checklist, Item, Mode
from avrecord.rules.terms import retention_words
from avrecord.words import LIST_FIELDS, MEANS, MODES

ABOUT = "清单信息"
OTHER = " ‖ "  # between the parts of 其他: a sign that nobody types
WIDTHS = {"code": 4, "record": 9, "content": 18, "remarks": 16, "also": 6, "segments": 9, "stage": 7, "other": 8}
USUAL = 6


def list_sheets(found: Checklist, names: dict[str, str], footer: Sequence[str]) -> list[Sheet]:
    """The list and what is said of it. `names`: segment code → its Chinese name.

    A column that says nothing in any row is left out, but for those without which it would be no list.
    """
    rows = [_cells(item, names) for item in found.items]
    needed = {"code", "case_kind", "stage", "method", "segments", "also", "retention"}
    columns = [name for name in LIST_FIELDS if name in needed or any(row[name] not in ("", "—") for row in rows)]
    head = [(LIST_FIELDS[name], float(WIDTHS.get(name, USUAL))) for name in columns]
    table = Sheet("音像记录事项清单", found.name, head, [[row[name] for name in columns] for row in rows])
    about = [("名称", found.name), ("单位", found.unit), ("版本", found.version), ("施行日期", found.in_force_from.isoformat())]
    notes = [("说明", line) for line in footer]
    return [table, Sheet(ABOUT, ABOUT, [("项目", 8.0), ("内容", 40.0)], [*about, *notes])]


def method_words(mode: Mode, means: Sequence[str]) -> str:
    """记录方式: `全程录音录像`, `关键环节拍照或录音录像`."""
    return MODES[mode] + "或".join("和".join(MEANS[each] for each in part.split("+")) for part in means)


def _cells(item: Item, names: dict[str, str]) -> dict[str, str]:
    special = {
        "case_kind": item.case_kind or "不限",  # blank would mean "as above"
        "matter": item.matter or "—",
        "stage": item.stage or "—",
        "also": "、".join(item.also),
        "method": method_words(item.mode, item.means),
        "segments": "、".join(names.get(segment, segment) for segment in item.segments) or "—",
        "retention": retention_words(item.retention),
        "other": OTHER.join(item.other),
    }
    return {name: special[name] if name in special else getattr(item, name) for name in LIST_FIELDS}
