"""The month that a page shows, and the ones beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from avrecord.model.spans import months_later
from avrecord.pipeline.care import utc_of

MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Shown:
    """A month by its first local day."""

    first: date

    @property
    def span(self) -> dict[str, str]:
        """Its bounds for a query, in UTC text."""
        return {"since": utc_of(self.first), "until": utc_of(months_later(self.first, 1))}

    @property
    def names(self) -> dict[str, str]:
        """What the page calls it and links to."""
        return {name: f"{months_later(self.first, by):%Y-%m}" for name, by in (("month", 0), ("before", -1), ("after", 1))}


def asked(text: str, today: date) -> Shown:
    """The month that was asked for; this one for anything else."""
    return Shown(date.fromisoformat(f"{text}-01") if MONTH.fullmatch(text) else today.replace(day=1))
