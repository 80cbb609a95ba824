"""Loss accounting: every file ever seen on a card is in exactly one state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class FileState(StrEnum):
    """Where a file of a card is now. `missing` is the one that nobody can explain."""

    SEALED = "sealed"
    SET_ASIDE = "set_aside"
    REMOVED = "removed"
    ON_RECORDER = "on_recorder"
    CHANGED = "changed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One file as a manifest listed it, and what is known of it since.

    `holder` is the recorder, or the place where a card without identity appeared. `clip` is what it
    was sealed as; `still_listed`: the holder's latest manifest lists it; `later`: the same path was
    sealed at a later sight, at least as large (a file that was still growing at the first).
    """

    holder: str
    path: str
    size: int
    last_seen: str
    clip: str | None
    set_aside: bool
    still_listed: bool
    later: bool
    removed: bool = False
    """Its bytes were removed from the vault by a rule, which the log states."""


@dataclass(frozen=True, slots=True)
class LossAccount:
    """All sightings by state; the states add up to `seen`."""

    seen: int
    totals: tuple[tuple[str, int], ...]
    missing: tuple[Sighting, ...]
    waiting: tuple[Sighting, ...]


def state_of(sighting: Sighting) -> FileState:
    """The one state of a file. Removed by rule wins over sealed, sealed over the rest,
    what is still on the recorder over what is gone.
    """
    if sighting.clip and sighting.removed:
        return FileState.REMOVED
    if sighting.clip:
        return FileState.SET_ASIDE if sighting.set_aside else FileState.SEALED
    if sighting.still_listed:
        return FileState.ON_RECORDER
    return FileState.CHANGED if sighting.later else FileState.MISSING


def account_for(sightings: Iterable[Sighting]) -> LossAccount:
    """Count each sighting once; list what is missing without explanation, and what waits on a recorder."""
    stated = [(state_of(sighting), sighting) for sighting in sightings]
    counted = Counter(state for state, _ in stated)
    return LossAccount(
        seen=len(stated),
        totals=tuple((state.value, counted[state]) for state in FileState),
        missing=tuple(s for state, s in stated if state is FileState.MISSING),
        waiting=tuple(s for state, s in stated if state is FileState.ON_RECORDER),
    )
