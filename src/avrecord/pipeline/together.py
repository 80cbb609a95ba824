"""What many threads state at one moment goes into the log in one durable step.

A hub that comes up docks 26 cards at once. Stated one by one, the first card was copied whole before the last one had
been let in (2.5 s of 8), and every step waited for the disk while the disk was busy with copies.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future

from avrecord.errors import CardError
from avrecord.model.statement import Body
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import statable, state


class Together:
    """States what is waiting, all of it at once. Thread-safe."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._waiting: list[tuple[Body, Future[None]]] = []
        self._lock, self._turn = threading.Lock(), threading.Lock()

    def state(self, body: Body) -> None:
        """Return once this is durable. Raises CardError where no statement can be made of it, which fails it alone, and
        whatever kept the log from being written."""
        mine: Future[None] = Future()
        with self._lock:
            self._waiting.append((body, mine))
        with self._turn:  # who comes first states for all that came meanwhile
            if not mine.done():
                self._all()
        mine.result()

    def _all(self) -> None:
        with self._lock:
            batch, self._waiting = self._waiting, []
        try:
            wrong = [statable(body, self._kit) for body, _ in batch]
            state(self._kit, [body for (body, _), why in zip(batch, wrong, strict=True) if not why])
        except BaseException as error:  # noqa: BLE001 - raised again by each card's thread
            for _, done in batch:
                done.set_exception(error)
            return
        for (body, done), why in zip(batch, wrong, strict=True):
            if why:
                done.set_exception(CardError(card=body.kind, detail=f"写不成日志记录（{why}）"))
            else:
                done.set_result(None)
