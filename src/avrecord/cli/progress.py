"""Progress on stderr, one short Chinese line per step, so that stdout holds results only."""

from __future__ import annotations

import sys
import threading
import time

from avrecord.pipeline.kit import Tell, silent
from avrecord.words import OUTCOMES

_LINES = {
    "taking": "  采集 {file}（{size} 字节）",
    "file_failed": "  未能采集 {file}：{why}",
    "examined": "  抽检 {name}：{outcome}{what}",
    "step": "{text}",
}


def teller(quiet: bool) -> Tell:
    """A `Tell` that prints what a person wants to follow; per-block events only as a live percentage."""
    return silent if quiet else _Printer()


class _Printer:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live = sys.stderr.isatty()
        self._last = 0.0
        self._count = 0

    def __call__(self, event: str, **facts: object) -> None:
        if event == "verified":
            self._verified()
        elif line := _LINES.get(event):
            if event == "examined":
                what = f"，见到 {facts['seen']} 处" if facts["outcome"] in ("complete", "partial") else ""
                facts = facts | {"outcome": OUTCOMES[str(facts["outcome"])], "what": what}
            self._print(line.format(**facts))

    def _verified(self) -> None:
        self._count += 1
        if self._live and time.monotonic() - self._last > 0.2:
            self._last = time.monotonic()
            with self._lock:
                print(f"\r  已核验 {self._count} 个片段", end="", file=sys.stderr, flush=True)

    def _print(self, text: str) -> None:
        with self._lock:
            print(text, file=sys.stderr, flush=True)
