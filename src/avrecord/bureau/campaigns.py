"""Campaigns: mass work over the clips of many stations. What is to be done, by whom it may be done, how far it is."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from avrecord import durable
from avrecord.bureau import stations
from avrecord.bureau.book import Asked, Book, Item, Rows, in_chunks
from avrecord.bureau.reply import leave_receipt
from avrecord.errors import UnknownName
from avrecord.model.moments import from_utc_text, utc_text
from avrecord.pipeline.kit import Kit, Place
from avrecord.seal import sshsig
from avrecord.seal.keys import origin_of
from avrecord.seal.verify import Span
from avrecord.store.sqlite import Store
from avrecord.vault.objects import Objects

PART = "campaigns"
FILE = "campaigns.db"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which clips: of one station or all, sealed since a moment (UTC text), or only those that no campaign had yet."""

    station: str | None = None
    since: str = ""
    new: bool = False

    @property
    def text(self) -> str:
        words = [self.station or "*", f"since {self.since}" if self.since else "", "new" if self.new else ""]
        return " ".join(filter(None, words))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign is. `left`: time that the rest takes at the rate until now, None while nothing tells."""

    campaign: str
    kind: str
    scope: str
    store: str
    asked_by: str
    asked_at: str
    state: str
    clips: int
    bytes: int
    chunks: int
    clips_done: int
    bytes_done: int
    chunks_done: int
    bad: int
    left: timedelta | None


@contextmanager
def book(kit: Place) -> Iterator[Book]:
    """The book of this bureau: in PostgreSQL where the settings name one, else a file beside the stations' indexes."""
    with closing(_rows(kit)) as rows:
        yield Book(rows, lambda: utc_text(kit.clock()))


Enqueue = Callable[[Rows, str, int], None]
"""Given the rows in whose transaction it is, the campaign, and how many chunks that has."""


def open_campaign(
    kit: Kit, store: str, scope: Scope, by: str, enqueue: Enqueue | None = None, kind: str = "verify"
) -> str | None:
    """Write work over what lies in a store down; its name, or None when there is nothing to do.

    `enqueue` is done in the same transaction. Raises UnknownName for a station that is not trusted.
    """
    names = stations.trusted(kit)
    if scope.station is not None and scope.station not in names:
        raise UnknownName(what="受信任的采集站", name=scope.station)
    with book(kit) as found:
        chunks: list[tuple[str, tuple[Item, ...]]] = []
        reached: dict[str, int] = {}
        for station in [scope.station] if scope.station else names:
            row = found.rows.row("reached", station=station, store=store)
            before = row["seq"] if row else -1
            items, last = _items(station, store, scope, before if scope.new else -1, kind, kit)
            chunks += in_chunks(station, items)
            # Only what verifies all since the last one moves the edge on.
            if kind == "verify" and (scope.new or not scope.since):
                reached[station] = max(before, last)
        if not chunks:
            return None
        # Clocks stand still and step back; a name is given once.
        name = f"{kit.clock():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        asked = Asked(name, kind, scope.text, store, by)
        found.open(asked, chunks, reached, lambda rows: enqueue(rows, name, len(chunks)) if enqueue else None)
        return name


def _items(station: str, store: str, scope: Scope, after: int, kind: str, kit: Kit) -> tuple[list[Item], int]:
    """A station's clips in a store, as its proved log states them, and the last upload among them."""
    if not stations.is_taken(station, kit):
        return [], -1
    with stations.index(station, kit) as index:
        rows = index.rows("clips_in_store", store=store, after=after, since=scope.since)
        if kind == "examine":
            rows = [row for row in rows if row["media"] in ("video", "audio", "photo")]
    items = [Item(row["clip_id"], row["seq"], row["stored"], row["size"], row["seen"] or "") for row in rows]
    return items, max((row["sent_seq"] for row in rows), default=-1)


def keys_of(station: str, kit: Place) -> dict[bytes, Span]:
    """Clip keys of a station by its proved log, each with the leaves that it signs for."""
    with stations.index(station, kit) as index:
        rows = [row for row in index.rows("announced_keys") if row["role"] == "clip"]
    found: dict[bytes, Span] = {}
    for row in rows:
        public = sshsig.public_of(row["public"])
        if public not in found:
            found |= {before: Span(span.since, row["seq"]) for before, span in found.items() if span.until is None}
            found[public] = Span(row["seq"])
    return found


def leave_receipts(kit: Kit, objects: Objects, campaign: str) -> int:
    """Sign for the clips of chunks that are done, and leave the receipts in the store; how many clips. Again: only what is new.

    The bureau's clip key signs, so this is done where the bureau's keys are, not by a worker.
    """
    signed = 0
    with book(kit) as found:
        asked = found.rows.row("one_campaign", campaign=campaign)
        if asked is None or asked["kind"] != "verify":
            return 0  # a look says nothing of seals
        for row in found.rows.rows("without_receipt", campaign=campaign):
            sound = [
                (each["clip_id"], each["stored"])
                for each in found.rows.rows("results_of_chunk", campaign=campaign, number=row["number"])
                if each["finding"] == "OK"
            ]
            head = stations.witness(kit).last_text(origin_of(row["station"])).split("\n")[:3]
            receipt = leave_receipt(objects, row["station"], head, sound, kit) if sound else ""
            with found.rows.writing() as run:
                run("set_receipt", campaign=campaign, number=row["number"], receipt=receipt)
            signed += len(sound)
    return signed


def progress(found: Book, campaign: str, kit: Place) -> Progress:
    """Raises UnknownName."""
    row = found.rows.row("one_campaign", campaign=campaign)
    if row is None:
        raise UnknownName(what="核验任务", name=campaign)
    done = found.rows.row("progress", campaign=campaign) or {}
    finished = done["chunks"] == row["chunks"]
    state = "done" if finished and row["state"] == "running" else row["state"]
    return Progress(
        campaign, row["kind"], row["scope"], row["store"], row["asked_by"], row["asked_at"], state, row["clips"], row["bytes"],
        row["chunks"], done["clips"], done["bytes"], done["chunks"], done["bad"], None if finished else _left(row, done, kit),
    )  # fmt: skip


def _left(row: dict[str, Any], done: dict[str, Any], kit: Place) -> timedelta | None:
    if not done["begun_at"] or not done["bytes"]:
        return None
    spent = (kit.clock() - from_utc_text(done["begun_at"])).total_seconds()
    return timedelta(seconds=spent * max(0, row["bytes"] - done["bytes"]) / int(done["bytes"]))


def _rows(kit: Place) -> Rows:
    if address := kit.settings.bureau.database:
        rows: Rows = stations.postgres(address, "campaigns", PART)
        return rows
    durable.make_folder(kit.root / stations.FOLDER)
    return Store(kit.root / stations.FOLDER / FILE, PART)
