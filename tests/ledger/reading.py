"""Lists read as `checklist import` reads them, with the word lists that are shipped."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from avrecord.ledger.listin import Said, read_proposal
from avrecord.ledger.listwords import read_words
from avrecord.model.proposal import ListWords, Proposal
from avrecord.station import shipped

TODAY = date(2026, 11, 21)


@cache
def segments() -> dict[str, Any]:
    return tomllib.loads((shipped("config") / "segments.toml").read_text("utf-8"))


@cache
def words() -> ListWords:
    return read_words(shipped("config") / "checklist-words.toml", segments())


def proposed(path: Path, sheet: str | None = None, said: Said | None = None) -> Proposal:
    return read_proposal(path, sheet, said or Said(), words(), segments(), TODAY)
