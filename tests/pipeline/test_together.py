"""Many cards arrive at one moment: one durable step, and one that cannot be stated fails alone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from avrecord.errors import CardError
from avrecord.model.statement import CardRemovedEarly
from avrecord.pipeline import together
from avrecord.pipeline.together import Together

CARDS = 26


def body(docking: str) -> CardRemovedEarly:
    return CardRemovedEarly(docking=docking, recorder="DSJ1", left="0" * 64, files=1)


@pytest.fixture
def appends(kit, monkeypatch):
    """How many statements each durable step took; the first step waits until all have asked."""
    sizes: list[int] = []
    every, real = threading.Event(), together.state

    def slow(kit, bodies):
        if not sizes:
            every.wait(10)
        sizes.append(len(bodies))
        return real(kit, bodies)

    monkeypatch.setattr(together, "state", slow)
    return sizes, every


def run(kit, every, bodies):
    saying = Together(kit)
    with ThreadPoolExecutor(len(bodies)) as pool:
        futures = [pool.submit(saying.state, each) for each in bodies]
        while len(saying._waiting) < len(bodies) - 1:
            threading.Event().wait(0.01)
        every.set()
        return [future.exception() for future in futures]


def test_what_waits_together_is_stated_in_one_step_and_each_of_it_once(kit, appends):
    sizes, every = appends
    before = kit.log.refresh()
    assert run(kit, every, [body(f"{n:016x}") for n in range(CARDS)]) == [None] * CARDS
    assert (sizes, kit.log.refresh() - before) == ([1, CARDS - 1], CARDS)
    assert kit.records.projected() == kit.log.size, "who returns can look its own statement up"


def test_a_card_that_cannot_be_stated_fails_alone(kit, appends):
    _, every = appends
    bodies = [body(f"{n:016x}") for n in range(CARDS)]
    bodies[7] = replace(bodies[7], recorder="\ud800")
    before = kit.log.refresh()
    found = run(kit, every, bodies)
    assert [type(error) for error in found if error] == [CardError]
    assert isinstance(found[7], CardError)
    assert kit.log.refresh() - before == CARDS - 1


def test_a_log_that_cannot_be_written_is_told_to_every_card(kit, monkeypatch):
    def full(*_):
        raise OSError(28, "no space")

    monkeypatch.setattr(together, "state", full)
    with pytest.raises(OSError, match="no space"):
        Together(kit).state(body("0" * 16))
