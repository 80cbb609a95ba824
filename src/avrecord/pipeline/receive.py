"""A card becomes sealed clips. The card is only read and is left as it was."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field

from avrecord import durable
from avrecord.dock.identify import identify
from avrecord.dock.listing import LARGEST, list_files, opened, settled_files
from avrecord.dock.places import overlaps
from avrecord.dock.turns import Turn
from avrecord.dock.volumes import appeared, shown
from avrecord.errors import CardError, CardGone, NameTaken, NoSpace, ReadBackFailed, SourceChanged
from avrecord.model.card import Card, SourceFile, Volume
from avrecord.model.moments import utc_text
from avrecord.model.statement import Body, CardRemovedEarly, CardSeen, ClipSeenAgain
from avrecord.pipeline.desk import Desk, Handed, at_desk
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import catch_up, state
from avrecord.store import documents
from avrecord.vault.folder import Part

ON_THE_WAY = 64  # files of one card that are copied and not yet sealed: two batches of the desk, so that none is half empty
BYTES_ON_THE_WAY = 256 << 20  # on the disk, not in memory
PROBE = 65_536
_numbers = itertools.count()
FAILED = (CardError, ReadBackFailed, NameTaken, NoSpace, OSError)
"""What keeps one file from being taken and not the next. A broken log, database or key ends the docking."""


@dataclass(slots=True)
class Receipt:
    """What one docking brought. `complete`: every listed file is sealed and the card was still there."""

    title: str
    recorder: str | None
    files: int
    sealed: int = 0
    set_aside: int = 0
    again: int = 0
    unchanged: int = 0
    bytes: int = 0
    complete: bool = False
    problem: str | None = None
    no_space: bool = False
    failed: tuple[str, ...] = ()
    docking: str = ""
    left: set[SourceFile] = field(default_factory=set)
    """Files that are not sealed yet."""
    removed_early: bool = False


def receive(volume: Volume, kit: Kit, desk: Desk | None = None) -> Receipt:
    """Take everything on a card that the station does not hold yet.

    Never raises for a card that is pulled meanwhile: the receipt says so and the log says what was
    left. Raises CardError for a card that cannot be listed; a broken log and the like raise too.
    Asking again later goes on from there. Several cards are taken at once by giving them one desk.
    """
    if inside := overlaps(volume.root, kit.folders):
        raise CardError(card=volume.label or volume.root, detail=f"这是采集站自己的目录（{inside.name}），不是存储卡")
    kit.tell("settling", card=volume.label or volume.root)
    files = settled_files(volume, kit.settings.dock.settle_seconds)
    card = card_of(volume, files, kit)
    with at_desk(kit, desk) as at:
        catch_up(kit)
        return _Taking(card, kit, at).all()


class _Taking:
    """One card being taken: what is on its way, and what is left."""

    def __init__(self, card: Card, kit: Kit, desk: Desk) -> None:
        self.card, self.kit, self.desk = card, kit, desk
        self.receipt = Receipt(card.title, card.recorder, len(card.files))
        self.receipt.left = self.left = set(card.files)
        self._handed: deque[tuple[SourceFile, Future[Body]]] = deque()

    def all(self) -> Receipt:
        card, kit = self.card, self.kit
        docking = self.receipt.docking = _arrival(card, kit, self.desk)
        kit.tell("card", card=card.title, recorder=card.recorder, files=len(card.files), bytes=sum(f.size for f in card.files))
        try:
            try:
                for file in _in_order(card):
                    self._one(file, docking)
            except CardGone:
                self._collect(0)  # what was copied before it was pulled is sealed all the same
                raise
            self._collect(0)
            self.receipt.complete = not self.left and list_files(card.volume) == card.files
        except CardGone as error:
            self.receipt.problem = str(error)
            removed_early(self.receipt, kit)
        return self.receipt

    def _one(self, file: SourceFile, docking: str) -> None:
        card, kit = self.card, self.kit
        if self._is_held(file):
            self.receipt.unchanged += 1
            self._settled(file)
            return
        try:
            kit.tell("waiting", card=card.title)
            with self.desk.turns.turn(urgent=self._is_urgent(file)) as turn:
                kit.tell("taking", card=card.title, file=file.shown, size=file.size)
                part = _copy(card, file, kit, turn)
            kit.tell("handed", card=card.title)
        except CardGone:
            raise
        except FAILED as error:
            self._failed(file, error)
            return
        self._handed.append((file, self.desk.hand_over(Handed(card, docking, file, part))))
        while len(self._handed) > ON_THE_WAY or (len(self._handed) > 1 and self._bytes_on_the_way() > BYTES_ON_THE_WAY):
            self._collect(len(self._handed) - 1)
        self._collect(len(self._handed))

    def _is_held(self, file: SourceFile) -> bool:
        """With `recheck = "full"` a known file is read whole, which takes its turn among the cards as a copy does."""
        if self.kit.settings.dock.recheck == "full":
            with self.desk.turns.turn(urgent=self._is_urgent(file)):
                return _is_held(self.card.recorder, self.card.volume, file, self.kit)
        return _is_held(self.card.recorder, self.card.volume, file, self.kit)

    def _is_urgent(self, file: SourceFile) -> bool:
        return self.card.claims[file.path].important or self.card.recorder in self.kit.settings.dock.priority

    def _bytes_on_the_way(self) -> int:
        return sum(file.size for file, _ in self._handed)

    def _collect(self, most: int) -> None:
        """Wait until at most `most` files are on their way, and count what came of the others."""
        while len(self._handed) > most or (self._handed and self._handed[0][1].done()):
            file, body = self._handed.popleft()
            try:
                _count(self.receipt, body.result(), file)
            except FAILED as error:
                self._failed(file, error)
            else:
                self._settled(file)

    def _settled(self, file: SourceFile) -> None:
        self.left.discard(file)
        self.kit.tell("settled", card=self.card.title, file=file.shown, bytes=file.size, left=len(self.left))

    def _failed(self, file: SourceFile, error: Exception) -> None:
        """One file does not keep the others from being taken: the next may be readable, or fit."""
        self.kit.tell("file_failed", card=self.card.title, file=file.shown, why=str(error))
        self.receipt.failed += (file.shown,)
        if isinstance(error, NoSpace):
            self.receipt.problem, self.receipt.no_space = str(error), True


def _arrival(card: Card, kit: Kit, desk: Desk) -> str:
    """State the card and its manifest, unless this very docking was stated already; return its id."""
    manifest = documents.manifest(card.files)
    place = volume_key(card.volume)
    last = kit.records.last_manifest(place)
    if last and last["manifest"] == hashlib.sha256(manifest).hexdigest():
        return str(last["docking"])
    at = utc_text(kit.clock())
    docking = hashlib.sha256(f"{kit.station} {place} {at}".encode() + manifest).hexdigest()[:16]
    clock = card.clock
    body = CardSeen(
        docking=docking,
        recorder=card.recorder,
        profile=card.profile,
        volume=place,
        filesystem=card.volume.filesystem,
        manifest=kit.attachments.put(manifest),
        files=len(card.files),
        bytes=min(sum(file.size for file in card.files), LARGEST),
        clock_offset_ms=clock.offset_ms if clock else None,
        clock_uncertainty_ms=clock.uncertainty_ms if clock else None,
        clock_method=clock.method if clock else None,
        battery_percent=card.battery,
        facts=kit.attachments.put(facts) if (facts := documents.card_facts(card.facts)) else None,
    )
    desk.arrivals.state(body)
    return docking


def volume_key(volume: Volume) -> str:
    """One docking of one volume: a new mount is a new docking, a folder is one for ever."""
    root = shown(volume.root)
    if volume.kind == "folder":
        return f"folder:{root}"
    return f"mount:{root}#{volume.mount_id}@{volume.device}"


def _in_order(card: Card) -> list[SourceFile]:
    """Files marked important on the recorder first, then by path; what no recorder made comes last, and comes."""
    claims = card.claims
    return sorted(card.files, key=lambda file: (claims[file.path].ignored, not claims[file.path].important, file.path))


def _is_held(recorder: str | None, volume: Volume, file: SourceFile, kit: Kit) -> bool:
    """Whether the vault holds this file: same path, size and time, and the same first and last bytes (or, by policy, all).

    Names repeat after a clock reset and FAT times shift by whole hours, so neither is trusted alone.
    """
    known = kit.records.known(recorder, file)
    if known is None:
        return False
    stored = kit.vault.path(known[1])
    try:
        if kit.store.row("expired_clip", clip_id=known[0].hex):  # kept as long as it had to be: not taken again
            with opened(volume, file) as card:
                return card.digest(file.size) == known[0].hex
        with opened(volume, file) as card, durable.open_regular(stored) as ours:
            if kit.settings.dock.recheck == "full" and card.digest(file.size) != known[0].hex:
                return False
            ends = (0, max(0, file.size - PROBE))
            return os.fstat(ours.fileno()).st_size == file.size and all(
                card.read(at, PROBE) == os.pread(ours.fileno(), PROBE, at) for at in ends
            )
    except CardGone:
        raise
    except (OSError, CardError):
        return False


def _copy(card: Card, file: SourceFile, kit: Kit, turn: Turn) -> Part:
    """Copy one file. Raises SourceChanged when it was not the same any more afterwards; the part is gone then."""
    # The ticket ends with its process: two that take one card at once do not write into each other's part, and what a
    # dead one left behind is known as such.
    name = hashlib.sha256(f"{card.recorder} {volume_key(card.volume)} {file.size} ".encode() + file.path).hexdigest()[:24]

    def progress(at: int) -> None:
        turn.moved()
        kit.tell("copied", card=card.title, file=file.shown, bytes=at)

    ticket = f"{name}-{next(_numbers)}.{durable.owner()}"
    part = None
    try:
        with opened(card.volume, file) as source:
            part = kit.vault.write(source, file.size, ticket, progress)
            if part.size != file.size:  # a dying reader may end early without an error
                raise SourceChanged(card=source.title, detail=f"只读到 {part.size}/{file.size} 字节")
    except BaseException:
        if part:
            part.path.unlink(missing_ok=True)
        raise
    return part


def removed_early(receipt: Receipt, kit: Kit) -> None:
    """State that a card went away before all of it was taken. Once for each docking, and not for one that lacks nothing."""
    if receipt.removed_early or not receipt.left:
        return
    document = kit.attachments.put(documents.manifest(receipt.left))
    receipt.removed_early = True
    state(kit, [CardRemovedEarly(docking=receipt.docking, recorder=receipt.recorder, left=document, files=len(receipt.left))])


def card_of(volume: Volume, files: tuple[SourceFile, ...], kit: Kit) -> Card:
    """The card that these files of a volume make, by the station's profiles. Raises CardGone."""
    now = kit.clock()

    def read(file: SourceFile, at: int, most: int) -> bytes:
        return read_text(volume, file, at, most)

    return identify(volume, files, kit.profiles, read, now, appeared(volume, now))


def read_text(volume: Volume, file: SourceFile, at: int, most: int) -> bytes:
    """Bytes of a text file on a card for its profile; none where they cannot be read: a bad sector in a log stops nothing."""
    try:
        with opened(volume, file) as source:
            return source.read(at, most)
    except CardGone:
        raise
    except CardError:
        return b""


def _count(receipt: Receipt, body: Body, file: SourceFile) -> None:
    if isinstance(body, ClipSeenAgain):
        receipt.again += 1
    elif body.kind == "clip.set_aside":
        receipt.set_aside += 1
        receipt.bytes += file.size
    else:
        receipt.sealed += 1
        receipt.bytes += file.size
