"""The bureau's standing work: take what stations sent, verify what is new in the store, sign receipts for it. Then again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from avrecord.bureau.campaigns import Scope, book, leave_receipts, open_campaign
from avrecord.bureau.local import run_local
from avrecord.bureau.rounds import Round, take_all
from avrecord.pipeline.kit import Kit, Place
from avrecord.vault.objects import Objects

SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: each station's round, the campaign over what was new, or None, and clips that receipts were signed for."""

    rounds: Sequence[Round]
    campaign: str | None
    receipts: int


def turn(objects: Objects, kit: Kit, is_stopping: Callable[[], bool] = lambda: False) -> Turn:
    """One turn. With a queue, workers do the campaign; else this machine does, and it is done when this returns.

    Raises StoreProblem, DatabaseProblem: the next turn goes on.
    """
    rounds = []
    for each in take_all(objects, kit):
        rounds.append(each)
        if is_stopping():
            return Turn(rounds, None, 0)
    campaign = begin(objects, kit, Scope(new=True), SERVICE)
    if not kit.settings.bureau.database:
        for name in unfinished(kit):
            run_local(name, kit)
    return Turn(rounds, campaign, sum(leave_receipts(kit, objects, name) for name in latest(kit, kind="verify")))


def begin(objects: Objects, kit: Kit, scope: Scope, by: str, kind: str = "verify") -> str | None:
    """A campaign over what lies in the store, for the workers of the queue where there is one; None: nothing to do."""
    address = kit.settings.bureau.database
    if not address:
        return open_campaign(kit, objects.name, scope, by, kind=kind)
    from avrecord.bureau.queue import prepare, with_tasks

    prepare(address)
    return open_campaign(kit, objects.name, scope, by, with_tasks(address), kind)


def resume(kit: Place, campaign: str) -> None:
    """Let a paused campaign go on: its chunks get tasks again where there is a queue."""
    with book(kit) as found:
        found.set_state(campaign, "running")
        waiting = found.waiting(campaign)
    if kit.settings.bureau.database:
        from avrecord.bureau.queue import enqueue, prepare

        prepare(kit.settings.bureau.database)
        enqueue(kit.settings.bureau.database, campaign, waiting)


def latest(kit: Place, count: int = 100, kind: str = "") -> list[str]:
    """Names of the campaigns asked for last, the oldest of them first; of one kind, where it is named."""
    with book(kit) as found:
        rows = found.rows.rows("all_campaigns", count=count)
    return [row["campaign"] for row in reversed(rows) if kind in ("", row["kind"])]


def unfinished(kit: Place) -> list[str]:
    """Those of them that run and have chunks waiting."""
    with book(kit) as found:
        return [name for name in latest(kit) if found.is_running(name) and found.waiting(name, count=1)]
