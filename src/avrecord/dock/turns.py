"""Whose turn it is to be copied: a file at a time, in order of asking, urgent ones first.

A card that stands still (a dying reader blocks in the kernel) keeps its turn but does not hold the others up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

STALLED_S = 20.0  # without a byte: a bad sector takes a reader 5-15 s, then it answers
LOOK_AGAIN_S = 1.0


@dataclass(slots=True, eq=False)
class Turn:
    """Held while one file is copied. Call `moved` whenever bytes came."""

    since: float
    clock: Callable[[], float] = field(repr=False)

    def moved(self) -> None:
        self.since = self.clock()


class Turns:
    """At most `at_once` files are copied at a time, stalled ones not counted."""

    def __init__(self, at_once: int, stalled_s: float = STALLED_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._at_once, self._stalled_s, self._clock = at_once, stalled_s, clock
        self._ready = threading.Condition()
        self._held: set[Turn] = set()
        self._asking: list[tuple[bool, int]] = []
        self._asked = 0

    @contextmanager
    def turn(self, *, urgent: bool = False) -> Iterator[Turn]:
        """Wait for a turn and hold it. Who asks first is served first, those who are `urgent` before all others."""
        with self._ready:
            self._asked += 1
            place = (not urgent, self._asked)
            self._asking.append(place)
            try:
                while min(self._asking) != place or self._moving() >= self._at_once:
                    # Nobody says when a holder has stalled: look again now and then.
                    self._ready.wait(LOOK_AGAIN_S)
                turn = Turn(self._clock(), self._clock)
                self._held.add(turn)
            finally:
                self._asking.remove(place)
                self._ready.notify_all()
        try:
            yield turn
        finally:
            with self._ready:
                self._held.discard(turn)
                self._ready.notify_all()

    def _moving(self) -> int:
        return sum(self._clock() - turn.since < self._stalled_s for turn in self._held)
