"""One round over the object store: each trusted station's log fetched, proved, indexed, cosigned, and the answer left there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from avrecord import durable
from avrecord.bureau import stations
from avrecord.bureau.ingest import Ingested, Published, ingest
from avrecord.bureau.mirror import StoredAttachments, fetch_log, forget
from avrecord.bureau.reply import leave_cosigned
from avrecord.errors import AvrecordError, LogBroken, ObjectMissing, StoreLogDiffers
from avrecord.pipeline.answered import LARGEST
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.replies import COSIGNED
from avrecord.pipeline.storing import reply_prefix
from avrecord.seal import note
from avrecord.seal.note import BadNote
from avrecord.seal.witness import Request
from avrecord.vault.objects import Objects


@dataclass(frozen=True, slots=True)
class Round:
    """What came of one station. `found` is None when nothing lies in the store, or `problem` kept it from being taken."""

    station: str
    found: Ingested | None
    problem: AvrecordError | None = None


def take_all(objects: Objects, kit: Kit) -> Iterator[Round]:
    """Every trusted station in turn. What is wrong with one keeps no other from being taken."""
    for station in stations.trusted(kit):
        try:
            with stations.alone(station):
                found = take_from_store(objects, station, kit)
            yield Round(station, found)
        except AvrecordError as error:
            yield Round(station, None, error)


def take_from_store(objects: Objects, station: str, kit: Kit) -> Ingested | None:
    """One station; None when it has put nothing into the store. Raises what `ingest` does, and StoreProblem.

    Files that fit no checkpoint are fetched once more, all of them: then it was this disk. Those that still do not fit are kept
    beside, because they may prove a second past.
    """
    memory, keys = stations.memory(station, kit), stations.keys_of(station, kit)
    published = Published(station, memory / "log", StoredAttachments(memory / "attachments", lambda: objects, station), keys)
    durable.make_folder(memory)
    if not fetch_log(objects, station, published.log, keys):
        return None
    _remember(objects, published, kit)
    try:
        found = _ingest(published, kit)
    except LogBroken:
        anew = Published(station, memory / "log.anew", published.attachments, keys)
        forget(anew.log)
        fetch_log(objects, station, anew.log, keys)
        try:
            found = _ingest(anew, kit)
        except LogBroken as error:  # not this disk: the store's files, which accuse nobody
            raise StoreLogDiffers(station=station, detail=str(error.facts["detail"])) from error
        forget(published.log)
        anew.log.rename(published.log)
    leave_cosigned(objects, station, stations.witness(kit).last_text(published.origin))
    return found


def _remember(objects: Objects, published: Published, kit: Kit) -> None:
    """After the loss of this bureau's disk: what it cosigned last lies in the store, under its own signature.

    Without it a station that went on from an old image meanwhile would be met as if for the first time.
    """
    witness = stations.witness(kit)
    if witness.last(published.origin) is not None:
        return
    try:
        signed = objects.get(f"{reply_prefix(published.station)}{COSIGNED}", LARGEST).decode("utf-8")
        note.open_note(signed, list(published.keys))
        ours = note.cosignatures(signed, [witness.verifier])
    except (ObjectMissing, BadNote, UnicodeDecodeError):
        return
    if ours:
        witness.add(Request(0, (), signed).text)


def _ingest(published: Published, kit: Kit) -> Ingested:
    with stations.index(published.station, kit) as rows:
        return ingest(published, rows, stations.witness(kit), stations.memory(published.station, kit))
