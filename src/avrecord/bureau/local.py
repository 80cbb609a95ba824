"""LocalRunner: a campaign on this machine's own cores, a process each: what a bureau without a queue has. It goes on with what a
queue's workers left, and they with what it left."""

from __future__ import annotations

import os
import platform
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from threading import Event
from typing import Any

from avrecord import durable
from avrecord.bureau.archiving import bring_clip
from avrecord.bureau.book import MOST_ATTEMPTS, Worker
from avrecord.bureau.campaigns import book, keys_of
from avrecord.bureau.chunk import Judge, verify_clip, work
from avrecord.bureau.looking import examine_clip
from avrecord.bureau.stations import FOLDER
from avrecord.checks.segments import read as read_segments
from avrecord.errors import Interrupted
from avrecord.pipeline.kit import Hand, Place
from avrecord.pipeline.storing import trusted_objects
from avrecord.settings import load
from avrecord.vault.objects import Objects

Heard = Callable[[], None]
HELD_S = 1.0  # between two looks at what others have in hand


def run_local(campaign: str, place: Place, workers: int = 0, heard: Heard = lambda: None, stopping: Event | None = None) -> None:
    """Do every chunk that waits; return when none does, the campaign is paused, or `stopping` is set. `heard`: after each.

    A chunk whose process dies is begun again; the clip that kills it three times becomes a finding. Raises StoreProblem when
    the store does not answer, Interrupted: run again, it goes on.
    """
    stopping, most = stopping or Event(), workers or os.cpu_count() or 1
    with book(place) as found:
        deaths, known, alone = 0, -1, False
        while not stopping.is_set() and found.is_running(campaign) and (waiting := found.waiting(campaign)):
            try:
                # A pool whose worker dies ends the others, too: then one at a time, so that only who is to blame is blamed.
                _round(campaign, waiting, place.root, 1 if alone else most, heard, stopping)
                alone = False
            except BrokenProcessPool:
                alone = True
                done = int((found.rows.row("progress", campaign=campaign) or {})["clips"])
                deaths, known = (1, done) if done != known else (deaths + 1, known)
                if deaths > MOST_ATTEMPTS * most:
                    raise  # no clip was begun: it is not a clip that kills them
            if found.waiting(campaign) == waiting:
                stopping.wait(HELD_S)  # others have them in hand


def _round(campaign: str, numbers: Iterable[int], root: Path, workers: int, heard: Heard, stopping: Event) -> None:
    context = get_context("spawn")  # a fork would carry the parent's database connection and its locks along
    told = context.Event()
    pool = ProcessPoolExecutor(workers, context, _begin, (told,))
    try:
        asked: set[Future[None]] = {pool.submit(do_chunk, str(root), campaign, number) for number in numbers}
        while asked and not stopping.is_set():
            done, asked = wait(asked, timeout=HELD_S, return_when=FIRST_COMPLETED)
            for each in done:
                each.result()
                heard()
    except KeyboardInterrupt as error:
        raise Interrupted from error
    finally:
        told.set()  # whoever is at work ends after the clip in hand
        pool.shutdown(wait=True, cancel_futures=True)


_TOLD: list[Any] = []


def _begin(told: Any) -> None:
    """Ctrl-C is for the one who waits. `told`: set when this process should end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _TOLD[:] = [told]


def _is_told() -> bool:
    return any(each.is_set() for each in _TOLD)


def hand(root: Path) -> Place:
    """What a worker process works with: settings and a clock, no keys."""
    return Hand(root, load(root), lambda: datetime.now(UTC))


@cache
def _tools(root: str) -> tuple[Place, Objects]:
    """One of each for a process: a client of S3 takes longer to make than a small clip to verify."""
    place = hand(Path(root))
    return place, trusted_objects(place)


def this_worker() -> Worker:
    """This process, as the book names it."""
    return Worker(platform.node().replace(" ", "-") or "?", durable.owner(), durable.is_alive)


def do_chunk(root: str, campaign: str, number: int) -> None:
    """One chunk in this process, from nothing but the bureau's folder. Raises StoreProblem, DatabaseProblem."""
    place, objects = _tools(root)

    def verifier(station: str) -> Judge:
        keys = keys_of(station, place)
        return lambda chunk, item: verify_clip(objects, chunk, item, keys)

    def examiner(_: str) -> Judge:
        segments = read_segments(place.root / "config" / "segments.toml")
        return lambda chunk, item: examine_clip(objects, chunk, item, segments, place)

    def archiver(station: str) -> Judge:
        keys = keys_of(station, place)
        return lambda chunk, item: bring_clip(objects, chunk, item, keys, place)

    judges = {"verify": verifier, "examine": examiner, "archive": archiver}
    with _at_work(place, campaign, number) as free:
        if free:
            with book(place) as found:
                work(found, objects, campaign, number, this_worker(), judges, _is_told)


@contextmanager
def _at_work(place: Place, campaign: str, number: int) -> Iterator[bool]:
    """Whether nobody else on this machine is at work on a chunk; if so, nobody else is until this ends, however it ends.

    A lock, because the book cannot tell: who lost the database in the middle still stands there as the one who has it in hand.
    """
    folder = place.root / FOLDER / "at-work"
    durable.make_folder(folder)
    path = folder / f"{campaign}-{number}"
    with ExitStack() as stack:
        try:
            stack.enter_context(durable.locked(path, wait=False))
        except BlockingIOError:
            yield False
            return
        stack.callback(path.unlink, missing_ok=True)  # twenty thousand of them a campaign; two at work on one do no harm
        yield True
