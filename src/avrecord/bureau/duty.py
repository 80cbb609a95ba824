"""The bureau's standing work: take what stations sent, verify what is new in the store, sign receipts for it. Then again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event

from avrecord.bureau.archiving import close_archives
from avrecord.bureau.campaigns import assert_open, book, leave_receipts, open_campaign
from avrecord.bureau.copying import forget_removed
from avrecord.bureau.local import run_local
from avrecord.bureau.reviewing import leave_letters
from avrecord.bureau.rounds import Round, take_all
from avrecord.bureau.scope import Scope
from avrecord.errors import AvrecordError, DatabaseProblem
from avrecord.pipeline.kit import Kit, Place
from avrecord.vault.objects import Objects

SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: each station's round, the campaign over what was new, or None, and clips that receipts were signed for."""

    rounds: Sequence[Round]
    campaign: str | None
    receipts: int


def turn(objects: Objects, kit: Kit, stopping: Event | None = None) -> Turn:
    """One turn. With a queue, workers do the campaigns; else this machine does, until `stopping` is set.

    What is wrong with one station or one campaign keeps no other waiting. Raises DatabaseProblem, and StoreProblem when the
    store does not answer; the next turn goes on.
    """
    stopping, rounds = stopping or Event(), []
    for each in take_all(objects, kit):
        rounds.append(each)
        if stopping.is_set():
            return Turn(rounds, None, 0)
    campaign = begin(objects, kit, Scope(new=True), SERVICE)
    for name in unfinished(kit):
        try:
            _go_on(name, kit, stopping)
        except DatabaseProblem:
            raise
        except AvrecordError as error:
            kit.tell("campaign_failed", campaign=name, detail=str(error))
    receipts = leave_receipts(kit, objects)  # first: stations release by them, and a bag may take hours
    leave_letters(objects, kit)
    forget_removed(kit)
    close_archives(kit, objects)
    return Turn(rounds, campaign, receipts)


def _go_on(campaign: str, kit: Kit, stopping: Event) -> None:
    """By the queue: whatever has no task any more gets one. Else here."""
    if not kit.settings.bureau.database:
        run_local(campaign, kit, stopping=stopping)
        return
    from avrecord.bureau.queue import enqueue_missing, prepare

    prepare(kit.settings.bureau.database)
    with book(kit) as found:
        enqueue_missing(kit.settings.bureau.database, campaign, found.waiting(campaign))


def begin(objects: Objects, kit: Kit, scope: Scope, by: str, kind: str = "verify") -> str | None:
    """A campaign over what lies in the store, for the workers of the queue where there is one; None: nothing to do."""
    address = kit.settings.bureau.database
    if not address:
        return open_campaign(kit, objects.name, scope, by, kind=kind)
    from avrecord.bureau.queue import prepare, with_tasks

    prepare(address)
    return open_campaign(kit, objects.name, scope, by, with_tasks(address), kind)


def pause(kit: Place, campaign: str) -> None:
    """Hold a campaign; what is in hand is done. Raises UnknownName for one that has ended."""
    with book(kit) as found:
        assert_open(found, campaign, kit)
        found.set_state(campaign, "paused")


def resume(kit: Kit, campaign: str) -> None:
    """Let a paused campaign go on: its chunks get tasks again where there is a queue. Raises UnknownName for an ended one."""
    with book(kit) as found:
        assert_open(found, campaign, kit)
        found.set_state(campaign, "running")
    if kit.settings.bureau.database:
        _go_on(campaign, kit, Event())


def latest(kit: Place, count: int = 100) -> list[str]:
    """Names of the campaigns asked for last, the oldest of them first."""
    with book(kit) as found:
        return [row["campaign"] for row in reversed(found.rows.rows("all_campaigns", count=count))]


def unfinished(kit: Place) -> list[str]:
    """Campaigns that run and have chunks waiting, whenever they were asked for."""
    with book(kit) as found:
        return [row["campaign"] for row in found.rows.rows("unfinished")]
