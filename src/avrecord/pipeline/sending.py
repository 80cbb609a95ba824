"""A station's log and attachments on their way to the object store: static files, in an order that makes the last one a promise.

First what the leaves name, then the tiles, then the checkpoint. So whoever finds a checkpoint of N leaves finds all that they
name, and what was sent is known from the checkpoint that lies there, not from a flag of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from avrecord import durable
from avrecord.errors import EvidenceError, LogBehind, LogForked, ObjectMissing, StoreLogDiffers
from avrecord.model.moments import utc_text
from avrecord.model.statement import AttachmentsLost, Statement
from avrecord.pipeline.journalling import send_journal
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import state
from avrecord.pipeline.storing import attachment_key, station_prefix
from avrecord.seal import note, tiles
from avrecord.seal.codec import decode
from avrecord.seal.merkle import CompactRange
from avrecord.seal.note import LARGEST_CHECKPOINT, BadNote, Checkpoint, uint16
from avrecord.seal.proof import hashes_of, peaks
from avrecord.seal.verify import ATTACHED, DIGEST
from avrecord.store import documents
from avrecord.vault.attachments import Attachments
from avrecord.vault.objects import Objects

OWED = "sync-owed"
LOST_AFTER = timedelta(days=1)
LOST_AT_ONCE = 256  # digests in one statement


@dataclass(frozen=True, slots=True)
class SentLog:
    """`size`: leaves that the store has now; `attachments`: files sent; `absent`: digests that are not on this disk."""

    size: int
    attachments: int
    absent: tuple[str, ...]


def send_log(objects: Objects, kit: Kit, again: bool = False) -> SentLog:
    """Send what the store lacks of the log. `again`: look for all of it, whatever its checkpoint promises.

    Raises LogBehind when the store has more of this log than this station: it was restored from an old image, and what is
    there is kept. Raises LogForked when this station's own key signed
    another past there, StoreLogDiffers for what is no checkpoint of this log, StoreProblem.
    """
    signed = kit.log.checkpoint()
    now = Checkpoint.claimed(signed)
    published = published_size(objects, kit, now)  # refuses, whatever is asked for
    there = 0 if again else published
    owed = Owed(kit.root / OWED, objects.now() or kit.clock())
    sent = 0
    for digest in dict.fromkeys((*owed.read(), *_named(kit, there, now.size))):
        if is_gone(digest, kit):  # also where a bad sector keeps it from being read: nothing else waits for it
            owed.add(digest)
            continue
        try:
            sent += objects.put_file(attachment_key(kit.station, digest), kit.attachments.path(digest), digest)
            owed.discard(digest)
        except EvidenceError:
            owed.add(digest)  # altered since, or other bytes are in the store: `verify` names it
    owed.write()
    if published < now.size or again:
        for key, content in _tiles(kit.log.folder, there, now.size):
            objects.put(f"{station_prefix(kit.station)}log/{key}", content)
        objects.replace(f"{station_prefix(kit.station)}log/checkpoint", signed.encode())
        # After it: a crash between the two leaves a journal that lacks its last record, and never one that says more.
        send_journal(objects, kit.station, kit.log.folder, signed)
    return SentLog(now.size, sent, tuple(sorted(owed.read())))


class Owed:
    """Attachments that a checkpoint in the store promises and that could not be sent, and since when: asked for again at every
    round. A line for each: its digest, and a UTC moment."""

    def __init__(self, path: Path, now: datetime) -> None:
        self._path, self._now = path, utc_text(now)
        self._before = self._load()
        self._known = {digest: since or self._now for digest, since in self._before.items()}  # earlier versions wrote no time

    def read(self) -> tuple[str, ...]:
        return tuple(self._known)

    def before(self, edge: datetime) -> tuple[str, ...]:
        """Those that are owed since before a moment."""
        return tuple(digest for digest, since in self._known.items() if since < utc_text(edge))

    def add(self, digest: str) -> None:
        self._known.setdefault(digest, self._now)

    def discard(self, digest: str) -> None:
        self._known.pop(digest, None)

    def write(self) -> None:
        if self._known != self._before:
            durable.replace_with(self._path, "".join(f"{digest} {since}\n" for digest, since in self._known.items()).encode())

    def _load(self) -> dict[str, str]:
        lines = self._path.read_text("ascii").splitlines() if self._path.exists() else []
        found = (line.partition(" ") for line in lines)
        # A moment that lies ahead was written by a clock that was wrong: the day is counted anew.
        return {digest: since if since <= self._now else "" for digest, _, since in found if DIGEST.fullmatch(digest)}


def state_losses(objects: Objects, kit: Kit) -> int:
    """State which attachments this station does not have any more, each once; how many.

    Whoever indexes this log waits for what its leaves name. A day must have passed, since a disk may be off for an hour; by the
    store's clock where it has one, since this station's may jump.
    """
    now = objects.now() or kit.clock()
    owed = Owed(kit.root / OWED, now).before(now - LOST_AFTER)
    lost = [digest for digest in owed if kit.store.row("is_lost", digest=digest) is None and is_gone(digest, kit)]
    bodies = [AttachmentsLost(digests=tuple(lost[at : at + LOST_AT_ONCE])) for at in range(0, len(lost), LOST_AT_ONCE)]
    state(kit, bodies)
    return len(lost)


def is_gone(digest: str, kit: Kit) -> bool:
    """Whether an attachment cannot be read here as it was kept."""
    try:
        kit.attachments.get(digest)
    except (EvidenceError, OSError):
        return True
    return False


def published_size(objects: Objects, kit: Kit, now: Checkpoint) -> int:
    """Leaves that the store's checkpoint covers, proved to be the beginning of this log; 0 when there is none."""
    try:
        signed = objects.get(f"{station_prefix(kit.station)}log/checkpoint", LARGEST_CHECKPOINT).decode("utf-8")
        there = Checkpoint.parse(note.open_note(signed, list(kit.log_keys)))
    except ObjectMissing:
        return 0
    except (BadNote, UnicodeDecodeError) as error:
        raise StoreLogDiffers(station=kit.station, detail=f"检查点不是本站签名的（{error}）") from error
    if there.size > now.size:
        raise LogBehind(seen=there.size, size=now.size)
    if there.size and CompactRange(there.size, peaks(there.size, hashes_of(kit.log.folder, now.size))).root() != there.root:
        raise LogForked(size=there.size)
    return there.size


def _named(kit: Kit, first: int, size: int) -> Iterator[str]:
    """Every attachment that the leaves name, and what examinations among them name, each once."""
    told: set[str] = set()
    for index, entry in tiles.entries(kit.log.folder, first, size, size):
        for digest in named_by(decode(entry, index), kit.attachments):
            if digest not in told:
                told.add(digest)
                yield digest


def named_by(statement: Statement, attachments: Attachments) -> Iterator[str]:
    """Digests of the attachments of one statement."""
    for name in ATTACHED:
        digest = getattr(statement.body, name, None)
        if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
            continue
        yield digest
        if name == "examination":
            try:
                found = documents.read_examination(attachments.get(digest))
            except (EvidenceError, OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
                continue  # gone or altered: said of the attachment itself
            frames = [frame for seen in found.observations for frame in (seen.evidence, seen.crop)]
            yield from (
                frame for frame in (*frames, *(each.digest for each in found.offered)) if frame and DIGEST.fullmatch(frame)
            )


def _tiles(folder: Path, there: int, size: int) -> Iterator[tuple[str, bytes]]:
    """Keys and contents of the tiles that a log of `size` leaves has and one of `there` had not."""
    for level, number, width in tiles.added(there, size):
        if isinstance(level, int):
            content = b"".join(tiles.read_prefix(folder, level, number, width))
        else:
            first = number * tiles.WIDTH
            entries = [entry for _, entry in tiles.entries(folder, first, first + width, size)]
            content = b"".join(uint16(len(entry)) + entry for entry in entries)
        yield tiles.tile_path(Path(), level, number, width).as_posix(), content
