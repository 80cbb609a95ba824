"""`avrecord run`: one process. A thread for each card, one each that seals, examines and links, sends, and serves pages.

Every loop asks again what is not done yet, so being killed anywhere needs no clean-up. Errors in a
loop are logged and the loop goes on: an unattended station must take the next card.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
import uvicorn

from avrecord import __version__, station
from avrecord.dock.volumes import docked
from avrecord.errors import AvrecordError, Interrupted
from avrecord.media.trial import facts as isolation_facts
from avrecord.model.moments import BEIJING
from avrecord.model.statement import ServiceStarted
from avrecord.pipeline.desk import Desk
from avrecord.pipeline.examine import examine_pending
from avrecord.pipeline.gaps import observe_gaps
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.link import link_all
from avrecord.pipeline.receive import Receipt
from avrecord.pipeline.record import state
from avrecord.pipeline.scrub import scrub
from avrecord.service.clock import ClockWatch
from avrecord.service.docks import Docks
from avrecord.service.logs import logger
from avrecord.service.metrics import Happened
from avrecord.service.notify import longest_wait, notify, status
from avrecord.service.probes import with_probes
from avrecord.service.ready import Readiness
from avrecord.service.sender import Sender
from avrecord.service.slots import Slots
from avrecord.service.wake import Wake
from avrecord.settings import load
from avrecord.vault.folder import FULL

STUCK_S = 300.0  # in one batch of clips: a disk that takes longer does not answer any more
ENDING_S = 7.5  # for all threads together, of the ten seconds in which the service must end

BuildPages = Callable[[Kit, Callable[[], dict[str, Any]], Callable[[], list[dict[str, Any]]]], Any]
"""Makes the pages' application from the station, the service's own state, and what it needs for the next card."""


def serve(root: Path, build_pages: BuildPages) -> None:
    """Run until SIGTERM or SIGINT. Raises StationBusy when another process serves this station."""
    load(root)
    with station.served(root):
        service = Service(root, build_pages)
        for number in (signal.SIGTERM, signal.SIGINT):
            # Not in the handler itself: it may interrupt a thread that holds the very lock which `stop` needs.
            signal.signal(number, lambda *_: threading.Thread(target=service.stop, name="stop", daemon=True).start())
        service.run()


class Service:
    """The running station. `status` is what the page shows."""

    def __init__(self, root: Path, build_pages: BuildPages) -> None:
        self.log: structlog.stdlib.BoundLogger = logger()
        self.stopping = threading.Event()
        self.work = threading.Event()
        self.slots = Slots()
        self.kit = station.open_station(root, self._tell)
        self.roots = [root / folder for folder in self.kit.settings.dock.roots]
        self.wake = Wake(self.roots)
        self.last_scan = 0.0
        self.desk = Desk(self.kit)
        self.sender = Sender(self.kit, self.stopping, self.log, self._report)
        self.docks = Docks(self.kit, self.desk, self.slots, self._report, self._taken)
        self._started = False
        self._linked = -1
        self._scrubbed = ""
        self._clock = ClockWatch(self.kit.clock)
        self._happened = Happened()
        web = self.kit.settings.web
        ready = Readiness(self.kit)
        pages = build_pages(self.kit, self.status, lambda: ready.answer()["checks"])
        app = with_probes(pages, self.kit, self.status, self._happened, ready)
        config = uvicorn.Config(app, web.host, web.port, log_config=None, access_log=False)
        self.web = uvicorn.Server(config)

    def run(self) -> None:
        """Work until told to stop. Nothing is lost whenever it ends."""
        self._begin()
        pages = threading.Thread(target=self._serve_pages, name="pages", daemon=True)
        examiner = threading.Thread(target=self._examine_loop, name="examiner", daemon=True)
        self.wake.start()
        sender = threading.Thread(target=self.sender.loop, name="sender", daemon=True)
        pages.start()
        examiner.start()
        sender.start()
        with suppress(Interrupted), self.desk:
            self._intake_loop()
            until = time.monotonic() + ENDING_S
            self.web.should_exit = True
            self.work.set()
            self.docks.end(ENDING_S / 3)
            raise Interrupted  # what is not on the disk by now is left on its card
        examiner.join(max(0.5, until - time.monotonic()))
        pages.join(max(0.2, until - time.monotonic()))
        self.log.info("stopped", log=self.kit.log.size)

    def stop(self) -> None:
        """Ask all loops to end; safe in a signal handler."""
        self.stopping.set()
        self.wake.stop()
        notify("STOPPING=1\nSTATUS=正在停止")

    def status(self) -> dict[str, Any]:
        """Slots and times, for the page. No I/O."""
        return {
            "slots": self.slots.rows(),
            "store": self.sender.status(),
            "seconds_since_scan": round(time.monotonic() - self.last_scan, 1) if self.last_scan else None,
        }

    def _intake_loop(self) -> None:
        first = True
        while not self.stopping.is_set():
            try:
                self._begin()
                self._scan()
                if first:
                    notify(f"READY=1\n{status(self.slots.rows())}")
                first = False
                self._alive()
            except Interrupted:
                break
            except Exception as error:
                self._report("scan_failed", error)
            self.wake.wait(longest_wait(self.kit.settings.dock.rescan_seconds))

    def _begin(self) -> None:
        """Heal, and say that the service started. A full disk does not end the service: it is tried again with each scan. Any
        other error does, by its exit code, when the first try meets it."""
        if self._started:
            return
        try:
            healed = station.heal(self.kit)
            state(self.kit, [ServiceStarted(version=__version__)])
        except OSError as error:
            if error.errno not in FULL:
                raise
            self._report("no_space_to_start", error)
            return
        self._started = True
        self.log.info("started", station=self.kit.station, version=__version__, healed=healed, log=self.kit.log.size)

    def _alive(self) -> None:
        """A scan came through and the desk is not stuck: that is progress, and nothing else is."""
        self.last_scan = time.monotonic()
        fed = "WATCHDOG=1\n" if self.desk.busy_s() < STUCK_S else ""
        notify(f"{fed}{status(self.slots.rows())}")

    def _scan(self) -> None:
        if step := self._clock.stepped():
            state(self.kit, [step])
            self.log.warning("clock_stepped", by_ms=step.by_ms)
        self.docks.notice(docked(self.roots))
        self.kit.log.refresh()  # a log that another process holds for ever, or a disk that hangs, must starve the watchdog
        self.work.set()

    def _taken(self, receipt: Receipt) -> None:
        self.log.info(
            "card", card=receipt.title, files=receipt.files, sealed=receipt.sealed, set_aside=receipt.set_aside,
            again=receipt.again, unchanged=receipt.unchanged, bytes=receipt.bytes, complete=receipt.complete,
        )  # fmt: skip
        self.work.set()

    def _examine_loop(self) -> None:
        self.log.info("isolation", **isolation_facts(self.kit.settings.check.isolation))
        while not self.stopping.is_set():
            self.work.wait(self.kit.settings.dock.rescan_seconds)
            self.work.clear()
            try:
                examine_pending(self.kit, self.stopping)
                if self.kit.log.refresh() != self._linked:
                    link_all(self.kit)
                    observe_gaps(self.kit, max(self._linked, 0))
                    self._linked = self.kit.log.size
                self._scrub_at_night()
            except Interrupted:
                return
            except Exception as error:
                self._report("examine_failed", error)
        self.kit.store.close()

    def _scrub_at_night(self) -> None:
        """In the hours that are set, read sealed clips again; a card that arrives goes first."""
        rules, local = self.kit.settings.scrub, self.kit.clock().astimezone(BEIJING)
        begins = local.replace(hour=rules.from_hour, minute=0, second=0, microsecond=0)
        left = timedelta(minutes=rules.minutes) - (local - begins)
        if self._scrubbed == f"{begins:%Y-%m-%d}" or local < begins or left <= timedelta(0):
            return
        result = scrub(self.kit, left.total_seconds(), lambda: self.stopping.is_set() or self.work.is_set())
        self.log.info("scrubbed", clips=result.checked, bytes=result.bytes_read, totals=result.totals, left=result.unread)
        if not result.unread:
            self._scrubbed = f"{begins:%Y-%m-%d}"  # every clip was read tonight

    def _serve_pages(self) -> None:
        try:
            self.web.run()
        except (Exception, SystemExit) as error:  # a taken port must not stop intake
            self._report("pages_failed", error)

    def _report(self, event: str, error: BaseException) -> None:
        known = isinstance(error, AvrecordError)
        self.log.error(event, error=type(error).__name__, detail=str(error), exc_info=None if known else error)

    def _tell(self, event: str, **facts: object) -> None:
        """Progress of the story, counted and logged."""
        self._happened.note(event)
        if event == "settled":
            self.work.set()
        elif event == "examined":
            self.log.info("examined", clip=facts["clip"], outcome=facts["outcome"], seen=facts["seen"])
        elif event == "file_failed":
            self.log.warning("file_failed", card=facts["card"], detail=facts["why"])
