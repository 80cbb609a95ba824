"""Hints that something was docked. The periodic rescan finds everything without them.

inotify never sees a mount over a watched folder and dies silently at umount; events get lost on
overflow. So watchdog and mountinfo only end a wait early.
"""

from __future__ import annotations

import select
import threading
from collections.abc import Iterable
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from avrecord.dock.volumes import MOUNTINFO
from avrecord.service.logs import logger


class Wake(FileSystemEventHandler):
    """Waits for a hint or the rescan interval, whichever comes first."""

    def __init__(self, roots: Iterable[Path]) -> None:
        self._event = threading.Event()
        self._roots = list(roots)
        self._observer: BaseObserver | None = None
        self._mounts = threading.Thread(target=self._follow_mounts, name="mounts", daemon=True)
        self._stopped = False

    def start(self) -> None:
        self._mounts.start()
        try:
            observer = Observer()
            for root in self._roots:
                if root.is_dir():
                    observer.schedule(self, str(root), recursive=False)
            observer.start()
            self._observer = observer
        except OSError as error:
            # Out of watches says ENOSPC, which reads like a full disk, and is no reason not to take cards.
            logger().warning("no_watch", detail=error.strerror or str(error))

    def stop(self) -> None:
        self._stopped = True
        self._event.set()
        if self._observer:
            self._observer.stop()

    def wait(self, seconds: float) -> None:
        """Return on a hint, after `seconds`, or at once when stopped."""
        self._event.wait(seconds)
        if not self._stopped:
            self._event.clear()

    def on_any_event(self, event: FileSystemEvent) -> None:
        # Reading the card causes these, and they would wake us for ever.
        if event.event_type not in ("opened", "closed_no_write"):
            self._event.set()

    def _follow_mounts(self) -> None:
        """`poll` on mountinfo saw 30 of 30 mounts and umounts."""
        with MOUNTINFO.open("rb") as file:
            poll = select.poll()
            poll.register(file, select.POLLPRI | select.POLLERR)
            while not self._stopped:
                if poll.poll(1000):
                    self._event.set()
