"""What a campaign is asked for over, as it stands in the book."""

from __future__ import annotations

import re
from dataclasses import dataclass

YEAR = re.compile(r"year (\d{4})( gaps)? unit (.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which clips: of one station or all, sealed since a moment (UTC text), or only those that no campaign had yet.

    For an archive: those of a unit's `year`. `gaps`: its bag is closed although the store lacks some of them.
    """

    station: str | None = None
    since: str = ""
    new: bool = False
    year: int = 0
    unit: str = ""
    gaps: bool = False

    @property
    def text(self) -> str:
        year = f"year {self.year:04d}{' gaps' if self.gaps else ''} unit {self.unit}" if self.year else ""
        words = [self.station or "*", f"since {self.since}" if self.since else "", "new" if self.new else "", year]
        return " ".join(filter(None, words))

    @classmethod
    def parse(cls, text: str) -> Scope:
        """The inverse of `text`."""
        year = YEAR.search(text)
        station, *words = (text[: year.start()] if year else text).split()
        since = words[words.index("since") + 1] if "since" in words else ""
        found = cls(None if station == "*" else station, since, "new" in words)
        if not year:
            return found
        return cls(found.station, found.since, found.new, int(year[1]), year[3], bool(year[2]))
