"""整改: problems that a person found, who answers for them, until when, and what shows that they are settled (销号).

定领导、定责任、定方案、定时限; 限期整改、逐一销号 (平顶山市城市管理局 2024-07-31). The machine opens none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from avrecord.errors import UnknownName
from avrecord.model.case import Problem, StageId
from avrecord.model.moments import from_utc_text
from avrecord.model.statement import ProblemChanged, ProblemClosed, ProblemOpened, ProblemReopened
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.missing import missing
from avrecord.pipeline.record import state
from avrecord.pipeline.review import find_stage, known_item
from avrecord.rules.rectifying import recurring
from avrecord.store import documents

LARGEST_EVIDENCE = 50 << 20


@dataclass(frozen=True, slots=True)
class Told:
    """What people write of a problem."""

    problem: str
    leader: str
    department: str
    measure: str
    deadline: date


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a problem. `seq` is its leaf."""

    seq: int
    at: datetime
    by: str
    step: str
    words: str


def open_problem(stage: StageId, item: str, told: Told, by: str, kit: Kit) -> int:
    """State a problem; return its number, which is the leaf that opened it. Raises UnknownName."""
    find_stage(stage, kit)
    if item != "other":
        known_item(item, kit)
    body = ProblemOpened(
        case=stage.case, stage=stage.name, item=item, deadline=told.deadline.isoformat(), details=_kept(told, kit)
    )
    [made] = state(kit, [body], by)
    return made.seq


def change_problem(number: int, told: Told, by: str, kit: Kit) -> None:
    """Another leader, department, measure or deadline. What was said before stays in the log."""
    _open_one(number, kit)
    state(kit, [ProblemChanged(problem=number, deadline=told.deadline.isoformat(), details=_kept(told, kit))], by)


def close_problem(number: int, evidence: bytes | None, why: str, by: str, kit: Kit) -> None:
    """销号. Raises UnknownName."""
    _open_one(number, kit)
    digest = kit.attachments.put(evidence) if evidence is not None else None
    state(kit, [ProblemClosed(problem=number, evidence=digest, why=kit.attachments.put(why.encode()))], by)


def reopen_problem(number: int, why: str, by: str, kit: Kit) -> None:
    """回头看: it came back."""
    if find_problem(number, kit).closed_at is None:
        raise UnknownName(what="已销号的问题", name=str(number))
    state(kit, [ProblemReopened(problem=number, why=kit.attachments.put(why.encode()))], by)


def problems(kit: Kit, case_no: str = "", unit: str = "") -> list[Problem]:
    return kit.records.problems(case_no=case_no, unit=unit)


def overdue(found: list[Problem], kit: Kit) -> list[Problem]:
    """Open ones whose day has passed."""
    today = kit.today.isoformat()
    return [each for each in found if each.closed_at is None and each.deadline < today]


def came_back(kit: Kit, unit: str = "") -> list[tuple[Problem, list[str]]]:
    """Settled ones whose like a person or the list shows again in the same unit since: the cases that do."""
    settled = [each for each in problems(kit, unit=unit) if each.closed_at]
    if not settled:
        return []
    since = min(each.closed_at for each in settled if each.closed_at)
    return recurring(settled, missing(kit, unit=unit, since=since))


def find_problem(number: int, kit: Kit) -> Problem:
    """Raises UnknownName."""
    found = next((each for each in kit.records.problems() if each.number == number), None)
    if found is None:
        raise UnknownName(what="整改问题（编号见 rectify list）", name=str(number))
    return found


def steps_of(number: int, kit: Kit) -> list[Step]:
    """Every step of a problem, with what was said at it."""
    return [
        Step(row["seq"], from_utc_text(row["at"]), row["by_whom"], row["step"], _said(row["step"], row["words"], kit))
        for row in kit.store.rows("steps_of_problem", problem=number)
    ]


def _said(step: str, digest: str, kit: Kit) -> str:
    content = kit.attachments.get(digest)
    if step in ("closed", "reopened"):
        return content.decode("utf-8", "replace")
    told = documents.read_problem(content)
    return "；".join(each for each in (told["problem"], told["leader"], told["department"], told["measure"]) if each)


def _open_one(number: int, kit: Kit) -> Problem:
    found = find_problem(number, kit)
    if found.closed_at:
        raise UnknownName(what="未销号的问题", name=str(number))
    return found


def _kept(told: Told, kit: Kit) -> str:
    return kit.attachments.put(documents.problem(told.problem, told.leader, told.department, told.measure))
