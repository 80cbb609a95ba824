"""`avrecord run`: one process. One thread takes cards, one examines and links, one serves pages.

Every loop asks again what is not done yet, so being killed anywhere needs no clean-up. Errors in a
loop are logged and the loop goes on: an unattended station must take the next card.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
import uvicorn

from avrecord import __version__, station
from avrecord.dock.listing import list_files
from avrecord.dock.volumes import docked, shown
from avrecord.errors import AvrecordError, CardError, Interrupted
from avrecord.model.card import SourceFile, Volume
from avrecord.model.moments import BEIJING
from avrecord.model.statement import ServiceStarted
from avrecord.pipeline.examine import examine_pending
from avrecord.pipeline.gaps import observe_gaps
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.link import link_all
from avrecord.pipeline.receive import Receipt, receive, volume_key
from avrecord.pipeline.record import state
from avrecord.pipeline.scrub import scrub
from avrecord.service.clock import ClockWatch
from avrecord.service.logs import logger
from avrecord.service.notify import notify
from avrecord.service.slots import Slots
from avrecord.service.wake import Wake
from avrecord.settings import load

RETRY_S = 30  # before a card that could not be taken completely is tried again

BuildPages = Callable[[Kit, Callable[[], dict[str, Any]]], Any]


def serve(root: Path, build_pages: BuildPages) -> None:
    """Run until SIGTERM or SIGINT. Raises StationBusy when another process serves this station."""
    load(root)
    with station.served(root):
        service = Service(root, build_pages)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.stop())
        service.run()


def _ended(receipt: Receipt) -> str:
    """The slot's state after a docking."""
    if receipt.complete:
        return "done"
    return "no_space" if receipt.no_space else "incomplete"


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
        self._taken: dict[str, tuple[SourceFile, ...]] = {}
        self._again: dict[str, float] = {}
        self._linked = -1
        self._scrubbed = ""
        self._clock = ClockWatch(self.kit.clock)
        web = self.kit.settings.web
        config = uvicorn.Config(build_pages(self.kit, self.status), web.host, web.port, log_level="warning", access_log=False)
        self.web = uvicorn.Server(config)

    def run(self) -> None:
        """Work until told to stop. Nothing is lost whenever it ends."""
        healed = station.heal(self.kit)
        state(self.kit, [ServiceStarted(version=__version__)])
        self.log.info("started", station=self.kit.station, version=__version__, healed=healed, log=self.kit.log.size)
        pages = threading.Thread(target=self._serve_pages, name="pages", daemon=True)
        examiner = threading.Thread(target=self._examine_loop, name="examiner", daemon=True)
        self.wake.start()
        pages.start()
        examiner.start()
        self._intake_loop()
        self.web.should_exit = True
        self.work.set()
        examiner.join(8)
        pages.join(2)
        self.log.info("stopped", log=self.kit.log.size)

    def stop(self) -> None:
        """Ask all loops to end; safe in a signal handler."""
        self.stopping.set()
        self.wake.stop()

    def status(self) -> dict[str, Any]:
        """Slots and times, for the page. No I/O."""
        return {
            "slots": self.slots.rows(),
            "seconds_since_scan": round(time.monotonic() - self.last_scan, 1) if self.last_scan else None,
        }

    def _intake_loop(self) -> None:
        first = True
        while not self.stopping.is_set():
            try:
                self._scan()
                if first:
                    notify("READY=1\nSTATUS=等待插卡")
                first = False
                self._alive()
            except Interrupted:
                break
            except Exception as error:
                self._report("scan_failed", error)
            self.wake.wait(self.kit.settings.dock.rescan_seconds)

    def _alive(self) -> None:
        """A scan came through, or bytes of a large file did: both are progress, and nothing else is."""
        if time.monotonic() - self.last_scan > 1:
            notify("WATCHDOG=1")
        self.last_scan = time.monotonic()

    def _scan(self) -> None:
        if step := self._clock.stepped():
            state(self.kit, [step])
            self.log.warning("clock_stepped", by_ms=step.by_ms)
        volumes = docked(self.roots)
        keys = {volume_key(volume) for volume in volumes}
        self.slots.keep(keys)
        for remembered in (self._taken, self._again):  # mount ids are reused: a card's return must not look like its docking
            for key in remembered.keys() - keys:
                del remembered[key]
        for volume in volumes:
            if self.stopping.is_set():
                return
            self._take(volume)
        self.work.set()

    def _take(self, volume: Volume) -> None:
        """Receive one card, unless nothing on it changed since it was taken completely."""
        key = volume_key(volume)
        try:
            listing = list_files(volume)
            if self._taken.get(key) == listing or time.monotonic() < self._again.get(key, 0):
                return
            self._again[key] = time.monotonic() + RETRY_S
            self.slots.put(key, shown(volume.root), "taking")
            receipt = receive(volume, self.kit)
        except CardError as error:
            self.slots.put(key, shown(volume.root), "fault", str(error))
            self._report("card_failed", error)
            return
        except Exception as error:
            if not isinstance(error, Interrupted):
                self.slots.put(key, shown(volume.root), "fault", f"{type(error).__name__}，稍后自动重试")
            raise
        if receipt.complete:
            self._taken[key] = listing
            del self._again[key]
        detail = receipt.problem or "、".join(receipt.failed) or None
        self.slots.put(key, shown(volume.root), _ended(receipt), detail, receipt)
        self.log.info(
            "card", card=receipt.title, files=receipt.files, sealed=receipt.sealed, set_aside=receipt.set_aside,
            again=receipt.again, unchanged=receipt.unchanged, bytes=receipt.bytes, complete=receipt.complete,
        )  # fmt: skip
        self.work.set()

    def _examine_loop(self) -> None:
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
        """Progress of the story; the place where a stop reaches a copy that runs for minutes."""
        if self.stopping.is_set() and event in ("taking", "copied"):
            raise Interrupted
        if event == "copied":
            self.slots.progress(facts)
            self._alive()
        elif event == "examined":
            self.log.info("examined", clip=facts["clip"], outcome=facts["outcome"], seen=facts["seen"])
        elif event == "file_failed":
            self.log.warning("file_failed", card=facts["card"], detail=facts["why"])
