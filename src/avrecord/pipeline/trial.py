"""A profile tried on a tree before it is used: what would be read from each file, and why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from avrecord.dock.identify import Attempt, attempts, identify
from avrecord.dock.listing import list_files
from avrecord.dock.profile import Profile
from avrecord.dock.texts import Budget, Line, matching
from avrecord.dock.volumes import appeared
from avrecord.model.card import Card, Claim, SourceFile, Track, Volume
from avrecord.pipeline.receive import read_text
from avrecord.pipeline.sayings import why_set_aside


@dataclass(frozen=True, slots=True)
class Tried:
    """One file of the tree: its claim, the log lines that say something, the track in it, and why a person would look."""

    file: SourceFile
    claim: Claim
    lines: tuple[Line, ...]
    track: Track | None
    set_aside: str | None


@dataclass(frozen=True, slots=True)
class Trial:
    """What `identify` makes of the tree, each profile's attempt, and every file."""

    card: Card
    attempts: tuple[Attempt, ...]
    files: tuple[Tried, ...]


def trial(volume: Volume, profiles: tuple[Profile, ...], now: datetime) -> Trial:
    """Read a tree as a docked card would be; nothing is taken. Raises CardError when it cannot be listed."""
    files = list_files(volume)

    def read(file: SourceFile, at: int, most: int) -> bytes:
        return read_text(volume, file, at, most)

    card = identify(volume, files, profiles, read, now, appeared(volume, now))
    (profile,) = [each for each in profiles if each.name == card.profile]
    rules = [*profile.logs, *([profile.identity.text] if profile.identity.text else [])]
    tracks = {track.path: track for track in card.facts.tracks}

    def tried(file: SourceFile) -> Tried:
        claim = card.claims[file.path]
        lines = [
            line
            for rule in rules
            if rule.path.search(file.shown) and not claim.ignored
            for line in matching(rule, file, read, Budget())
        ]
        return Tried(file, claim, tuple(lines), tracks.get(file.shown), why_set_aside(card, claim, file.size))

    return Trial(card, tuple(attempts(volume, files, profiles, read)), tuple(map(tried, files)))
