"""Who was there, as tables write it: numbers, or names that the roster knows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

from avrecord.ledger.read import identifier

Roster = Callable[[str], Sequence[str]]
"""Name → the 执法证号 of everybody of that name."""
SEPARATORS = re.compile(r"[、,，;；/\s]+")
NUMBER = re.compile(r"[A-Za-z0-9-]*\d[A-Za-z0-9-]*")
BRACKETED = re.compile(r"\((?P<number>[A-Za-z0-9-]*\d[A-Za-z0-9-]*)\)")


def officers_of(numbers: object, names: object, roster: Roster) -> tuple[str, ...]:
    """The 执法证号 of a row, each once. Raises ValueError where there is none, or a name stands for nobody or for several."""
    found = [part for part in SEPARATORS.split(identifier(numbers)) if part] or list(_by_name(identifier(names), roster))
    if not found:
        raise ValueError("没有执法证号")
    return tuple(dict.fromkeys(found))


def _by_name(names: str, roster: Roster) -> Iterator[str]:
    for part in SEPARATORS.split(unicodedata.normalize("NFKC", names)):
        if bracketed := BRACKETED.search(part):
            yield bracketed["number"]
        elif NUMBER.fullmatch(part):
            yield part
        elif part:
            known = roster(part)
            if len(known) > 1:
                raise ValueError(f"名册中有 {len(known)} 个“{part}”（{'、'.join(known)}），请写明执法证号")
            if not known:
                raise ValueError(f"没有执法证号，名册中也没有“{part}”")
            yield known[0]
