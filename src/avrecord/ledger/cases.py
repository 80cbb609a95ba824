"""Case tables → stages, with a reason for each row that is not valid."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
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
LONGEST_CELL = 300  # characters; a statement names case and stage and holds 65,535 bytes
REQUIRED = ("case", "case_kind", "stage", "officers", "start", "end")


@dataclass(frozen=True, slots=True)
class CaseFile:
    """What a case table holds: valid stages, rows that are not valid with the reason, unknown columns."""

    stages: tuple[Stage, ...]
    invalid: tuple[tuple[int, str], ...]
    unknown: tuple[str, ...]


def read_cases(path: Path, longest: timedelta, known: Callable[[str], Sequence[Stage]] = lambda _: ()) -> CaseFile:
    """Read a case table. Windows must be longer than nothing and at most `longest`.

    `known` gives the stages of a case that are known already: a row that begins when a known stage of
    its name begins is that stage, so that a review stays with what was reviewed. Raises BadInput when
    the file holds no such table. A row's fault never hides another row.
    """
    table = read_table(path, ALIASES, REQUIRED)
    stages: dict[tuple[StageId, datetime], tuple[int, Stage]] = {}
    invalid = []
    for number, row in table.rows:
        try:
            stage = _stage(row, longest)
            if (key := (stage.id, stage.start)) in stages:
                raise ValueError(f"与第 {stages[key][0]} 行重复")
            stages[key] = (number, stage)
        except ValueError as error:
            invalid.append((number, str(error)))
    return CaseFile(_named([stage for _, stage in stages.values()], known), tuple(invalid), table.unknown)


def case_number(value: object) -> str:
    """One form for all brackets: 盘综执罚字[2026]44号, 【2026】, (2026) and 〔2026〕 are one number."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text(value)))
    return re.sub(r"[\[(【〔{]((?:19|20)\d\d)[\])】〕}]", r"〔\1〕", plain)


def _stage(row: dict[str, object], longest: timedelta) -> Stage:
    number, stage = case_number(row["case"]), re.sub(r"\s+", "", text(row["stage"]))
    officers = tuple(dict.fromkeys(o for o in re.split(r"[、,，;；/\s]+", text(row["officers"])) if o))
    too_long = [column for column, value in row.items() if len(text(value)) > LONGEST_CELL]
    if too_long:
        raise ValueError(f"{'、'.join(ALIASES[column][0] for column in too_long)}超过 {LONGEST_CELL} 个字")
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


def _named(stages: list[Stage], known: Callable[[str], Sequence[Stage]]) -> tuple[Stage, ...]:
    """Give each stage its lasting name: a case's second 现场检查 is 现场检查-2, and stays so."""
    groups: dict[StageId, list[Stage]] = {}
    for stage in sorted(stages, key=lambda s: (s.id.case, s.start, s.id.name)):
        groups.setdefault(stage.id, []).append(stage)
    named = []
    for group_id, group in groups.items():
        before = {old.start: old.id.name for old in known(group_id.case) if old.stage == group[0].stage}
        names = {stage.start: before.pop(stage.start) for stage in group if stage.start in before}
        rest = [stage for stage in group if stage.start not in names]
        left = [name for _, name in sorted(before.items())]
        # As many left over on both sides: their times were corrected. Otherwise they are new ones.
        fresh = left if len(left) == len(rest) else _free_names(group_id.name, {*names.values(), *left})
        names |= {stage.start: name for stage, name in zip(rest, fresh, strict=False)}
        named += [replace(stage, id=StageId(group_id.case, names[stage.start])) for stage in group]
    return tuple(named)


def _free_names(name: str, taken: set[str]) -> Iterator[str]:
    """`name`, `name-2`, `name-3` …, without those that are taken."""
    numbers = (name if n == 1 else f"{name}-{n}" for n in count(1))
    return (each for each in numbers if each not in taken)
