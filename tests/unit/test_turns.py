"""Whose turn it is: in order of asking, marked recordings first, and a reader that died holds nobody up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from avrecord.dock.turns import Turns


class Person(threading.Thread):
    """Asks for a turn, notes when it has it, holds it until told."""

    def __init__(self, turns: Turns, name: str, order: list[str], *, urgent: bool = False) -> None:
        super().__init__(daemon=True)
        self.turns, self.who, self.order, self.urgent = turns, name, order, urgent
        self.has, self.enough = threading.Event(), threading.Event()

    def run(self) -> None:
        with self.turns.turn(urgent=self.urgent):
            self.order.append(self.who)
            self.has.set()
            self.enough.wait(10)


def until(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.005)
    return holds()


def asking(turns: Turns, count: int) -> bool:
    return until(lambda: len(turns._asking) == count)


def test_turns_are_given_in_the_order_of_asking_and_marked_files_before_all_others():
    turns, order = Turns(1), list[str]()
    first = Person(turns, "first", order)
    first.start()
    assert first.has.wait(10)
    waiting = [Person(turns, name, order, urgent=name == "marked") for name in ("second", "third", "marked")]
    for n, person in enumerate(waiting, 1):
        person.enough.set()
        person.start()
        assert asking(turns, n)
    first.enough.set()
    assert until(lambda: len(order) == 4)
    assert order == ["first", "marked", "second", "third"]


def test_no_more_than_the_setting_hold_a_turn_at_once():
    turns, order = Turns(2), list[str]()
    people = [Person(turns, str(n), order) for n in range(5)]
    for person in people:
        person.start()
    assert asking(turns, 3)
    assert len(order) == 2
    for person in people:
        person.enough.set()
    assert until(lambda: len(order) == 5)


def test_a_holder_that_does_not_move_does_not_count_and_counts_again_once_it_moves():
    now = [0.0]
    turns = Turns(1, stalled_s=20, clock=lambda: now[0])
    order: list[str] = []
    with turns.turn() as dead:
        patient = Person(turns, "patient", order)
        patient.start()
        assert asking(turns, 1)
        now[0] = 19.9
        assert not patient.has.wait(1.2)
        now[0] = 20.1
        assert patient.has.wait(5)
        dead.moved()
        third = Person(turns, "third", order)
        third.start()
        assert asking(turns, 1)
        patient.enough.set()
        assert not third.has.wait(1.2), "the one that moves again holds the only turn"
    assert third.has.wait(5)
    third.enough.set()
