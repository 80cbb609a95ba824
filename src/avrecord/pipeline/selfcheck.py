"""自查报告 data sheet: the five points of the self-check per unit, what was put right, and how sure the check is.

Counts of marks and of people's decisions stand apart: only the latter say anything about anybody.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from avrecord.errors import UnknownName
from avrecord.ledger.write import Chart, Sheet, write_workbook
from avrecord.model.case import Account, Problem
from avrecord.model.statement import ExportMade
from avrecord.pipeline.cells import Judged
from avrecord.pipeline.footing import assert_outside, footing
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.missing import accounts, mark_asked, why_blind
from avrecord.pipeline.problems import came_back, overdue, problems
from avrecord.pipeline.record import state
from avrecord.rules.reviewing import in_force
from avrecord.words import LIMITS_OF_A_CHECK, LIMITS_OF_A_SEAL, POINTS, PROBLEM_ITEMS, PROBLEM_STATES, UNITLESS

OUTCOMES = ("seen", "not_seen", "cannot_tell", "confirmed", "missing")
"""What a stage comes to on one point: what the check says, or, where a person decided, that."""


@dataclass(slots=True)
class UnitCheck:
    """One unit's self-check. `points`: point → outcome → the stages (case and name) behind the number."""

    unit: str
    cases: set[str] = field(default_factory=set)
    stages: int = 0
    filmed: int = 0
    whole: int = 0
    points: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    opened: list[Problem] = field(default_factory=list)
    late: list[Problem] = field(default_factory=list)
    back: list[Problem] = field(default_factory=list)

    def count(self, point: str, outcome: str) -> int:
        return len(self.points.get(point, {}).get(outcome, ()))


def self_check(kit: Kit, **filters: str) -> list[UnitCheck]:
    """Every unit's figures, by unit and since/until (UTC text). Raises UnknownName where there is no stage."""
    judged = partial(mark_asked, why=why_blind(kit), kit=kit)
    units: dict[str, UnitCheck] = {}
    for account in accounts(kit, **filters):
        unit = units.setdefault(account.stage.unit, UnitCheck(account.stage.unit))
        _count(unit, account, judged)
    if not units:
        raise UnknownName(what="符合条件的案件", name="、".join(value for value in filters.values() if value) or "全部")
    for name, unit in units.items():
        unit.opened = [each for each in problems(kit, unit=name) if each.stage.case in unit.cases]
        unit.late = overdue(unit.opened, kit)
        unit.back = [each for each, _ in came_back(kit, name) if each.stage.case in unit.cases]
    return [units[name] for name in sorted(units)]


def write_self_check(out: Path, found: Sequence[UnitCheck], query: str, by: str, kit: Kit) -> None:
    """Write the workbook with native charts and state the export. Raises CannotWrite."""
    assert_outside(out, kit)
    foot = [*REMARKS, *footing(query, kit), LIMITS_OF_A_CHECK + LIMITS_OF_A_SEAL]
    sheets = [
        Sheet("概况", "自查情况概述", [("序号", 4), ("内容", 60)], list(enumerate(summary(found), 1)), foot),
        Sheet("五项自查", "五项自查内容（按单位）", POINT_HEAD, list(point_rows(found)), foot),
        Sheet("整改", "整改情况（按单位）", PROBLEM_HEAD, [_problem_row(unit) for unit in found], foot),
        Sheet("问题清单", "问题清单", LIST_HEAD, [row for unit in found for row in _listed(unit)], foot),
    ]
    write_workbook(out, sheets, _charts(found))
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    state(kit, [ExportMade(what="selfcheck", rows=len(found), file=digest)], by)


REMARKS = [
    "同一环节同一项，有人工结论的计人工结论，没有的计抽检结果；清单不要求的不计。抽检未见、无法判断都不是问题，须由具名人员复核。",
    "录像一项：无录像、清单要求全程而有缺口的，列在“抽检未见”。没有抽检方法的（如着装）一律为“无法判断”，以人工结论为准。",
]
POINT_HEAD = (
    ("单位", 10), ("自查内容", 14), ("应查环节", 5), ("人工确认", 5), ("人工认定缺失", 6),
    ("抽检已见", 5), ("抽检未见", 5), ("无法判断", 5),
)  # fmt: skip
PROBLEM_HEAD = (("单位", 12), ("登记问题", 6), ("已销号", 6), ("整改中", 6), ("逾期", 6), ("销号后再次出现", 8))
LIST_HEAD = (
    ("编号", 4), ("单位", 9), ("案号", 11), ("环节", 6), ("要件", 5), ("问题", 12), ("责任领导", 5), ("责任单位（部门）", 7),
    ("整改措施", 9), ("整改时限", 6), ("状态", 6), ("销号说明", 10),
)  # fmt: skip


def summary(found: Sequence[UnitCheck]) -> list[str]:
    """The report's sentences: numbers, no grade and no conclusion about anybody."""
    cases = len({case for unit in found for case in unit.cases})
    stages, filmed = sum(unit.stages for unit in found), sum(unit.filmed for unit in found)
    whole = sum(unit.whole for unit in found)
    said = [f"自查 {len(found)} 个单位，案件 {cases} 件，执法环节 {stages} 个，有录像的 {filmed} 个，录像完整的 {whole} 个。"]
    for point, name in POINTS.items():
        counts = Counter({outcome: sum(unit.count(point, outcome) for unit in found) for outcome in OUTCOMES})
        marks = f"抽检已见 {counts['seen']}，抽检未见 {counts['not_seen']}，无法判断 {counts['cannot_tell']}"
        said.append(f"{name}：人工确认 {counts['confirmed']}，人工认定缺失 {counts['missing']}；{marks}。")
    opened, closed = sum(len(unit.opened) for unit in found), sum(bool(each.closed_at) for unit in found for each in unit.opened)
    late, back = sum(len(unit.late) for unit in found), sum(len(unit.back) for unit in found)
    said.append(f"登记问题 {opened} 个，已销号 {closed} 个，逾期未销号 {late} 个，销号后再次出现 {back} 个。")
    return said


def point_rows(found: Iterable[UnitCheck]) -> Iterable[list[object]]:
    for unit in found:
        for point, name in POINTS.items():
            counts = [unit.count(point, outcome) for outcome in ("confirmed", "missing", "seen", "not_seen", "cannot_tell")]
            yield [unit.unit or UNITLESS, name, sum(counts), *counts]


def _count(unit: UnitCheck, account: Account, judged: Judged) -> None:
    unit.cases.add(account.stage.id.case)
    unit.stages += 1
    unit.filmed += bool(account.clips)
    unit.whole += bool(account.clips) and not account.coverage.gaps
    decided = in_force(account.reviews, account.four_eyes)
    if account.mode is None or decided.get("stage") == "not_required":
        return
    for point in POINTS:
        if outcome := _outcome(point, account, decided, judged):
            behind = unit.points.setdefault(point, {}).setdefault(outcome, [])
            behind.append(f"{account.stage.id.case} {account.stage.id.name}")


def _outcome(point: str, account: Account, decided: dict[str, str], judged: Judged) -> str | None:
    """None where the list does not ask for it and nobody decided about it."""
    if decision := decided.get(point):
        return {"seen": "confirmed", "missing": "missing"}.get(decision)
    if point == "footage":
        whole = bool(account.clips) and not account.coverage.gaps
        return "seen" if whole or (account.clips and account.mode != "whole") else "not_seen"
    required = point in {mark.segment for mark in account.marks} or point in ("uniform", "standard_wording")
    mark = judged(account, point).mark.value if required else None
    return mark if mark in OUTCOMES else None


def _problem_row(unit: UnitCheck) -> list[object]:
    closed = sum(bool(each.closed_at) for each in unit.opened)
    return [unit.unit or UNITLESS, len(unit.opened), closed, len(unit.opened) - closed, len(unit.late), len(unit.back)]


def _listed(unit: UnitCheck) -> Iterable[list[object]]:
    late = {each.number for each in unit.late}
    for each in unit.opened:
        condition = "closed" if each.closed_at else "overdue" if each.number in late else "open"
        yield [
            each.number, unit.unit or UNITLESS, each.stage.case, each.stage.name, PROBLEM_ITEMS.get(each.item, each.item),
            each.problem, each.leader, each.department, each.measure, each.deadline, PROBLEM_STATES[condition], each.why or "",
        ]  # fmt: skip


def _charts(found: Sequence[UnitCheck]) -> list[Chart]:
    names = [unit.unit or UNITLESS for unit in found]
    footage: dict[str, list[float | None]] = {
        "有录像": [float(unit.filmed) for unit in found],
        "录像完整": [float(unit.whole) for unit in found],
        "环节": [float(unit.stages) for unit in found],
    }
    settled: dict[str, list[float | None]] = {
        "已销号": [float(sum(bool(each.closed_at) for each in unit.opened)) for unit in found],
        "未销号": [float(sum(not each.closed_at for each in unit.opened)) for unit in found],
    }
    return [
        Chart("录像图", "各单位录像情况（环节数）", "单位", names, footage, "0"),
        Chart("整改图", "各单位整改情况（问题数）", "单位", names, settled, "0"),
    ]
