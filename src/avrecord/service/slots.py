"""What each dock slot is doing, for the page and for systemd's one line: one row per card."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from avrecord.dock.turns import STALLED_S
from avrecord.pipeline.kit import Tell
from avrecord.pipeline.receive import Receipt

STATES = {
    "settling": "确认文件已写完",
    "waiting": "等待轮到",
    "taking": "正在采集，请勿拔出",
    "stalled": "读卡停滞，请勿拔出",
    "done": "可以取下",
    "incomplete": "未采集完整",
    "fault": "读卡故障",
    "no_space": "磁盘已满，暂停采集",
}
SPAN_S = 10.0  # over which the rate is reckoned


@dataclass(slots=True)
class Slot:
    """One card's row. Written under the lock of its `Slots` only."""

    slot: str
    state: str = "settling"
    recorder: str | None = None
    detail: str | None = None
    files: int = 0
    left: int = 0
    bytes: int = 0
    settled: int = 0
    file: str | None = None
    copied: int = 0
    moved_at: float = 0.0
    copying: bool = False
    """A file is being copied: only then can a reader stall; a card that waits for others does not."""
    sealed: int | None = None
    marks: list[tuple[float, int]] = field(default_factory=list)

    def copies(self, at: float, copied: int) -> None:
        """Note how far the file is; keep the marks that the rate needs."""
        self.copied, self.moved_at = copied, at
        done = self.settled + copied
        if not self.marks or at - self.marks[-1][0] > SPAN_S / 10:
            self.marks = [*(mark for mark in self.marks if at - mark[0] <= SPAN_S), (at, done)]

    def rate(self) -> int | None:
        """Bytes a second, lately."""
        if len(self.marks) < 2:
            return None
        (first, before), (last, after) = self.marks[0], self.marks[-1]
        return round(max(0, after - before) / (last - first)) if last > first else None

    def shown(self, now: float) -> dict[str, Any]:
        state = "stalled" if self.copying and now - self.moved_at > STALLED_S else self.state
        row: dict[str, Any] = {"slot": self.slot, "state": state, "title": STATES[state], "detail": self.detail}
        row |= {"recorder": self.recorder, "files": self.files, "files_left": self.left, "bytes": self.bytes}
        if self.sealed is not None:
            row["sealed"] = self.sealed
        if state in ("taking", "stalled", "waiting") and self.file:
            done, rate = self.settled + self.copied, self.rate()
            row |= {"file": self.file, "copied": self.copied, "bytes_done": done, "bytes_per_second": rate}
            row["seconds_left"] = round((self.bytes - done) / rate) if rate else None
        return row


class Slots:
    """Thread-safe: intake writes, pages read."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._rows: dict[str, Slot] = {}

    def arrive(self, key: str, root: str) -> Slot:
        """A card begins to be looked at. Only through what is returned can its row be written: the next card in this place
        has a row of its own, whatever the thread of this one still has to say."""
        slot = Slot(root.rpartition("/")[2])
        with self._lock:
            self._rows[key] = slot
        return slot

    def put(self, slot: Slot, state: str, detail: str | None = None, receipt: Receipt | None = None) -> None:
        """How a card's docking ended."""
        with self._lock:
            slot.state, slot.detail, slot.copying = state, detail, False
            if receipt:
                slot.recorder, slot.files, slot.sealed = receipt.recorder, receipt.files, receipt.sealed + receipt.set_aside

    def teller(self, slot: Slot) -> Tell:
        """What a card's story reports to, about this slot."""

        def tell(event: str, **facts: Any) -> None:
            with self._lock:
                self._note(slot, event, facts)

        return tell

    def _note(self, row: Slot, event: str, facts: dict[str, Any]) -> None:
        if event == "settling":
            row.state, row.detail, row.sealed = "settling", None, None
        elif event == "card":
            row.recorder, row.files, row.bytes, row.state = facts["recorder"], facts["files"], facts["bytes"], "waiting"
            row.left, row.settled, row.copied, row.marks = row.files, 0, 0, []
        elif event == "waiting":
            row.state = "waiting"
        elif event == "taking":
            row.state, row.file, row.detail, row.copying = "taking", facts["file"], None, True
            row.copies(self._clock(), 0)
        elif event == "copied":
            row.copies(self._clock(), facts["bytes"])
        elif event in ("handed", "file_failed"):
            row.copying = False
        elif event == "settled":
            row.left, row.settled = facts["left"], row.settled + facts["bytes"]
            row.copied = max(0, row.copied - facts["bytes"])

    def keep(self, keys: set[str]) -> None:
        """Forget cards that are gone."""
        with self._lock:
            self._rows = {key: row for key, row in self._rows.items() if key in keys}

    def rows(self) -> list[dict[str, Any]]:
        with self._lock:
            now = self._clock()
            return [row.shown(now) for _, row in sorted(self._rows.items())]
