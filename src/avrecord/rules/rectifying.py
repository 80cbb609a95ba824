"""回头看: what was settled and shows again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from avrecord.model.case import Lack, Problem
from avrecord.model.moments import utc_text

CERTAIN = ("missing", "no_footage", "gap")
"""What a person decided, or what needs no looking. A mark of the check alone says of nobody that a problem came back."""


def recurring(settled: Iterable[Problem], lacks: Sequence[Lack]) -> list[tuple[Problem, list[str]]]:
    """Each settled problem with the later cases of the same unit that lack the same."""
    found = []
    for problem in settled:
        cases = {
            lack.stage.id.case
            for lack in lacks
            if lack.what in CERTAIN
            and lack.stage.unit == problem.unit
            and (lack.segment or "footage") == problem.item
            and problem.closed_at is not None
            and utc_text(lack.stage.start) > problem.closed_at
        }
        if cases:
            found.append((problem, sorted(cases)))
    return found
