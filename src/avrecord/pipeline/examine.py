"""Each clip is examined once, in an isolated child; what fails three times is stated as failed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from avrecord.checks.damaged import VERSION as DAMAGED
from avrecord.checks.segments import checked
from avrecord.durable import read_small
from avrecord.media.trial import in_force
from avrecord.media.worker import Limits, Outcome, isolated
from avrecord.model.clip import Clip
from avrecord.model.observation import Examination, Facts, Fault, Observation, Offered
from avrecord.model.statement import ClipExamined
from avrecord.pipeline.answers import noun
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.mending import mended
from avrecord.pipeline.record import state
from avrecord.pipeline.sayable import UNUSABLE, sayable, unusable
from avrecord.pipeline.speech import with_sound
from avrecord.rules.clocks import VERSION as CLOCKS
from avrecord.rules.clocks import clock_faults
from avrecord.seal.codec import typed
from avrecord.settings import CheckTable
from avrecord.store import documents

TASK = "avrecord.pipeline.looking:look"  # by name: this process never loads a decoder
FAST, THOROUGH = "fast", "thorough"
PAGE = 64  # tasks asked for at once
FRESH_S = 2.0  # so late at most does a new arrival overtake the backlog
LARGEST_FRAME = 8 << 20
MOST_OFFERED, LARGEST_OFFERED = 3, 133_000  # below 400 KB a clip: ten thousand clips are 4 GB


Task = tuple[Clip, int, str]
"""A clip, the attempts made so far, and the tier."""


def examine_pending(kit: Kit, stop: threading.Event | None = None) -> int:
    """Examine what waits, until nothing does; return how many looks were taken. `stop` ends it early."""
    given, looks = set[tuple[str, str]](), 0
    while round_ := sum(1 for _ in examine_clips(waiting(kit, given), kit, stop)):
        looks += round_  # a clip whose fast look was still on its way when nothing else waited has its thorough one to come
    return looks


def waiting(kit: Kit, given: set[tuple[str, str]] | None = None) -> Iterator[Task]:
    """What to look at next, asked anew each time: the fast tier before any thorough look.

    Important clips first; of the others, the newest and the oldest in turn, so that a backlog of weeks neither keeps
    today's clips waiting nor is left for ever. `given`: what was given out before, and what is, by clip and tier.
    """
    given, ask = set() if given is None else given, _Asking(kit)
    newest = False
    while True:
        newest = not newest
        left = [task for task in ask.fast(newest=newest) if (task[0].id.hex, FAST) not in given]
        if not left:
            left = [task for task in ask.thorough() if (task[0].id.hex, THOROUGH) not in given]
        if not left and ask.again():
            continue
        if not left:
            return
        task = left[0]
        newest = newest and not task[0].important
        given.add((task[0].id.hex, task[2]))
        yield task


class _Asking:
    """What waits, as the index said a moment ago: asking anew for each of ten thousand clips costs more the more there are."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._known: dict[str, list[Task]] = {}
        self._limit, self._asked = PAGE, 0.0

    def fast(self, *, newest: bool) -> list[Task]:
        records, most = self._kit.records, self._kit.settings.check.attempts
        self._forget()
        if "oldest" not in self._known:
            self._known["oldest"] = [(c, n, FAST) for c, n in records.unexamined(most, self._limit)]
            self._known["newest"] = [(c, n, FAST) for c, n in records.unexamined(most, self._limit, newest=True)]
        oldest = self._known["oldest"]
        return oldest if not newest or (oldest and oldest[0][0].important) else self._known["newest"]

    def thorough(self) -> list[Task]:
        if "thorough" not in self._known:
            self._known["thorough"] = [(c, n, THOROUGH) for c, n in self._kit.records.looked_at_fast(self._limit)]
        return self._known["thorough"]

    def again(self) -> bool:
        """Ask for more when all that was told is given out. False when there was no more to tell."""
        full = any(len(tasks) == self._limit for tasks in self._known.values())
        stale = self._asked < time.monotonic() - FRESH_S
        if full:
            self._limit *= 2  # clips that failed stay pending and are not given twice in one run
        if full or stale:
            self._known, self._asked = {}, time.monotonic()
        return full or stale

    def _forget(self) -> None:
        if time.monotonic() - self._asked > FRESH_S:
            self._known, self._asked = {}, time.monotonic()


def examine_clips(clips: Iterable[Task], kit: Kit, stop: threading.Event | None = None) -> Iterator[Examination]:
    """Examine clips on all workers; state and yield each result."""
    tasks, ending = iter(clips), stop or threading.Event()
    workers = kit.settings.check.workers
    with ThreadPoolExecutor(workers, thread_name_prefix="examine") as pool:
        running: dict[Future[Examination], Task] = {}
        try:
            while True:
                for clip, attempts, tier in islice(tasks, 0 if ending.is_set() else workers - len(running)):
                    kit.tell("examining", clip=clip.id.hex, name=clip.name)
                    running[pool.submit(look_at, clip, kit, ending, tier)] = (clip, attempts, tier)
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    clip, attempts, _ = running.pop(future)
                    yield _stated(future.result(), clip, attempts + 1, kit)
        except BaseException:
            ending.set()  # Ctrl-C: the children are killed, not waited for
            raise


def look_at(clip: Clip, kit: Kit, stop: threading.Event | None = None, tier: str = "thorough") -> Examination:
    """Examine one clip. Never raises for bad media: a child that died is a `failed` examination. A thorough look that
    failed keeps what the fast one saw.

    Raises Interrupted when `stop` is set meanwhile; nothing is stated then. Raises ConfigError for wrong
    words in `segments.toml`, IsolationMissing where it is required and not to be had.
    """
    if clip.size == 0:
        fault = Fault("empty", DAMAGED, 0, 0)
        return Examination(clip.id.hex, "unreadable", "零字节文件", (DAMAGED,), (), Facts(), faults=(fault,))
    path = kit.vault.path(clip.stored)
    checked(kit.segments, kit.root / "config" / "segments.toml")
    alone = in_force(kit.settings.check.isolation)

    def look(at: Path) -> Examination:
        asked = request_for(at, clip.media.value, kit.segments, kit.settings.check, tier)
        with isolated(TASK, asked, limits(kit), stop, reads=[at], isolation=alone) as outcome:
            return read_outcome(clip.id.hex, outcome, kit.attachments.put)

    seen = with_clock(mended(clip, look(path), look, limits(kit), kit, stop), clip.start, kit.settings.check)
    if seen.tier == FAST:
        return seen  # sound is listened to with the thorough look: it costs more than the fast one
    if seen.outcome == "failed" and (before := kit.records.full_examination(clip.id)) and before.tier == FAST:
        return replace(before, tier="", outcome="partial", looked=(), reason=f"细看未完成：{seen.reason}"[:200])
    return with_sound(seen, clip, path, kit, stop)


def with_clock(seen: Examination, claimed: datetime | None, check: CheckTable) -> Examination:
    """The examination with what the clock in the picture contradicts. `claimed`: the start by the file's name."""
    faults = clock_faults(seen.facts, claimed, check.overlay_tolerance_seconds)
    checks = (*seen.checks, CLOCKS) if seen.facts.overlay_start else seen.checks
    return replace(seen, checks=checks, faults=(*seen.faults, *faults))


def request_for(path: Path, media: str, segments: dict[str, Any], check: CheckTable, tier: str) -> dict[str, Any]:
    """What the child is asked."""
    return {
        "path": str(path),
        "media": media,
        "segments": segments,
        "gate": check.gate,
        "every_ms": check.key_frame_every_ms,
        "dense_seconds": check.dense_seconds,
        "full_size_frames": check.full_size_frames,
        "tier": tier,
    }


def limits(kit: Kit) -> Limits:
    check = kit.settings.check
    return Limits(memory=check.memory_mib << 20, cpu_s=check.cpu_seconds, wall_s=check.wall_seconds)


def read_outcome(clip: str, outcome: Outcome, keep: Any) -> Examination:
    """The child's answer as an examination; its evidence frames are kept and named by digest.

    The child has met hostile bytes, so its answer is data to check, not to trust.
    """
    answer = outcome.answer
    if answer is None:
        return Examination(clip, "failed", outcome.reason, (), (), Facts())
    try:
        return Examination(
            clip=clip,
            outcome=typed(answer["outcome"], str),
            reason=typed(answer["reason"], str | None),
            checks=typed(answer["checks"], tuple[str, ...]),
            looked=typed(answer["looked"], tuple[str, ...]),
            facts=noun(Facts, answer["facts"]),
            observations=tuple(_observation(row, outcome.folder, keep) for row in answer["observations"]),
            faults=tuple(noun(Fault, row) for row in answer["faults"]),
            cost=tuple(sorted((str(k), int(v)) for k, v in answer["cost"].items())),
            tier=FAST if answer["tier"] == FAST else "",
            offered=_offered(answer["offered"], outcome.folder, keep),
        )
    except UNUSABLE as error:
        return unusable(clip, error)


def _observation(row: dict[str, Any], folder: Path, keep: Any) -> Observation:
    pictures = {part: keep(_picture(row[part], folder, LARGEST_FRAME)) for part in ("evidence", "crop")}
    return noun(Observation, row | pictures)


def _offered(rows: list[dict[str, Any]], folder: Path, keep: Any) -> tuple[Offered, ...]:
    if len(rows) > MOST_OFFERED:
        raise ValueError("offered frames")
    frames = [(typed(row["at_ms"], int), _picture(row["frame"], folder, LARGEST_OFFERED)) for row in rows]
    return tuple(Offered(at_ms, keep(frame)) for at_ms, frame in frames)


def _picture(name: Any, folder: Path, largest: int) -> bytes:
    """A file that the child wrote into its folder, and no other: no link to a key, no pipe that never ends."""
    return read_small(folder / os.path.basename(str(name)), largest)


def _stated(found: Examination, clip: Clip, attempt: int, kit: Kit) -> Examination:
    found = sayable(found, kit.segments)
    document = kit.attachments.put(documents.examination(found))
    body = ClipExamined(
        clip=clip.id.hex,
        outcome=found.outcome,
        reason=found.reason,
        attempt=attempt,
        checks=found.checks,
        duration_ms=found.facts.duration_ms,
        examination=document,
    )
    state(kit, [body])
    kit.tell("examined", clip=clip.id.hex, name=clip.name, outcome=found.outcome, seen=len(found.observations))
    return found
