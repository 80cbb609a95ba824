"""What the log says of examinations, cases, links, reviews and the lists in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from avrecord.model.statement.base import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipExamined(Body):
    """One examination (an attachment holds facts, observations and faults)."""

    kind: ClassVar[str] = "clip.examined"
    clip: str
    outcome: str
    reason: str | None
    attempt: int
    checks: tuple[str, ...]
    duration_ms: int | None
    examination: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipLinked(Body):
    """`method` is `assignment` (recorder, officer, time) or `person`."""

    kind: ClassVar[str] = "clip.linked"
    clip: str
    case: str
    stage: str
    method: str
    overlap_ms: int
    uncertainty_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipUnlinked(Body):
    kind: ClassVar[str] = "clip.unlinked"
    clip: str
    case: str
    stage: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkReviewed(Body):
    """A named person's decision about one item of a stage. `why` is an attachment: free text.

    `letter` (an attachment), where it was taken at the bureau: who decided, when, and what that person had seen of this log;
    `signature` (another): the SSHSIG of the bureau's clip key over it, namespace `review@avrecord`.
    """

    kind: ClassVar[str] = "mark.reviewed"
    case: str
    stage: str
    item: str
    decision: str
    why: str
    letter: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewLeft(Body):
    """A decision that was taken at this bureau about a stage of another station. `letter`, `signature`: see `MarkReviewed`."""

    kind: ClassVar[str] = "review.left"
    of_station: str
    case: str
    stage: str
    item: str
    decision: str
    letter: str
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseImported(Body):
    """`source` is the file as read, `rows` its stages in our form; both are attachments."""

    kind: ClassVar[str] = "case.imported"
    source: str
    rows: str
    stages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterImported(Body):
    kind: ClassVar[str] = "roster.imported"
    source: str
    rows: str
    officers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistAdopted(Body):
    kind: ClassVar[str] = "checklist.adopted"
    name: str
    version: str
    in_force_from: str
    checklist: str
    items: int
    source: str | None = None
    """The bureau's own workbook that the list was read from; an attachment."""
    confirmed_at_once: int = 0
    """Items of a proposal that the person confirmed together, without marking each."""
