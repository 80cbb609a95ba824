"""保管: why a clip is kept, until when, and what stands against removing it. Days are local (Beijing)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Fate(StrEnum):
    """The one state of a clip in the vault as to its keeping."""

    KEPT = "kept"
    """Its time is not over."""
    NEVER = "never"
    """Permanent, or as the case file: does not expire by itself."""
    HELD = "held"
    PERSON = "person"
    """Its time is over, and something about it is for a person to decide."""
    DUE = "due"
    WAITING = "waiting"
    """On a list that is not old enough, or not carried out yet."""
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Ground:
    """One reason to keep a clip, with the row behind it. `until` is the last day that it covers; None: never ends by itself.

    `why`: `unlinked` (the floor under every clip), `stage`, or `undone` (somebody objected to its removal).
    `row`: the leaf that it comes from, `log:<index>`, or `settings`.
    """

    why: str
    retention: str
    since: date
    until: date | None
    row: str
    case: str | None = None
    stage: str | None = None
    item: str | None = None
    checklist: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """冻结 of a clip, a case, or a recorder's footage of some days (both counted; None is open). `seq` is its leaf."""

    seq: int
    clip: str | None
    case: str | None
    recorder: str | None
    since: date | None
    until: date | None

    def covers(self, clip: str, cases: frozenset[str], recorder: str, days: tuple[date, ...]) -> bool:
        """Whether it covers a clip. `days`: every day that its footage may be of: any of them counts."""
        if self.clip is not None:
            return self.clip == clip
        if self.case is not None:
            return self.case in cases
        reach = ((self.since or date.min), (self.until or date.max))
        return self.recorder == recorder and any(reach[0] <= day <= reach[1] for day in days)


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is known of one clip's keeping. `needs`: keys of `words.NEEDS_PERSON` that no named person has decided."""

    clip: str
    grounds: tuple[Ground, ...]
    holds: tuple[Hold, ...] = ()
    needs: tuple[str, ...] = ()
    listed: bool = False
    removed: bool = False
