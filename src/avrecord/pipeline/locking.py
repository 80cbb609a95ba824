"""Locks in the object store: while the retention rule keeps a clip, nobody removes its copy there, not even who runs the store.

Each object is locked for the shortest span as it is made (`storing.trusted_objects`). Here the rule's own day is set, and a later
one as soon as a link, a hold or another list says so. A lock is never shortened and cannot be taken back, so none reaches further
than ten years: what is kept for longer is locked anew each year.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from avrecord.errors import Interrupted, LockNotKept, ObjectMissing, StoreProblem
from avrecord.model.keeping import Fate
from avrecord.model.moments import day_begins, from_utc_text, utc_text
from avrecord.model.spans import months_later
from avrecord.model.statement import ClipsLocked
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import catch_up, state
from avrecord.pipeline.retention import END_OF_TIME, Book, Kept
from avrecord.pipeline.storing import clip_key
from avrecord.store import keeping
from avrecord.store.sqlite import Row
from avrecord.vault.folder import SEAL_ENDING
from avrecord.vault.objects import Objects

LONGEST_MONTHS, RENEWED_MONTHS = 120, 108
"""A mistake in a list locks ten years, not for ever; what is kept longer is renewed when fewer than nine of them are left."""

OPEN_DAYS, OPEN_LEFT_DAYS = 180, 90
"""A hold, or a person who has not decided, ends on no known day: so long at a time, so that a station may be cut off for three
months and its clips stay locked."""

MOST_SKEW = timedelta(days=31)
"""Between the station's clock and the store's: beyond it the days of the rule mean nothing, and a lock cannot be taken back."""

ALL = "*"
MOST_AT_ONCE = 2000  # clips in one round: six requests each, and replies and clips wait behind them
AT_ONCE = 32  # clips in one statement


@dataclass(frozen=True, slots=True)
class Term:
    """`until`: the last day for which a lock is asked; one that reaches `enough` already is left as it is."""

    until: date
    enough: date


@dataclass
class Locked:
    """`clips`: those whose lock was set or made longer; `refused`: those of which the store keeps none, and why (`ALL`: all)."""

    clips: int
    refused: dict[str, str]


def term(kept: Kept, today: date) -> Term | None:
    """How long a clip's copy is locked as things stand; None for one that may go."""
    if kept.fate in (Fate.DUE, Fate.WAITING, Fate.REMOVED):
        return None
    last = kept.ground.until or date.max
    until, enough = min(last, months_later(today, LONGEST_MONTHS)), min(last, months_later(today, RENEWED_MONTHS))
    if kept.fate in (Fate.HELD, Fate.PERSON):
        until, enough = max(until, today + timedelta(OPEN_DAYS)), max(enough, today + timedelta(OPEN_LEFT_DAYS))
    return Term(until, enough)


class Locks:
    """The locks of one station's clips in one store. New copies at every round, all of them once a day."""

    def __init__(self, objects: Objects, kit: Kit, stopping: threading.Event | None = None) -> None:
        self._objects, self._kit, self._stopping = objects, kit, stopping or threading.Event()
        self._walked: date | None = None
        self._after = -1

    def keep(self) -> Locked:
        """Lock what has to be and state it. Raises StoreProblem when the store does not answer, Interrupted."""
        catch_up(self._kit)
        today, done = self._kit.today, Locked(0, {})
        now = self._objects.now()
        if now is None:
            done.refused[ALL] = "对象存储没有说它的时间，没有按保管期限锁定"
            return done
        if abs(now - self._kit.clock()) > MOST_SKEW:
            done.refused[ALL] = f"本站时钟与对象存储的相差 {abs(now - self._kit.clock()).days} 天，没有按保管期限锁定；请校正时钟"
            return done
        book = Book(self._kit)
        if self._walked != today:
            if self._keep(self._all(book, today), today, now, done):
                self._walked = today
        else:
            self._keep(self._new(book, today), today, now, done)
        return done

    def _keep(self, asked: Iterable[tuple[Kept, str | None]], today: date, now: datetime, done: Locked) -> bool:
        """Lock what is asked for, at most so many in one round; whether all were come to."""
        waiting: dict[str, list[str]] = defaultdict(list)
        count = 0
        try:
            for kept, known in asked:
                if self._stopping.is_set():
                    raise Interrupted
                wanted = term(kept, today)
                if wanted is None or day_begins(wanted.until) <= now or (known is not None and known >= _text(wanted.enough)):
                    continue
                if from_utc_text(kept.row["sealed_at"]) > now + MOST_SKEW:
                    done.refused[kept.clip] = "封存时本站的时钟在将来，只锁最短的期限"
                    continue
                if count >= MOST_AT_ONCE:
                    return False
                count += 1
                if why := self._lock(kept.row, wanted.until):
                    done.refused[kept.clip] = why
                    continue
                clips = waiting[_text(wanted.until)]
                clips.append(kept.clip)
                if len(clips) == AT_ONCE:
                    self._state(_text(wanted.until), waiting.pop(_text(wanted.until)), done)
            return True
        finally:
            for until, clips in sorted(waiting.items()):
                self._state(until, clips, done)

    def _lock(self, row: Row, until: date) -> str | None:
        """Lock a clip and its seal; why the store keeps none, in words, or None. The seal is small: it goes the clip's way."""
        key, moment = clip_key(self._kit.station, row["stored"], row["clip_id"]), day_begins(until + timedelta(days=1))
        try:
            self._objects.keep(key, moment)
            with suppress(ObjectMissing):  # a clip that came without one, or a seal that is gone: `bureau verify` says which
                self._objects.keep(key + SEAL_ENDING, moment)
        except StoreProblem as error:
            if isinstance(error, ObjectMissing | LockNotKept) or error.facts.get("code"):  # the store answered about this object
                return str(error)
            raise
        return None

    def _state(self, until: str, clips: list[str], done: Locked) -> None:
        state(self._kit, [ClipsLocked(store=self._objects.name, until=until, clips=tuple(clips))])
        done.clips += len(clips)

    def _all(self, book: Book, today: date) -> Iterator[tuple[Kept, str | None]]:
        """Every clip that the store acknowledged, and until when it is known to be locked."""
        for rows, links in keeping.pages(self._kit.records, END_OF_TIME):
            stretch = {"first": rows[0]["seq"], "last": rows[-1]["seq"], "store": self._objects.name}
            known = {row["clip_id"]: row["until"] for row in self._kit.store.rows("locks_of", **stretch)}
            for row in rows:
                if row["clip_id"] in known:
                    yield book.of(row, links.get(row["clip_id"], []), today), known[row["clip_id"]]

    def _new(self, book: Book, today: date) -> Iterator[tuple[Kept, str | None]]:
        """Clips that were acknowledged since the last round; others wait for the day's look at all."""
        for row in self._kit.store.rows("sent_without_lock", store=self._objects.name, after=self._after):
            self._after = max(self._after, int(row["seq"]))
            if kept := book.one(row["clip_id"], today):
                yield kept, None


def _text(last: date) -> str:
    """The end of a local day as statements have it."""
    return utc_text(day_begins(last + timedelta(days=1)))
