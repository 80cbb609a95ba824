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

from avrecord.dock.volumes import MOUNTINFO


class Wake(FileSystemEventHandler):
    """Waits for a hint or the rescan interval, whichever comes first."""

    def __init__(self, roots: Iterable[Path]) -> None:
        self._event = threading.Event()
        self._roots = list(roots)
        self._observer = Observer()
        self._mounts = threading.Thread(target=self._follow_mounts, name="mounts", daemon=True)
        self._stopped = False

    def start(self) -> None:
        for root in self._roots:
            if root.is_dir():
                self._observer.schedule(self, str(root), recursive=False)
        self._observer.start()
        self._mounts.start()

    def stop(self) -> None:
        self._stopped = True
        self._event.set()
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
