"""One thread for each docked card: it lists, takes, and waits until something changed. A dying reader blocks its own only."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from avrecord.dock.listing import list_files
from avrecord.dock.volumes import shown
from avrecord.errors import CardError, CardGone, Interrupted, NoSpace
from avrecord.model.card import SourceFile, Volume
from avrecord.pipeline.desk import Desk
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.receive import Receipt, receive, removed_early, volume_key
from avrecord.service.slots import Slot, Slots
from avrecord.vault.folder import FULL

RETRY_S, LONGEST_RETRY_S = 30, 900  # before a card that could not be taken completely is tried again; twice as long each time

Report = Callable[[str, BaseException], None]


class Docks:
    """The cards that are docked, each with its thread."""

    def __init__(self, kit: Kit, desk: Desk, slots: Slots, report: Report, taken: Callable[[Receipt], None]) -> None:
        self.kit, self.desk, self.slots, self.report, self.taken = kit, desk, slots, report, taken
        self._cards: dict[str, _Docked] = {}

    def notice(self, volumes: list[Volume]) -> None:
        """These are docked now. New ones get their thread, the others look again, those that left are forgotten."""
        keys = {volume_key(volume): volume for volume in volumes}
        for key, card in list(self._cards.items()):
            if keys.get(key) != card.volume:  # gone, or another one in its place: mount ids and folder names are used again
                self._cards.pop(key).pulled()
        self.slots.keep(set(keys))
        for key, volume in keys.items():
            if key not in self._cards:
                self._cards[key] = _Docked(volume, self.slots.arrive(key, shown(volume.root)), self)
            self._cards[key].look()

    def end(self, seconds: float) -> None:
        """Let all threads end; wait a while for them. What a blocked one holds is on its card still."""
        for card in self._cards.values():
            card.leave()
        until = time.monotonic() + seconds
        for card in self._cards.values():
            card.thread.join(max(0.0, until - time.monotonic()))


class _Docked:
    """One card, from its docking until it is pulled."""

    def __init__(self, volume: Volume, slot: Slot, docks: Docks) -> None:
        self.volume, self.slot, self.docks = volume, slot, docks
        self.kit = replace(docks.kit, tell=self._tell)
        self._note = docks.slots.teller(slot)
        self._ending, self._pulled, self._look = threading.Event(), threading.Event(), threading.Event()
        self._taken: tuple[SourceFile, ...] | None = None
        self._seen: tuple[SourceFile, ...] | None = None
        self._last: Receipt | None = None
        self._again, self._tries = 0.0, 0
        self.thread = threading.Thread(target=self._run, name=f"card {shown(volume.root)[-40:]}", daemon=True)
        self.thread.start()

    def look(self) -> None:
        self._look.set()

    def pulled(self) -> None:
        """The card is not there any more: what is left of it is stated."""
        self._pulled.set()
        self._look.set()

    def leave(self) -> None:
        """The service ends."""
        self._ending.set()
        self._look.set()

    def _run(self) -> None:
        while not self._ending.is_set():
            self._look.wait()
            self._look.clear()
            try:
                if self._pulled.is_set():
                    if self._last and not self._last.complete:
                        removed_early(self._last, self.kit)
                    break
                self._take()
            except Interrupted:
                break
            except Exception as error:  # noqa: BLE001 - an unattended station must take the next card, and this one later
                self.docks.report("scan_failed", error)
        self.kit.store.close()

    def _take(self) -> None:
        """Receive the card, unless nothing on it changed since it was taken completely."""
        slots = self.docks.slots
        try:
            listing = list_files(self.volume)
            if listing != self._seen:  # something came: waiting was for what could not be read
                self._seen, self._again, self._tries = listing, 0.0, 0
            if self._taken == listing or time.monotonic() < self._again:
                return
            self._again = time.monotonic() + min(RETRY_S * 2**self._tries, LONGEST_RETRY_S)
            self._tries += 1
            receipt = self._last = receive(self.volume, self.kit, self.docks.desk)
        except CardError as error:
            slots.put(self.slot, "fault", str(error))
            self.docks.report("card_failed", error)
            return
        except Exception as error:
            if isinstance(error, NoSpace) or (isinstance(error, OSError) and error.errno in FULL):
                slots.put(self.slot, "no_space", "日志或附件写不下，腾出空间后自动继续")
            elif not isinstance(error, Interrupted):
                slots.put(self.slot, "fault", f"{type(error).__name__}，稍后自动重试")
            raise
        if receipt.complete:
            self._taken, self._again, self._tries = listing, 0.0, 0
        if receipt.no_space:
            self._tries = 0  # room may come at any moment, and asking costs nothing
        slots.put(self.slot, _ended(receipt), receipt.problem or "、".join(receipt.failed) or None, receipt)
        self.docks.taken(receipt)

    def _tell(self, event: str, **facts: Any) -> None:
        if event in ("taking", "copied"):
            if self._ending.is_set():
                raise Interrupted
            if self._pulled.is_set():
                raise CardGone(card=self.volume.label or self.volume.root)
        self._note(event, **facts)
        self.docks.kit.tell(event, **facts)


def _ended(receipt: Receipt) -> str:
    """The slot's state after a docking."""
    if receipt.complete:
        return "done"
    return "no_space" if receipt.no_space else "incomplete"
