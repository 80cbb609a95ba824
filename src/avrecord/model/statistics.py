"""月度统计: figures of a unit or an officer. What is counted stands beside its count, so that no figure is without its rows."""

from __future__ import annotations

from dataclasses import dataclass

from avrecord.model.case import MarkKind, StageId
from avrecord.model.device import Availability


@dataclass(frozen=True, slots=True)
class Footage:
    """`clips`: video, audio and photos. `recorded_ms` is of those whose length is known; `without_length` are the others."""

    clips: int = 0
    photos: int = 0
    recorded_ms: int = 0
    without_length: int = 0


@dataclass(frozen=True, slots=True)
class Uploads:
    """Upload delay: from a recording's end to its seal. `clips`: those of which it is known; `in_time` within the limit."""

    clips: int = 0
    in_time: int = 0
    median_ms: int | None = None

    @property
    def share(self) -> float | None:
        return self.in_time / self.clips if self.clips else None


@dataclass(frozen=True, slots=True)
class Marked:
    """One required segment of one stage, with the mark's clip where it has one."""

    stage: StageId
    segment: str
    mark: MarkKind
    clip: str | None


@dataclass(frozen=True, slots=True)
class Stages:
    """Stages that began in the month. Each is in one of `without_footage`, `whole`, `with_gaps`; `unlisted` besides."""

    without_footage: tuple[StageId, ...] = ()
    whole: tuple[StageId, ...] = ()
    with_gaps: tuple[StageId, ...] = ()
    unlisted: tuple[StageId, ...] = ()
    """The list in force has no item for them: nothing is required."""
    required: tuple[Marked, ...] = ()
    found_missing: tuple[tuple[StageId, str], ...] = ()
    """Items that a person's latest review found missing."""

    @property
    def all(self) -> tuple[StageId, ...]:
        return tuple(sorted((*self.without_footage, *self.whole, *self.with_gaps)))

    @property
    def with_footage(self) -> int:
        return len(self.whole) + len(self.with_gaps)

    def marked(self, kind: MarkKind) -> tuple[Marked, ...]:
        return tuple(each for each in self.required if each.mark is kind)


@dataclass(frozen=True, slots=True)
class Line:
    """All figures of one unit, of one officer, or of all. `reviews`: leaves of the reviews made in the month."""

    name: str
    footage: Footage = Footage()
    uploads: Uploads = Uploads()
    stages: Stages = Stages()
    reviews: tuple[int, ...] = ()
    availability: Availability | None = None


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """`units` add up to `whole` (but for medians and rates); `officers` may be more, where several did one thing."""

    month: str
    first: str
    last: str
    units: tuple[Line, ...]
    officers: tuple[Line, ...]
    whole: Line
