"""What the log says of the self-check: draws, and problems until they are settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from avrecord.model.statement.base import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditAnnounced(Body):
    """What will be drawn, before anybody can know the seed. `population` is an attachment: the rule and every id in it."""

    kind: ClassVar[str] = "audit.announced"
    population: str
    of: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditDrawn(Body):
    """The sample. `announced`: the leaf of the announcement; `sample` is an attachment: the ids in the order drawn.

    `seed_from` is `cosignature` (hash of a witness's signed checkpoint, which the station cannot choose), `public` (a number
    published by others after the announcement) or `checkpoint` (the station's own: it could have tried several). `seed` is
    the attachment that the seed is the SHA-256 of.
    """

    kind: ClassVar[str] = "audit.drawn"
    announced: int
    seed: str
    seed_from: str
    sample: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemOpened(Body):
    """整改: a person found a problem. `item` is a segment, `footage` or `other`; names and words stand in the attachment."""

    kind: ClassVar[str] = "problem.opened"
    case: str
    stage: str
    item: str
    deadline: str
    details: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemChanged(Body):
    """Another leader, measure or deadline. `problem` is the leaf that opened it; `details` replaces the attachment."""

    kind: ClassVar[str] = "problem.changed"
    problem: int
    deadline: str
    details: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemClosed(Body):
    """销号: settled, with the evidence (an attachment) and the reason in words (another)."""

    kind: ClassVar[str] = "problem.closed"
    problem: int
    evidence: str | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemReopened(Body):
    """回头看: it came back, or was settled too early."""

    kind: ClassVar[str] = "problem.reopened"
    problem: int
    why: str
