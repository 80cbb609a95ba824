"""A card becomes sealed clips. The card is only read and is left as it was."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import PurePosixPath

from avrecord import durable
from avrecord.dock.identify import identify
from avrecord.dock.listing import list_files, opened, settled_files
from avrecord.dock.volumes import appeared, shown
from avrecord.errors import CardError, CardGone, KeyProblem, NameTaken, NoSpace, ReadBackFailed
from avrecord.model.card import Card, SourceFile, Volume
from avrecord.model.moments import beijing, utc_text
from avrecord.model.statement import Body, CardRemovedEarly, CardSeen, ClipSeenAgain
from avrecord.pipeline import intents
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import catch_up, state
from avrecord.pipeline.sayings import seen_again, taken
from avrecord.store import documents
from avrecord.vault.folder import Copied
from avrecord.vault.names import safe_name, safe_path

BATCH_CLIPS = 32
BATCH_BYTES = 256 << 20
PROBE = 65_536


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


def receive(volume: Volume, kit: Kit) -> Receipt:
    """Take everything on a card that the station does not hold yet.

    Never raises for a card that is pulled meanwhile: the receipt says so and the log says what was
    left. Raises CardError for a card that cannot be listed; disk full, a broken log and the like
    raise too. Asking again later goes on from there. One card at a time: two that hold the same bytes
    would seal them twice.
    """
    files = settled_files(volume, kit.settings.dock.settle_seconds)
    now = kit.clock()

    def read(file: SourceFile, at: int, most: int) -> bytes:
        return read_text(volume, file, at, most)

    card = identify(volume, files, kit.profiles, read, now, appeared(volume, now))
    with durable.locked(kit.vault.incoming / intents.INTAKE_LOCK):
        catch_up(kit)
        _same_key(kit)
        return _Taking(card, kit).all()


class _Taking:
    """One card being taken: what is not stated yet, and what is left."""

    def __init__(self, card: Card, kit: Kit) -> None:
        self.card, self.kit = card, kit
        self.receipt = Receipt(card.title, card.recorder, len(card.files))
        self.left = set(card.files)
        self._bodies: list[Body] = []
        self._done: list[SourceFile] = []
        self._fresh: dict[str, str] = {}
        """Clip → place in the vault, for clips that this batch brought and the index does not know yet."""

    def all(self) -> Receipt:
        card, kit = self.card, self.kit
        docking = _arrival(card, kit)
        try:
            try:
                for file in _in_order(card):
                    self._one(file, docking)
            finally:
                self._flush()  # whatever ended the loop, what is in the vault is stated
            self.receipt.complete = not self.left and list_files(card.volume) == card.files
        except CardGone as error:
            self.receipt.problem = str(error)
            _removed_early(card, docking, self.left, kit)
        return self.receipt

    def _one(self, file: SourceFile, docking: str) -> None:
        card, kit, receipt = self.card, self.kit, self.receipt
        if _is_held(card.recorder, card.volume, file, kit):
            receipt.unchanged += 1
            self.left.discard(file)
            return
        kit.tell("taking", card=card.title, file=file.shown, size=file.size)
        try:
            body = _take(card, docking, file, self._fresh, kit)
        except CardGone:
            raise
        except (CardError, ReadBackFailed, NameTaken, NoSpace, OSError) as error:
            # One file does not keep the others from being taken: the next may be readable, or fit.
            kit.tell("file_failed", card=card.title, file=file.shown, why=str(error))
            receipt.failed += (file.shown,)
            if isinstance(error, NoSpace):
                receipt.problem, receipt.no_space = str(error), True
            return
        _count(receipt, body, file)
        self._bodies.append(body)
        self._done.append(file)
        if len(self._bodies) >= BATCH_CLIPS or sum(done.size for done in self._done) >= BATCH_BYTES:
            self._flush()

    def _flush(self) -> None:
        """State what has gathered, in one durable step."""
        bodies, self._bodies = self._bodies, []  # said once, whatever happens while saying it
        done, self._done = self._done, []
        self._fresh.clear()
        state(self.kit, bodies)
        intents.forget(self.kit, bodies)
        self.left -= set(done)


def _same_key(kit: Kit) -> None:
    """A process that waited while the clip key was changed would seal with a key that no longer counts."""
    row = kit.store.row("current_key", role="clip")
    if row and row["key_id"] != kit.sealer.key_id:
        raise KeyProblem(path=kit.root / "keys" / "clip.key", detail="片段密钥刚刚更换，请重新运行")


def _arrival(card: Card, kit: Kit) -> str:
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
        bytes=sum(file.size for file in card.files),
        clock_offset_ms=clock.offset_ms if clock else None,
        clock_uncertainty_ms=clock.uncertainty_ms if clock else None,
        clock_method=clock.method if clock else None,
        battery_percent=card.battery,
        facts=kit.attachments.put(facts) if (facts := documents.card_facts(card.facts)) else None,
    )
    state(kit, [body])
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
    """Whether the vault holds this file: same path, size and time, and the same first and last bytes.

    Names repeat after a clock reset and FAT times shift by whole hours, so neither is trusted alone.
    """
    known = kit.records.known(recorder, file)
    if known is None:
        return False
    stored = kit.vault.path(known[1])
    try:
        with opened(volume, file) as card, durable.open_regular(stored) as ours:
            ends = (0, max(0, file.size - PROBE))
            return os.fstat(ours.fileno()).st_size == file.size and all(
                card.read(at, PROBE) == os.pread(ours.fileno(), PROBE, at) for at in ends
            )
    except CardGone:
        raise
    except (OSError, CardError):
        return False


def _take(card: Card, docking: str, file: SourceFile, fresh: dict[str, str], kit: Kit) -> Body:
    """Copy, read back, seal and place one file; return what is to be stated of it."""
    ticket = hashlib.sha256(f"{card.recorder} {file.size} ".encode() + file.path).hexdigest()[:24]
    copied = None
    try:
        with opened(card.volume, file) as source:
            copied = kit.vault.copy(source, file.size, ticket, lambda at: kit.tell("copied", file=file.shown, bytes=at))
    except BaseException:
        if copied:  # copied well, but the card's file was not the same any more afterwards
            copied.part.unlink(missing_ok=True)
        raise
    known = kit.records.clip(copied.id)
    stored = known.stored if known else fresh.get(copied.id.hex)
    if stored is not None:
        _keep_once(copied, stored, kit)
        return seen_again(card, docking, file, copied)
    wanted = _place_for(card, file, kit)
    seal = kit.sealer.seal(copied.id.digest)
    body = taken(card, docking, file, copied, wanted.as_posix(), kit)
    stored = kit.vault.place(copied, wanted, seal, lambda at: intents.keep(kit, taken(card, docking, file, copied, at, kit)))
    fresh[copied.id.hex] = stored
    return body if body.stored == stored else taken(card, docking, file, copied, stored, kit)


def _keep_once(copied: Copied, stored: str, kit: Kit) -> None:
    """These bytes are sealed already. Where the vault lost or altered them, this copy is kept as well.

    What lies at the stored place is never touched: `verify` says of it what it is.
    """
    kit.vault.place(copied, PurePosixPath(stored), kit.sealer.seal(copied.id.digest), lambda _: None)


def _place_for(card: Card, file: SourceFile, kit: Kit) -> PurePosixPath:
    """`<day of docking>/<recorder>/<path on the card>`: the day is the station's, never the recorder's."""
    folder = PurePosixPath(beijing(kit.clock(), "%Y-%m-%d"), safe_name(card.recorder or "unknown"))
    return folder / safe_path(file.shown)


def _removed_early(card: Card, docking: str, left: set[SourceFile], kit: Kit) -> None:
    document = kit.attachments.put(documents.manifest(left))
    state(kit, [CardRemovedEarly(docking=docking, recorder=card.recorder, left=document, files=len(left))])


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
