"""Case tables → stages, with a reason for each row that is not valid. A table of patrols is told by its header."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from avrecord.errors import BadInput
from avrecord.ledger.grid import read_grid
from avrecord.ledger.patrols import PATROLS, is_patrol, patrol_row
from avrecord.ledger.people import Roster, officers_of
from avrecord.ledger.read import Table, identifier, moment, table_of, text
from avrecord.model.case import Stage, StageId
from avrecord.rules.tags import unified

ALIASES = {
    "case": ("案号", "案件编号", "案件号", "文号", "case_id", "case", "case_no"),
    "case_kind": ("执法类别", "案件类型", "类别", "案件类别", "case_kind", "kind"),
    "stage": ("执法环节", "环节", "记录环节", "stage"),
    "unit": ("执法单位", "单位", "承办单位", "执法部门", "unit"),
    "names": ("执法人员", "承办人", "执法人员姓名", "names"),
    "officers": ("执法证号", "执法人员证号", "证件编号", "证号", "officers"),
    "start": ("开始时间", "起始时间", "执法开始时间", "start"),
    "end": ("结束时间", "终止时间", "执法结束时间", "end"),
    "place": ("地点", "执法地点", "执法场所", "place"),
    "party": ("当事人", "行政相对人", "相对人", "party"),
}
LONGEST_CELL = 300  # characters; a statement names case and stage and holds 65,535 bytes
REQUIRED = ("case", "case_kind", "stage", "officers", "start", "end")
TOLD_EACH = 5_000  # rows between two reports of progress

Known = Callable[[Collection[str]], Mapping[str, Sequence[Stage]]]
"""The known stages of cases, asked for once for the whole table: one query a case took minutes at 100,000."""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """What a case table holds: valid stages, rows that are not valid with the reason, unknown columns."""

    stages: tuple[Stage, ...]
    invalid: tuple[tuple[int, str], ...]
    unknown: tuple[str, ...]
    patrols: bool = False


def read_cases(
    path: Path,
    longest: timedelta,
    known: Known = lambda _: {},
    roster: Roster = lambda _: (),
    told: Callable[[int, int], None] = lambda _, __: None,
) -> CaseFile:
    """Read a case table, or a table of patrols. Windows must be longer than nothing and at most `longest`.

    `known`: a row that begins when a known stage of its name begins is that stage, so that a review stays with what was
    reviewed. `roster` gives the numbers of the officers of a name, for tables that name people only. `told` is called with
    the rows gone through. Raises BadInput when the file holds no such table. A row's fault never hides another row.
    """
    table, patrols = _table(path)
    stages: dict[tuple[StageId, datetime], tuple[int, Stage]] = {}
    invalid = []
    for done, (number, cells) in enumerate(table.rows):
        if done % TOLD_EACH == 0:
            told(done, len(table.rows))
        try:
            stage = _stage(patrol_row(cells, roster) if patrols else cells, longest, roster)
            if (key := (stage.id, stage.start)) in stages:
                raise ValueError(f"与第 {stages[key][0]} 行重复")
            stages[key] = (number, stage)
        except ValueError as error:
            invalid.append((number, str(error)))
    told(len(table.rows), len(table.rows))
    return CaseFile(_named([stage for _, stage in stages.values()], known), tuple(invalid), table.unknown, patrols)


def case_number(value: object) -> str:
    """One form for all ways to write a number: `rules.tags.unified`, which reads them from file names as well."""
    return unified(text(value))


def _table(path: Path) -> tuple[Table, bool]:
    """The table, and whether it is one of patrols. Raises BadInput naming the columns of a case table that are missing."""
    cells = read_grid(path).cells
    table = table_of(cells, path, ALIASES, ())
    lacking = [name for name in REQUIRED if name not in table.known and not (name == "officers" and "names" in table.known)]
    if not lacking:
        return table, False
    patrols = table_of(cells, path, PATROLS, ())
    if is_patrol(patrols):
        return patrols, True
    raise BadInput(path=path, detail=f"表头缺少：{'、'.join(ALIASES[name][0] for name in lacking)}")


def _stage(row: Mapping[str, object], longest: timedelta, roster: Roster) -> Stage:
    too_long = [column for column, value in row.items() if len(str(value)) > LONGEST_CELL and len(text(value)) > LONGEST_CELL]
    if too_long:
        raise ValueError(f"{'、'.join(ALIASES[column][0] for column in too_long)}超过 {LONGEST_CELL} 个字")
    number, stage = case_number(identifier(row["case"])), re.sub(r"\s+", "", text(row["stage"]))
    if not number or not stage:
        raise ValueError("案号或环节为空")
    officers = officers_of(row["officers"], row["names"], roster)
    begins, ends = moment(row["start"]), moment(row["end"])
    if not all(2000 <= each.year <= 2100 for each in (begins, ends)):  # arithmetic on the calendar's last days ends in errors
        raise ValueError("时间不在 2000 年至 2100 年之间")
    start, end = begins.astimezone(UTC), ends.astimezone(UTC)
    if end <= start:
        raise ValueError("结束时间不晚于开始时间")
    if end - start > longest:
        raise ValueError(f"时长超过 {longest // timedelta(hours=1)} 小时")
    kind = re.sub(r"\s+", "", text(row["case_kind"]))
    return Stage(
        StageId(number, stage), kind, stage, text(row["unit"]), officers, start, end, text(row["place"]), text(row["party"])
    )


def _named(stages: list[Stage], known: Known) -> tuple[Stage, ...]:
    """Give each stage its lasting name: a case's second 现场检查 is 现场检查-2, and stays so."""
    groups: dict[StageId, list[Stage]] = {}
    for stage in sorted(stages, key=lambda s: (s.id.case, s.start, s.id.name)):
        groups.setdefault(stage.id, []).append(stage)
    known_of = known({group_id.case for group_id in groups})
    named = []
    for group_id, group in groups.items():
        before = {old.start: old.id.name for old in known_of.get(group_id.case, ()) if old.stage == group[0].stage}
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
