"""`avrecord bureau run`: the bureau's turns, one after the other, unattended. Being killed anywhere needs no clean-up."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

from avrecord import durable, station
from avrecord.bureau.duty import turn
from avrecord.errors import AvrecordError, StationBusy
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.storing import trusted_objects
from avrecord.service.logs import logger
from avrecord.service.notify import notify

LOCK = ".bureau.lock"


def serve_bureau(root: Path, once: bool = False) -> None:
    """Take turns until SIGTERM or SIGINT; a turn that fails is logged, and the next one goes on where it was.

    Raises StationBusy when another process does, and whatever the very first turn meets when only one is asked for.
    """
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Not in the handler itself: it interrupts the very thread that may hold the event's lock (`service/run.py`).
        signal.signal(number, lambda *_: threading.Thread(target=stopping.set, name="stop", daemon=True).start())
    kit = station.open_station(root, _tell)
    try:
        with durable.locked(root / LOCK, wait=False):
            notify("READY=1\nSTATUS=市局收取中")
            while not stopping.is_set():
                _turn(kit, stopping, once)
                if once:
                    return
                stopping.wait(kit.settings.sync.every_seconds)
    except BlockingIOError as error:
        raise StationBusy(root=root, pid="bureau run") from error
    finally:
        kit.store.close()


def _tell(event: str, **facts: object) -> None:
    """What kept one station or one campaign back, for the journal."""
    if event.endswith("_failed"):
        logger().warning(event, **facts)


def _turn(kit: Kit, stopping: threading.Event, once: bool) -> None:
    log, began = logger(), time.monotonic()
    try:
        done = turn(trusted_objects(kit), kit, stopping)
    except AvrecordError as error:
        log.warning("turn_failed", error=type(error).__name__, detail=str(error))
        if once:
            raise
        return
    except Exception:
        log.exception("turn_failed")
        if once:
            raise
        return
    for each in done.rounds:
        facts: dict[str, object] = {}
        if each.problem:
            facts = {"error": type(each.problem).__name__, "detail": str(each.problem)}
        elif each.found and each.found.outcome != "same":
            facts = {"outcome": each.found.outcome, "seen": each.found.size, "indexed": each.found.indexed}
        if facts:
            (log.warning if each.problem else log.info)("station", station=each.station, **facts)
    seconds = round(time.monotonic() - began, 1)
    log.info("turn", stations=len(done.rounds), campaign=done.campaign, receipts=done.receipts, seconds=seconds)
    notify("WATCHDOG=1\n")
