"""Clips a page at a time, the newest first: a station holds a million."""

from __future__ import annotations

from avrecord.ledger.cases import case_number
from avrecord.pipeline.kit import Kit
from avrecord.reads.answer import Answer
from avrecord.reads.clips import COLUMNS, row_of
from avrecord.store.records import clip_of

PAGE = 100
LAST = "9999"  # after every moment
MOST = 10_000  # rows of a workbook: what a person can still go through


def clip_page(kit: Kit, filters: dict[str, str], *, after: str = "", most: int = PAGE) -> Answer:
    """At most `most` clips after a key (`<moment>~<id>`, as `extra["next"]` gives it).

    Filters: case_no, recorder, officer, unit, place (a part of a linked stage's), since, until
    (UTC text), state (sealed, set_aside, pending, unlinked).
    """
    empty = dict.fromkeys(("case_no", "recorder", "officer", "unit", "place", "since", "until", "state"), "")
    moment, _, beyond = after.partition("~")
    asked = empty | filters
    asked["until"] = asked["until"] or LAST
    asked["case_no"] = case_number(asked["case_no"]) if asked["case_no"] else ""
    rows = kit.store.rows("clips_page", **asked, after=moment or LAST, after_id=beyond, limit=most + 1)
    more = len(rows) > most
    rows = rows[:most]
    found = [clip_of(row) for row in rows]
    shown = [row_of(clip, kit.records.examination(clip.id)) for clip in found]
    last = rows[-1] if rows else None
    following = f"{last['moment']}~{last['clip_id']}" if more and last else None
    notes = ["时间按采集站的时钟；记录仪时间不明的按封存时间排列。", *(["本页之后还有。"] if more else [])]
    return Answer("clip_page", "片段", COLUMNS, shown, {"count": len(shown), "next": following}, notes)
