"""Sending: a station's evidence to the object store, as much as the line and the hours allow; going on is asking again.

What was sent is known from the log (`clips.uploaded`), not from a flag; that the store still holds it is for the bureau to say
(`receipt.taken`). A store that is away for weeks is normal: nothing is lost by it but time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from avrecord.errors import EvidenceError, Interrupted
from avrecord.model.moments import BEIJING
from avrecord.model.statement import ClipsUploaded
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.locking import Locks
from avrecord.pipeline.record import catch_up, state
from avrecord.pipeline.replies import NO_REPLIES, Replies, take_replies
from avrecord.pipeline.sending import SentLog, send_log, state_losses
from avrecord.pipeline.storing import clip_key
from avrecord.store.sqlite import Row
from avrecord.vault.folder import SEAL_ENDING
from avrecord.vault.objects import Objects

AT_ONCE = 32  # clips in one statement
MOST_BYTES = 1 << 30  # before what was sent is stated: what a crash makes us ask the store about again
LONGEST_NAP_S = 0.5


@dataclass
class Sent:
    """One round. `kept_back`: clips that are not as they were sealed, or of which the store has other bytes, and why."""

    log: SentLog
    replies: Replies = NO_REPLIES
    clips: int = 0
    bytes: int = 0
    left: int = 0
    left_bytes: int = 0
    closed: bool = False
    """The hours in which clips are sent are over, or have not begun."""
    kept_back: dict[str, str] = field(default_factory=dict)
    locked: int = 0
    """Clips whose lock in the store was set, or made longer."""
    unlocked: dict[str, str] = field(default_factory=dict)


class Line:
    """The line to the store: as wide as the settings say, open in its hours, and closed when somebody wants to stop."""

    def __init__(self, kit: Kit, stopping: threading.Event | None = None, always: bool = False) -> None:
        """`always`: a person asked for it now, whatever the hours."""
        table = kit.settings.sync
        self.clock, self.stopping = kit.clock, stopping or threading.Event()
        self.bytes_per_second = table.limit_mbit * 1e6 / 8
        self.hours = "" if always else table.hours
        self._due = time.monotonic()

    @property
    def is_open(self) -> bool:
        return within(self.hours, self.clock())

    def pace(self, sent: int) -> None:
        """Wait until these bytes are paid for. Raises Interrupted when the line is to be closed: an upload goes on later."""
        if self.bytes_per_second:
            self._due = max(self._due, time.monotonic()) + sent / self.bytes_per_second
            while (rest := self._due - time.monotonic()) > 0 and not self.stopping.is_set():
                self.stopping.wait(min(rest, LONGEST_NAP_S))
        if self.stopping.is_set():
            raise Interrupted


def within(hours: str, now: datetime) -> bool:
    """Whether a moment lies in local hours such as `19-7`. Equal ends, and nothing at all, are the whole day."""
    if not hours:
        return True
    first, _, last = hours.partition("-")
    begin, end, hour = int(first), int(last) % 24, now.astimezone(BEIJING).hour
    return begin <= hour < end if begin < end else hour >= begin or hour < end


def sync(objects: Objects, kit: Kit, line: Line, again: bool = False, locks: Locks | None = None) -> Sent:
    """One round. `again`: every object is looked for, for a store that lost some. `locks`: None where the store keeps none.

    Raises StoreProblem when the store does not answer, LogBehind or LogBroken when it has another past; what was sent until
    then is stated.
    """
    catch_up(kit)
    log = send_log(objects, kit, again)
    sent = Sent(log)
    try:
        state_losses(objects, kit)
        _send_clips(objects, kit, line, sent, again)
        sent.replies = take_replies(objects, kit)
        if locks:
            done = locks.keep()
            sent.locked, sent.unlocked = done.clips, done.refused
    except Interrupted:
        sent.closed = True
    finally:
        if kit.log.size > log.size:
            more = send_log(objects, kit)
            absent = tuple(dict.fromkeys((*log.absent, *more.absent)))
            sent.log = SentLog(more.size, log.attachments + more.attachments, absent)
        stand = kit.store.row("upload_stand", store=objects.name) or {}
        sent.left, sent.left_bytes = int(stand["clips"]), int(stand["bytes"])
    return sent


def _send_clips(objects: Objects, kit: Kit, line: Line, sent: Sent, again: bool) -> None:
    done: list[str] = []
    size = 0
    try:
        for row in _all(kit) if again else _waiting(objects.name, kit):
            if not line.is_open:
                sent.closed = True
                break
            made = _send_clip(objects, row, kit, line, sent)
            if made is None or not (made or _is_new(row, objects, kit)):
                continue  # kept back, or stated before and still there
            done.append(row["clip_id"])
            size += row["size"]
            kit.tell("uploaded", clip=row["clip_id"], bytes=row["size"])
            if len(done) == AT_ONCE or size >= MOST_BYTES:
                _state(objects, kit, done, size, sent)
                done, size = [], 0
    finally:
        _state(objects, kit, done, size, sent)


def _is_new(row: Row, objects: Objects, kit: Kit) -> bool:
    return kit.store.row("is_uploaded", clip_id=row["clip_id"], store=objects.name) is None


def _state(objects: Objects, kit: Kit, clips: list[str], size: int, sent: Sent) -> None:
    if clips:
        state(kit, [ClipsUploaded(store=objects.name, clips=tuple(clips), bytes=size)])
    sent.clips += len(clips)
    sent.bytes += size


def _send_clip(objects: Objects, row: Row, kit: Kit, line: Line, sent: Sent) -> bool | None:
    """Whether an object was made; None when the clip was kept back. The clip first, then its seal.

    One that is not what was sealed stays here: `verify` names it, the store never gets it.
    """
    key, path = clip_key(kit.station, row["stored"], row["clip_id"]), kit.vault.path(row["stored"])
    seal = path.with_name(path.name + SEAL_ENDING)
    try:
        if not path.is_file():
            raise EvidenceError(detail="片段不在库中")
        made = objects.put_file(key, path, row["clip_id"], line.pace)
        if seal.is_file():
            objects.put(key + SEAL_ENDING, seal.read_bytes())
    except EvidenceError as error:
        sent.kept_back[row["clip_id"]] = str(error)
        kit.tell("kept_back", clip=row["clip_id"], why=str(error))
        return None
    return made


def _waiting(store: str, kit: Kit) -> Iterator[Row]:
    """Clips that the store did not acknowledge, in the order of the settings. What comes meanwhile waits for the next round."""
    newest = kit.settings.sync.order == "newest"
    query, name = ("newest_not_uploaded", "before") if newest else ("oldest_not_uploaded", "after")
    return _pages(lambda edge: kit.store.rows(query, store=store, count=AT_ONCE, **{name: edge}), kit.log.size if newest else -1)


def _all(kit: Kit) -> Iterator[Row]:
    return _pages(lambda edge: kit.store.rows("clips_of_vault", after=edge, count=AT_ONCE), -1)


def _pages(ask: Callable[[int], list[Row]], edge: int) -> Iterator[Row]:
    while rows := ask(edge):
        yield from rows
        edge = int(rows[-1]["seq"])
