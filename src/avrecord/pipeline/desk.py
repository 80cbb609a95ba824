"""Many hands copy, one hand seals.

Each card has a thread that copies. What is copied is proved (fsync, read back) by a few others, then one thread
places, seals and states it, batch by batch: one pair of durable steps for many clips, and never two seals for the
same bytes. Other processes at the same station get their turn between two batches.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import TracebackType

from avrecord import durable
from avrecord.dock.turns import Turns
from avrecord.errors import CardError, Interrupted, KeyProblem, NoSpace
from avrecord.model.card import Card, SourceFile
from avrecord.model.moments import beijing
from avrecord.model.statement import Body, ClipSeenAgain, Taken
from avrecord.pipeline import intents
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import catch_up, statable, state
from avrecord.pipeline.sayings import seen_again, taken
from avrecord.pipeline.together import Together
from avrecord.vault.folder import FULL, Copied, Part, Wanted
from avrecord.vault.names import safe_name, safe_path

BATCH_CLIPS = 32
BATCH_BYTES = 256 << 20
PROVERS = 2  # fsync waits, reading back computes: more gain nothing on two cores
CLOSING_S = 3.0  # of the ten in which the service must end


@dataclass(slots=True)
class Handed:
    """One file on its way: copied by its card's thread; `body` becomes what was stated of it."""

    card: Card
    docking: str
    file: SourceFile
    part: Part
    body: Future[Body] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class _Proved:
    """A part on the disk, and its seal."""

    handed: Handed
    copied: Copied
    seal: str


class Desk:
    """Where all cards of this process hand over what they copied. Use as a context manager."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.turns = Turns(kit.settings.dock.cards_at_once)
        self.arrivals = Together(kit)
        self._copied: queue.Queue[Handed | None] = queue.Queue()
        self._proved: queue.Queue[_Proved | None] = queue.Queue()
        # Daemons, not a pool: a pool is joined when the process ends, and reading back 4 GiB takes longer than may be.
        self._provers = [threading.Thread(target=self._prove_all, name=f"prove {n}", daemon=True) for n in range(PROVERS)]
        self._signing = threading.Lock()
        self._sealer = threading.Thread(target=self._work, name="seal", daemon=True)
        self._closing = False
        self._since: float | None = None

    def __enter__(self) -> Desk:
        for thread in (*self._provers, self._sealer):
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """What is proved is still stated. What is not is dropped when the end was not a good one: the card has it."""
        self._closing = kind is not None
        until = time.monotonic() + CLOSING_S if self._closing else None
        for _ in self._provers:
            self._copied.put(None)
        for thread in self._provers:
            thread.join(None if until is None else max(0.0, until - time.monotonic()))
        self._proved.put(None)
        self._sealer.join(None if until is None else max(0.5, until - time.monotonic()))

    def hand_over(self, handed: Handed) -> Future[Body]:
        """Take charge of a copied part. The future holds the statement once it is durable, or what went wrong."""
        self._copied.put(handed)
        return handed.body

    def busy_s(self) -> float:
        """How long the batch at hand has been worked on; 0 when none is."""
        since = self._since
        return time.monotonic() - since if since else 0.0

    def _prove_all(self) -> None:
        while (handed := self._copied.get()) is not None:
            self._prove(handed)

    def _prove(self, handed: Handed) -> None:
        copied = None
        try:
            if self._closing:
                raise Interrupted
            copied = self.kit.vault.prove(handed.part)
            with self._signing:  # a token signs one thing at a time
                seal = self.kit.sealer.seal(copied.id.digest)
            self.kit.vault.enclose(copied, seal)
        except BaseException as error:  # noqa: BLE001 - it is the card's thread's to raise
            with suppress(OSError):
                self.kit.vault.drop(handed.part.path)
            handed.body.set_exception(self._explained(error, handed))
        else:
            self._proved.put(_Proved(handed, copied, seal))

    def _explained(self, error: BaseException, handed: Handed) -> BaseException:
        """A full disk by its name, whichever call met it."""
        if isinstance(error, OSError) and error.errno in FULL:
            # Not asked how much is free: a disk that dies would answer with an error, in the thread that all cards wait for.
            return NoSpace(needed=handed.part.size, free=0)
        return error

    def _work(self) -> None:
        while batch := self._next_batch():
            self._since = time.monotonic()
            try:
                with durable.locked(self.kit.vault.incoming / intents.INTAKE_LOCK):
                    catch_up(self.kit)
                    _same_key(self.kit)
                    intents.finish_left(self.kit)
                    _settle(batch, self.kit)
            except BaseException as error:  # noqa: BLE001 - raised again by each card's thread
                for each in batch:
                    _fail(each, self._explained(error, each.handed), self.kit)
            self._since = None
        self.kit.store.close()

    def _next_batch(self) -> list[_Proved]:
        """What is proved by now, at least one; empty when the desk closes."""
        batch: list[_Proved] = []
        size = 0
        while len(batch) < BATCH_CLIPS and size < BATCH_BYTES:
            try:
                each = self._proved.get(block=not batch)
            except queue.Empty:
                break
            if each is None:
                self._proved.put(None)  # once more, for the next call
                break
            batch.append(each)
            size += each.copied.size
        return batch


@contextmanager
def at_desk(kit: Kit, desk: Desk | None) -> Iterator[Desk]:
    """The desk that is there, or one of its own for a single card."""
    if desk:
        yield desk
        return
    with Desk(kit) as own:
        yield own


def _same_key(kit: Kit) -> None:
    """A process that waited while the clip key was changed would seal with a key that no longer counts."""
    row = kit.store.row("current_key", role="clip")
    if row and row["key_id"] != kit.sealer.key_id:
        raise KeyProblem(path=kit.root / "keys" / "clip.key", detail="片段密钥刚刚更换，请重新运行")


def _settle(batch: list[_Proved], kit: Kit) -> None:
    """Place, and state in one durable step. Bytes that are sealed already are stated as seen again."""
    fresh: dict[str, _Proved] = {}
    again: list[_Proved] = []
    for each in batch:
        if wrong := _unstatable(each, kit):
            _fail(each, wrong, kit)
            continue
        known = each.copied.id.hex in fresh or kit.records.clip(each.copied.id) is not None
        if known:
            again.append(each)
        else:
            fresh[each.copied.id.hex] = each
    said: list[tuple[_Proved, Body]] = []
    kept: set[Path] = set()
    first = list(fresh.values())

    def keep(names: Sequence[str | None]) -> None:
        if bodies := [_taken(each, name, kit) for each, name in zip(first, names, strict=True) if name]:
            kept.add(intents.keep(kit, bodies))

    wanted = [Wanted(each.copied, _place_for(each.handed.card, each.handed.file, kit), each.seal) for each in first]
    for each, name in zip(first, kit.vault.place_all(wanted, keep) if wanted else [], strict=True):
        if isinstance(name, Exception):
            _fail(each, name, kit)
        else:
            said.append((each, _taken(each, name, kit)))
    stored = {each.copied.id.hex: body.stored for each, body in said if isinstance(body, Taken)}
    for each in again:
        if error := _keep_once(each, stored, kit):
            _fail(each, error, kit)
        else:
            said.append((each, seen_again(each.handed.card, each.handed.docking, each.handed.file, each.copied)))
    state(kit, [body for each, body in said if not _is_known(each, body, kit)])
    if len(stored) == len(first):  # else one of them may have its name and lack its seal: the next batch mends that
        for path in kept:
            path.unlink(missing_ok=True)
    for each, body in said:
        each.handed.body.set_result(body)


def _unstatable(each: _Proved, kit: Kit) -> CardError | None:
    """What keeps a statement from being made of this file: its own failure, not its batch's.

    What `clip.seen_again` says is a part of what is asked about here.
    """
    handed = each.handed
    wrong = statable(_taken(each, str(_place_for(handed.card, handed.file, kit)), kit), kit)
    return CardError(card=handed.file.shown, detail=f"写不成日志记录（{wrong}）") if wrong else None


def _fail(each: _Proved, error: BaseException, kit: Kit) -> None:
    """Tell the card's thread, then drop the part. A disk that fails must not end the thread that all cards wait for."""
    if not each.handed.body.done():
        each.handed.body.set_exception(error)
        with suppress(OSError):
            kit.vault.discard(each.copied)


def _taken(each: _Proved, stored: str, kit: Kit) -> Taken:
    handed = each.handed
    return taken(handed.card, handed.docking, handed.file, each.copied, stored, kit)


def _is_known(each: _Proved, body: Body, kit: Kit) -> bool:
    """Whether exactly this was stated before: a card that is tried again says nothing new."""
    handed = each.handed
    return isinstance(body, ClipSeenAgain) and kit.records.source_stated(handed.card.recorder, handed.file, each.copied.id)


def _keep_once(each: _Proved, stored: dict[str, str], kit: Kit) -> Exception | None:
    """These bytes are sealed already. Where the vault lost or altered them, this copy is kept as well.

    What lies at the stored place is never touched: `verify` says of it what it is.
    """
    known = kit.records.clip(each.copied.id)
    place = known.stored if known else stored.get(each.copied.id.hex)
    if place is None:  # its twin in this batch found no place either
        return OSError(f"{each.handed.file.shown}: not stored")
    [found] = kit.vault.place_all([Wanted(each.copied, PurePosixPath(place), each.seal, known=True)], lambda _: None)
    return found if isinstance(found, Exception) else None


def _place_for(card: Card, file: SourceFile, kit: Kit) -> PurePosixPath:
    """`<day of docking>/<recorder>/<path on the card>`: the day is the station's, never the recorder's."""
    folder = PurePosixPath(beijing(kit.clock(), "%Y-%m-%d"), safe_name(card.recorder or "unknown"))
    return folder / safe_path(file.shown)
