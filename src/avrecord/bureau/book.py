"""The book of campaigns: which clips are to be done in which chunks, what came of each, how far it is.

The same statements on SQLite and PostgreSQL. A chunk may be begun by two workers: results are kept by clip, so the second one
changes nothing. That a clip killed its worker is told by the clip that stayed in hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, astuple, dataclass
from typing import Any, Protocol

AT_ONCE = 50  # clips in a chunk: a queue costs 5.5 ms a task, a chunk of clips a second and more
MOST_ATTEMPTS = 3
Row = dict[str, Any]


class Rows(Protocol):
    """A database of the part `campaigns`."""

    def rows(self, query: str, **values: object) -> list[Row]: ...

    def row(self, query: str, **values: object) -> Row | None: ...

    def writing(self) -> AbstractContextManager[Callable[..., None]]: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Item:
    """One clip of a chunk, as the station's proved log states it."""

    clip: str
    seq: int
    stored: str
    size: int
    seen: str = ""
    """Segments that the station's own check saw without doubt, for a campaign that examines again."""


@dataclass(frozen=True, slots=True)
class Result:
    """What was found of one clip. `finding` is one of DESIGN's words; `found` the digest that was read."""

    item: Item
    finding: str
    detail: str = ""
    found: str | None = None


@dataclass(frozen=True, slots=True)
class Worker:
    """Who works: a machine and a process. `is_alive` tells of processes of this machine only."""

    machine: str
    process: str
    is_alive: Callable[[str], bool]

    @property
    def name(self) -> str:
        return f"{self.machine} {self.process}"

    def knows_alive(self, name: str) -> bool:
        """Whether another worker is known to live. Of one on another machine nothing is known but what the queue says: that its
        task was handed out again."""
        machine, _, process = name.rpartition(" ")
        return machine == self.machine and self.is_alive(process)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Work for one worker. `poisoned`: the clip that killed its workers too often to be tried again, or empty."""

    campaign: str
    number: int
    station: str
    kind: str
    store: str
    """Of which this is a campaign: another one says nothing about it."""
    items: tuple[Item, ...]
    poisoned: str
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked for: over which clips (`scope`), in which store."""

    campaign: str
    kind: str
    scope: str
    store: str
    asked_by: str


Chunks = Sequence[tuple[str, Sequence[Item]]]
"""Station and clips of each."""
Also = Callable[[Rows], None]
"""More to be done in the same transaction, which is this thread's of these rows."""


class Book:
    """Campaigns in a database. Every step is durable before the next one begins."""

    def __init__(self, rows: Rows, now: Callable[[], str]) -> None:
        """`now`: UTC text."""
        self.rows, self._now = rows, now

    def open(self, campaign: Asked, chunks: Chunks, reached: Mapping[str, int], also: Also) -> None:
        """Write a campaign down with all its chunks (station and clips of each), in one transaction.

        `reached`: the upload of each station up to which its clips are in it. `also` is done in the same transaction: a queue's
        tasks are there with the campaign, or not at all.
        """
        items = [item for _, some in chunks for item in some]
        with self.rows.writing() as run:
            for station, seq in reached.items():
                run("set_reached", station=station, store=campaign.store, seq=seq)
            run(
                "add_campaign", **asdict(campaign), asked_at=self._now(), clips=len(items),
                bytes=sum(item.size for item in items), chunks=len(chunks),
            )  # fmt: skip
            for number, (station, some) in enumerate(chunks):
                fields = json.dumps([astuple(item) for item in some])
                run("add_chunk", campaign=campaign.campaign, number=number, station=station, items=fields)
            also(self.rows)

    def begin(self, campaign: str, number: int, worker: Worker) -> Chunk | None:
        """A chunk with what is left of it; None when it is done, or its campaign does not run.

        A clip that a dead worker left in hand counts one death against it. One that lives and is not at work on it any more (the
        caller sees to that) could not say so, because the database was away: that counts nothing.
        """
        row = self.rows.row("one_chunk", campaign=campaign, number=number)
        if row is None or row["state"] == "done" or row["campaign_state"] != "running":
            return None
        former = row["worker"] if row["in_hand"] and row["worker"] != worker.name else None
        deaths = row["attempts"] + 1 if former and not worker.knows_alive(former) else row["attempts"]
        done = {each["clip_id"] for each in self.rows.rows("results_of_chunk", campaign=campaign, number=number)}
        items = tuple(Item(*fields) for fields in json.loads(row["items"]) if fields[0] not in done)
        poisoned = row["in_hand"] if deaths >= MOST_ATTEMPTS else ""
        self._write("begin_chunk", campaign=campaign, number=number, worker=worker.name, attempts=deaths, at=self._now())
        return Chunk(campaign, number, row["station"], row["kind"], row["store"], items, poisoned or "", row["scope"])

    def hold(self, chunk: Chunk, item: Item) -> None:
        """Say which clip is begun: should its worker die, that is known."""
        self._write("hold_clip", campaign=chunk.campaign, number=chunk.number, clip_id=item.clip)

    def note(self, chunk: Chunk, result: Result, following: Item | None) -> None:
        """Keep a result, and say which clip is begun next."""
        with self.rows.writing() as run:
            run(
                "add_result", campaign=chunk.campaign, station=chunk.station, clip_id=result.item.clip, number=chunk.number,
                seq=result.item.seq, stored=result.item.stored, finding=result.finding, detail=result.detail, found=result.found,
                size=result.item.size, at=self._now(),
            )  # fmt: skip
            if following:
                run("hold_clip", campaign=chunk.campaign, number=chunk.number, clip_id=following.clip)

    def let_go(self, chunk: Chunk) -> None:
        """Nothing is in hand any more: whatever ended the work, it was not the clip."""
        self._write("let_go", campaign=chunk.campaign, number=chunk.number)

    def finish(self, chunk: Chunk) -> None:
        """All clips of a chunk have their results."""
        self._write("finish_chunk", campaign=chunk.campaign, number=chunk.number, at=self._now())

    def is_running(self, campaign: str) -> bool:
        """Whether work on a campaign should go on."""
        row = self.rows.row("one_campaign", campaign=campaign)
        return row is not None and row["state"] == "running"

    def waiting(self, campaign: str) -> list[int]:
        """Numbers of the chunks that are not done."""
        return [row["number"] for row in self.rows.rows("waiting_chunks", campaign=campaign)]

    def set_state(self, campaign: str, state: str) -> None:
        """`running`, `paused` or `cancelled`; what was cancelled stays so."""
        self._write("set_state", campaign=campaign, state=state)

    def _write(self, query: str, **values: object) -> None:
        with self.rows.writing() as run:
            run(query, **values)


def in_chunks(station: str, items: Iterable[Item]) -> list[tuple[str, tuple[Item, ...]]]:
    """A station's clips, as many at once as one task takes."""
    found = tuple(items)
    return [(station, found[at : at + AT_ONCE]) for at in range(0, len(found), AT_ONCE)]
