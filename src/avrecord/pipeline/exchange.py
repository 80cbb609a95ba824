"""What goes to and comes from other systems: the platform index as it grows, and cases that a case system pushes."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from avrecord.errors import BadInput
from avrecord.ledger.cases import ALIASES
from avrecord.ledger.platform import Entry
from avrecord.pipeline.bring import CaseReport, import_cases, inspect_cases
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.platform import entries, in_vault
from avrecord.store.records import clip_of

MOST_ROWS = 1000
FIELDS = tuple(ALIASES)
"""What a pushed case may hold: the columns of a case table by their English names."""
MOST_CASES = 10_000
LONGEST = 300  # characters of a field, as in a case table


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of the index, and the leaf after which the next page begins; None when there is no more for now."""

    rows: Sequence[Entry]
    following: int | None


def index_page(kit: Kit, after: int, most: int) -> Page:
    """Clips sealed after a leaf, in the order of the log: who asks again from the last one misses none and gets none twice.

    A row is as the station knows it now; later links and removals are seen by asking from the beginning.
    """
    found = kit.store.rows("clips_after", after=after, count=min(most, MOST_ROWS))
    clips = ((clip_of(row), bool(row["linked"]), row["unit"] or kit.settings.station.unit) for row in found)
    return Page(list(entries(clips, in_vault(kit), kit)), int(found[-1]["seq"]) if len(found) == min(most, MOST_ROWS) else None)


def whole_index(kit: Kit) -> Iterator[Entry]:
    """Every clip of the station, page by page."""
    after: int | None = -1
    while after is not None:
        page = index_page(kit, after, MOST_ROWS)
        yield from page.rows
        after = page.following


def push_cases(kit: Kit, cases: Sequence[Mapping[str, object]], by: str) -> CaseReport:
    """State what a case system sent; all of it, or nothing when one row is not valid (the report names each).

    Pushing the same again states nothing. Raises BadInput for what is no list of cases.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pushed.csv"
        path.write_bytes(_table(cases))
        report = inspect_cases(path, kit)
        if not report.file.invalid:
            import_cases(path, report, by, kit)
    return report


def _is_text(value: str) -> bool:
    """JSON may hold halves of characters, which no file does."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _table(cases: Sequence[Mapping[str, object]]) -> bytes:
    """The same table that a person would bring, so that one set of rules reads both."""
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, extrasaction="raise")
    writer.writeheader()
    for number, case in enumerate(cases, 1):
        if unknown := sorted(set(case) - set(FIELDS)):
            raise BadInput(path=f"第 {number} 条", detail=f"不认识的字段：{'、'.join(map(str, unknown))[:100]}")
        if any(not isinstance(value, str) or len(value) > LONGEST or not _is_text(value) for value in case.values()):
            raise BadInput(path=f"第 {number} 条", detail=f"每个字段应为不超过 {LONGEST} 个字符的文字")
        writer.writerow({key: str(value) for key, value in case.items()})
    return out.getvalue().encode()
