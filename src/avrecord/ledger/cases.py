"""Case tables → stages, with a reason for each row that is not valid."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from pathlib import Path

from avrecord.ledger.read import moment, read_table, text
from avrecord.model.case import Stage, StageId

ALIASES = {
    "case": ("案号", "案件编号", "案件号", "文号", "case_id"),
    "case_kind": ("执法类别", "案件类型", "类别", "案件类别"),
    "stage": ("执法环节", "环节", "记录环节"),
    "unit": ("执法单位", "单位", "承办单位", "执法部门"),
    "names": ("执法人员", "承办人", "执法人员姓名"),
    "officers": ("执法证号", "执法人员证号", "证件编号", "证号"),
    "start": ("开始时间", "起始时间", "执法开始时间"),
    "end": ("结束时间", "终止时间", "执法结束时间"),
    "place": ("地点", "执法地点", "执法场所"),
    "party": ("当事人", "行政相对人", "相对人"),
}
REQUIRED = ("case", "case_kind", "stage", "officers", "start", "end")


@dataclass(frozen=True, slots=True)
class CaseFile:
    """What a case table holds: valid stages, rows that are not valid with the reason, unknown columns."""

    stages: tuple[Stage, ...]
    invalid: tuple[tuple[int, str], ...]
    unknown: tuple[str, ...]


def read_cases(path: Path, longest: timedelta) -> CaseFile:
    """Read a case table. Windows must be longer than nothing and at most `longest`.

    Raises BadInput when the file holds no such table. A row's fault never hides another row.
    """
    table = read_table(path, ALIASES, REQUIRED)
    stages, invalid = [], []
    for number, row in table.rows:
        try:
            stages.append(_stage(row, longest))
        except ValueError as error:
            invalid.append((number, str(error)))
    return CaseFile(_numbered(stages), tuple(invalid), table.unknown)


def case_number(value: object) -> str:
    """One form for all brackets: 盘综执罚字[2026]44号, 【2026】, (2026) and 〔2026〕 are one number."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text(value)))
    return re.sub(r"[\[(【〔{]((?:19|20)\d\d)[\])】〕}]", r"〔\1〕", plain)


def _stage(row: dict[str, object], longest: timedelta) -> Stage:
    number, stage = case_number(row["case"]), re.sub(r"\s+", "", text(row["stage"]))
    officers = tuple(dict.fromkeys(o for o in re.split(r"[、,，;；/\s]+", text(row["officers"])) if o))
    if not number or not stage:
        raise ValueError("案号或环节为空")
    if not officers:
        raise ValueError("没有执法证号")
    start, end = moment(row["start"]).astimezone(UTC), moment(row["end"]).astimezone(UTC)
    if end <= start:
        raise ValueError("结束时间不晚于开始时间")
    if end - start > longest:
        raise ValueError(f"时长超过 {longest // timedelta(hours=1)} 小时")
    kind = re.sub(r"\s+", "", text(row["case_kind"]))
    return Stage(
        StageId(number, stage), kind, stage, text(row["unit"]), officers, start, end, text(row["place"]), text(row["party"])
    )


def _numbered(stages: list[Stage]) -> tuple[Stage, ...]:
    """A case's second 现场检查 is 现场检查-2, in time order, so that a re-import updates the same rows."""
    seen: Counter[StageId] = Counter()
    numbered = []
    for stage in sorted(stages, key=lambda s: (s.id.case, s.start, s.id.name)):
        seen[stage.id] += 1
        count = seen[stage.id]
        name = stage.id.name if count == 1 else f"{stage.id.name}-{count}"
        numbered.append(replace(stage, id=StageId(stage.id.case, name)))
    return tuple(numbered)
