"""One thread for each docked card: it lists, takes, and waits until something changed. A dying reader blocks its own only."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from avrecord.dock.listing import list_files
from avrecord.dock.volumes import shown
from avrecord.errors import CardError, Interrupted
from avrecord.model.card import SourceFile, Volume
from avrecord.pipeline.desk import Desk
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.receive import Receipt, receive, volume_key
from avrecord.service.slots import Slots
from avrecord.vault.folder import FULL

RETRY_S = 30  # before a card that could not be taken completely is tried again

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
                self._cards.pop(key).leave()
        self.slots.keep(set(keys))
        for key, volume in keys.items():
            if key not in self._cards:
                self.slots.arrive(key, shown(volume.root))
                self._cards[key] = _Docked(volume, key, self)
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

    def __init__(self, volume: Volume, key: str, docks: Docks) -> None:
        self.volume, self.key, self.docks = volume, key, docks
        self.kit = replace(docks.kit, tell=self._tell)
        self._slot = docks.slots.teller(key)
        self._left, self._look = threading.Event(), threading.Event()
        self._taken: tuple[SourceFile, ...] | None = None
        self._again = 0.0
        self.thread = threading.Thread(target=self._run, name=f"card {shown(volume.root)[-40:]}", daemon=True)
        self.thread.start()

    def look(self) -> None:
        self._look.set()

    def leave(self) -> None:
        self._left.set()
        self._look.set()

    def _run(self) -> None:
        while True:
            self._look.wait()
            self._look.clear()
            if self._left.is_set():
                break
            try:
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
            if self._taken == listing or time.monotonic() < self._again:
                return
            self._again = time.monotonic() + RETRY_S
            receipt = receive(self.volume, self.kit, self.docks.desk)
        except CardError as error:
            slots.put(self.key, "fault", str(error))
            self.docks.report("card_failed", error)
            return
        except Exception as error:
            if isinstance(error, OSError) and error.errno in FULL:
                slots.put(self.key, "no_space", "日志或附件写不下，腾出空间后自动继续")
            elif not isinstance(error, Interrupted):
                slots.put(self.key, "fault", f"{type(error).__name__}，稍后自动重试")
            raise
        if receipt.complete:
            self._taken, self._again = listing, 0.0
        slots.put(self.key, _ended(receipt), receipt.problem or "、".join(receipt.failed) or None, receipt)
        self.docks.taken(receipt)

    def _tell(self, event: str, **facts: Any) -> None:
        if self._left.is_set() and event in ("taking", "copied"):
            raise Interrupted
        self._slot(event, **facts)
        self.docks.kit.tell(event, **facts)


def _ended(receipt: Receipt) -> str:
    """The slot's state after a docking."""
    if receipt.complete:
        return "done"
    return "no_space" if receipt.no_space else "incomplete"
