"""Cases, stages, links, and what a stage's footage shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from avrecord.model.clip import Clip
from avrecord.model.observation import Observation


@dataclass(frozen=True, slots=True, order=True)
class StageId:
    """`name` is the stage's, with `-2`, `-3` … where a case has the same stage again."""

    case: str
    name: str


@dataclass(frozen=True, slots=True)
class Stage:
    """环节: one row of a case import. Officers are 执法证号; times are aware UTC."""

    id: StageId
    case_kind: str
    stage: str
    unit: str
    officers: tuple[str, ...]
    start: datetime
    end: datetime
    place: str = ""
    party: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Assignment:
    """A recorder in an officer's hands, from one local day to another, both counted."""

    recorder: str
    officer: str
    since: str
    until: str | None
    row: str = field(default="", compare=False)
    """The leaf that says so: `log:<index>`."""

    def covers(self, day: str) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Link:
    """关联: a clip belongs to a stage. `uncertainty_ms` is how far the times may be off."""

    clip: Clip
    stage: StageId
    method: str
    overlap_ms: int
    uncertainty_ms: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A link that only a person can decide. `reason` is a key of `words.PROPOSALS`."""

    clip: Clip
    stage: StageId
    reason: str
    overlap_ms: int
    uncertainty_ms: int


@dataclass(frozen=True, slots=True)
class Matches:
    """What a clip belongs to by rule, and what it may belong to."""

    links: tuple[Link, ...] = ()
    proposals: tuple[Proposal, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """缺口: a part of the stage's window that no linked clip covers."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> int:
        return round((self.end - self.start).total_seconds())


@dataclass(frozen=True, slots=True)
class Coverage:
    """覆盖. Seconds of the window that are recorded, and where they are not."""

    window_s: int
    covered_s: int
    gaps: tuple[Gap, ...]

    @property
    def extent(self) -> str:
        """`none`, `part` or `whole`."""
        if self.covered_s == 0:
            return "none"
        return "part" if self.gaps else "whole"


class MarkKind(StrEnum):
    SEEN = "seen"
    NOT_SEEN = "not_seen"
    CANNOT_TELL = "cannot_tell"
    NOT_REQUIRED = "not_required"


@dataclass(frozen=True, slots=True)
class Mark:
    """抽检结果 of one segment, with the reason in words and the clip and observation relied on."""

    segment: str
    mark: MarkKind
    reason: str
    clip: Clip | None = None
    observation: Observation | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """人工复核. `item` is a segment, `footage` for the recording as such, or `stage` for whether it is asked for."""

    stage: StageId
    item: str
    decision: str
    by: str
    at: datetime
    seq: int


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of one stage: coverage, marks, and the reviews that override them."""

    stage: Stage
    checklist: str
    mode: str | None
    coverage: Coverage
    marks: tuple[Mark, ...]
    reviews: tuple[Review, ...]
    clips: tuple[Clip, ...]
    four_eyes: tuple[str, ...] = ()
    """Decisions that need a second person."""


@dataclass(frozen=True, slots=True)
class Problem:
    """整改 of one problem as it stands. `number` is the leaf that opened it; `deadline` a local day; moments are UTC text."""

    number: int
    stage: StageId
    unit: str
    case_kind: str
    item: str
    problem: str
    leader: str
    department: str
    measure: str
    deadline: str
    opened_by: str
    opened_at: str
    closed_at: str | None = None
    closed_by: str | None = None
    evidence: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Lack:
    """One row of `cases missing`: what the list requires and the footage does not show."""

    stage: Stage
    what: str
    segment: str | None
    detail: str
    clip: Clip | None = None
    gap: Gap | None = None
