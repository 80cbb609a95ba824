"""Campaigns: mass work over the clips of many stations. What is to be done, by whom it may be done, how far it is."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from avrecord import durable
from avrecord.bureau import asking, stations
from avrecord.bureau.book import Asked, Book, Item, Rows, in_chunks
from avrecord.bureau.reply import Read, leave_receipt
from avrecord.bureau.scope import Scope
from avrecord.errors import AvrecordError, UnknownName
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
    if kind == "archive":
        asking.archive_disk(kit)  # before any station is asked: it is no station's trouble
    with book(kit) as found:
        if kind == "archive" and (same := found.rows.row("same_unfinished", kind=kind, scope=scope.text, store=store)):
            return str(same["campaign"])  # two would write one bag: the one that was begun goes on
        chunks: list[tuple[str, tuple[Item, ...]]] = []
        reached: dict[str, int] = {}
        for station in [scope.station] if scope.station else names:
            row = found.rows.row("reached", station=station, store=store)
            before = row["seq"] if row else -1
            try:
                with stations.alone(station):
                    items, last = asking.items(station, store, scope, before if scope.new else -1, kind, kit)
            except AvrecordError as error:
                if scope.station:
                    raise
                kit.tell("station_failed", station=station, detail=str(error))
                continue
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


def keys_of(station: str, kit: Place) -> dict[bytes, Span]:
    """Clip keys of a station by its proved log, each with the leaves that it signs for."""
    with stations.index(station, kit) as index:
        rows = [row for row in index.rows("announced_keys") if row["role"] == "clip"]
    found: dict[bytes, Span] = {}
    for row in rows:
        try:
            public = sshsig.public_of(row["public"])
        except sshsig.Malformed:
            continue  # it signs nothing that could be checked
        if public not in found:
            found |= {before: Span(span.since, row["seq"]) for before, span in found.items() if span.until is None}
            found[public] = Span(row["seq"])
    return found


def leave_receipts(kit: Kit, objects: Objects) -> int:
    """Sign for the clips of chunks of this store that are done and have no receipt; how many clips. Again: only what is new.

    The bureau's clip key signs, so this is done where the bureau's keys are, not by a worker. A worker says what it read; that
    such a clip was asked for, and that the station's proved log has it there, is looked up here. One station's trouble keeps no
    other waiting.
    """
    signed, troubled = 0, set[str]()
    with book(kit) as found:
        for row in found.rows.rows("without_receipt", store=objects.name):
            if row["station"] in troubled or stations.frozen_for(row["station"], kit):
                continue
            try:
                with stations.alone(row["station"]):
                    signed += _sign_chunk(found, row, objects, kit)
            except AvrecordError as error:
                troubled.add(row["station"])
                kit.tell("receipt_failed", station=row["station"], detail=str(error))
    return signed


def _sign_chunk(found: Book, row: dict[str, Any], objects: Objects, kit: Kit) -> int:
    results = found.rows.rows("results_of_chunk", campaign=row["campaign"], number=row["number"])
    asked = {(fields[0], fields[2]) for fields in json.loads(row["items"])}
    said = [each for each in results if each["finding"] == "OK" and (each["clip_id"], each["stored"]) in asked]
    with stations.index(row["station"], kit) as index:
        known = {(clip["clip_id"], clip["stored"]) for each in said for clip in index.rows("one_clip", clip_id=each["clip_id"])}
    sound = [each for each in said if (each["clip_id"], each["stored"]) in known]
    receipt = ""
    if sound:
        head = stations.witness(kit).last_text(origin_of(row["station"])).split("\n")[:3]
        read = Read(row["station"], min(each["at"] for each in sound), max(each["at"] for each in sound))
        receipt = leave_receipt(objects, read, head, [(each["clip_id"], each["stored"]) for each in sound], kit)
    with found.rows.writing() as run:
        run("set_receipt", campaign=row["campaign"], number=row["number"], receipt=receipt)
    return len(sound)


def cancel(kit: Place, campaign: str) -> None:
    """End a campaign; what it found stays. What it did not come to is new again for the next one that asks for new clips.

    Raises UnknownName for one that has ended.
    """
    with book(kit) as found:
        assert_open(found, campaign, kit)
        left: dict[str, set[str]] = {}
        for number in found.waiting(campaign):
            row = found.rows.row("one_chunk", campaign=campaign, number=number) or {}
            left.setdefault(row["station"], set()).update(fields[0] for fields in json.loads(row["items"]))
        found.set_state(campaign, "cancelled")
        asked = found.rows.row("one_campaign", campaign=campaign)
        if asked is None or asked["kind"] != "verify":
            return
        for station, clips in left.items():
            with stations.index(station, kit) as index:
                rows = index.rows("clips_in_store", store=asked["store"], after=-1, since="")
            before = found.rows.row("reached", station=station, store=asked["store"])
            first = min((row["sent_seq"] for row in rows if row["clip_id"] in clips), default=None)
            if before and first is not None and first <= before["seq"]:
                with found.rows.writing() as run:
                    run("set_reached", station=station, store=asked["store"], seq=first - 1)


def progress(found: Book, campaign: str, kit: Place) -> Progress:
    """How far a campaign is. One that was paused while its last chunk was in hand is done. Raises UnknownName."""
    row = found.rows.row("one_campaign", campaign=campaign)
    if row is None:
        raise UnknownName(what="批量任务", name=campaign)
    done = found.rows.row("progress", campaign=campaign) or {}
    finished = done["chunks"] == row["chunks"]
    state = "done" if finished and row["state"] != "cancelled" else row["state"]
    return Progress(
        campaign, row["kind"], row["scope"], row["store"], row["asked_by"], row["asked_at"], state, row["clips"], row["bytes"],
        row["chunks"], done["clips"], done["bytes"], done["chunks"], done["bad"], None if finished else _left(row, done, kit),
    )  # fmt: skip


def assert_open(found: Book, campaign: str, kit: Place) -> None:
    """Raises UnknownName for a campaign that is done or cancelled: what has ended is not opened again."""
    if progress(found, campaign, kit).state not in ("running", "paused"):
        raise UnknownName(what="未结束的任务", name=campaign)


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
