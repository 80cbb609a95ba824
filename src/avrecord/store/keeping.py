"""Rows ↔ what the keeping of clips is decided by. Pages, since a station may hold millions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from avrecord.model.checklist import Checklist
from avrecord.model.keeping import Hold
from avrecord.store import documents
from avrecord.store.records import Records
from avrecord.store.sqlite import Row

PAGE = 2000


@dataclass(frozen=True, slots=True)
class Version:
    """An adopted version of the list and the leaf that adopted it."""

    checklist: Checklist
    seq: int


@dataclass(frozen=True, slots=True)
class Versions:
    """Which version is in force on a day. One that is asked "what if" comes last, as if it were adopted now."""

    known: tuple[Version, ...]

    def on(self, day: date) -> Version | None:
        in_force = [each for each in self.known if each.checklist.in_force_from <= day]
        return max(in_force, key=lambda each: (each.checklist.in_force_from, each.seq), default=None)

    def with_new(self, checklist: Checklist) -> Versions:
        """As it would be with this one adopted: a version of the same name and number is replaced."""
        same = (checklist.name, checklist.version)
        others = [each for each in self.known if (each.checklist.name, each.checklist.version) != same]
        newest = max((each.seq for each in self.known), default=-1) + 1
        return Versions((*others, Version(checklist, newest)))


def versions(records: Records) -> Versions:
    rows = records.store.rows("adopted_checklists")
    return Versions(tuple(Version(documents.read_checklist(records.fetch(r["checklist"])), r["seq"]) for r in rows))


def holds(records: Records) -> list[Hold]:
    """Open holds."""
    rows = [row for row in records.store.rows("all_holds") if row["lifted_seq"] is None]
    return [
        Hold(r["seq"], r["clip_id"], r["case_no"], r["recorder"], _day(r["since"]), _day(r["until"]))
        for r in rows
    ]  # fmt: skip


def pages(records: Records, before: str) -> Iterator[tuple[list[Row], dict[str, list[Row]]]]:
    """Clips in the vault that were sealed before a moment, page by page, with the stages of each."""
    after = -1
    while page := records.store.rows("keeping_page", after=after, before=before, limit=PAGE):
        after = page[-1]["seq"]
        yield page, links(records, page[0]["seq"], after)


def one(records: Records, clip: str) -> tuple[Row, list[Row]] | None:
    """One clip in the vault with its stages; None where it is not there any more, or never was."""
    row = records.store.row("keeping_one", clip_id=clip)
    return (row, links(records, row["seq"], row["seq"]).get(clip, [])) if row else None


def links(records: Records, first: int, last: int) -> dict[str, list[Row]]:
    """Stages by clip, of the clips sealed by these leaves."""
    found: dict[str, list[Row]] = {}
    for row in records.store.rows("keeping_links", first=first, last=last):
        found.setdefault(row["clip_id"], []).append(row)
    return found


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
