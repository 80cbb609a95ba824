"""What every statement is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The part of a statement that depends on its kind.

    A field with a default came later than its kind: it is written only where it says something else, so that statements
    made before it are the same bytes and are read as they were.
    """

    kind: ClassVar[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One leaf: who says it (`by`), where (`station`), at which index (`seq`) and claimed time (`at`)."""

    station: str
    seq: int
    at: str
    by: str
    body: Body
