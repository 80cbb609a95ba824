"""What each dock slot is doing, for the page: one line per card."""

from __future__ import annotations

import threading
from typing import Any

from avrecord.pipeline.receive import Receipt

STATES = {
    "taking": "正在采集，请勿拔出",
    "done": "可以取下",
    "incomplete": "未采集完整",
    "fault": "读卡故障",
    "no_space": "磁盘已满，暂停采集",
}


class Slots:
    """Thread-safe: intake writes, pages read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, dict[str, Any]] = {}
        self._current: str | None = None

    def put(self, key: str, root: str, state: str, detail: str | None = None, receipt: Receipt | None = None) -> None:
        """A card's new state."""
        with self._lock:
            row: dict[str, Any] = {"slot": root.rpartition("/")[2], "state": state, "title": STATES[state], "detail": detail}
            if receipt:
                row |= {"recorder": receipt.recorder, "files": receipt.files, "sealed": receipt.sealed + receipt.set_aside}
            self._rows[key] = row
            self._current = key if state == "taking" else None

    def progress(self, facts: dict[str, object]) -> None:
        """Bytes copied of the file that is being taken."""
        with self._lock:
            if self._current in self._rows:
                self._rows[self._current] |= {"file": facts["file"], "copied": facts["bytes"]}

    def keep(self, keys: set[str]) -> None:
        """Forget cards that are gone."""
        with self._lock:
            self._rows = {key: row for key, row in self._rows.items() if key in keys}

    def rows(self) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for _, row in sorted(self._rows.items())]
