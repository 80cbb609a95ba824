"""Progress on stderr, one short Chinese line per step, so that stdout holds results only."""

from __future__ import annotations

import sys
import threading
import time

from avrecord.pipeline.kit import Tell, silent
from avrecord.words import OUTCOMES

LIVE_S, LINE_S = 0.2, 30.0  # between two reports of a long run: on a terminal, and in a log file

_LINES = {
    "taking": "  采集 {file}（{size} 字节）",
    "file_failed": "  未能采集 {file}：{why}",
    "examined": "  抽检 {name}：{outcome}{what}",
    "uploaded": "  已上传 {clip:.12}（{bytes} 字节）",
    "fetched": "  已取回 {clip:.12}（{bytes} 字节）",
    "kept_back": "  未上传 {clip:.12}：{why}",
    "station_failed": "  采集站 {station}：{detail}",
    "receipt_failed": "  采集站 {station} 的入库回执没有签：{detail}",
    "archive_failed": "  采集站 {station} 的归档包没有封口：{detail}",
    "letter_failed": "  给采集站 {station} 的一封复核信没有送出：{detail}",
    "step": "{text}",
}


def teller(quiet: bool) -> Tell:
    """A `Tell` that prints what a person wants to follow; per-block events only as a live percentage."""
    return silent if quiet else _Printer()


def _pace(done: int, everything: int, seconds: float) -> str:
    """Rate and remaining time, once there is something to reckon with."""
    if seconds <= 0 or not done:
        return ""
    rate = done / seconds
    left = max(0, everything - done) / rate
    remaining = f"{left / 60:.0f} 分钟" if left >= 90 else f"{left:.0f} 秒"
    return f"，{done / 1e9:.2f}/{everything / 1e9:.2f} GB，每秒 {rate / 1e6:.0f} MB，约剩 {remaining}"


class _Printer:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live = sys.stderr.isatty()
        self._last = time.monotonic()
        self._count = self._clips = self._read = self._bytes = 0
        self._started = self._last

    def __call__(self, event: str, **facts: object) -> None:
        if event == "verifying":
            self._clips, self._bytes = int(str(facts["clips"])), int(str(facts["bytes"]))
            self._started = time.monotonic()
        elif event == "verified":
            self._verified(int(str(facts["bytes"])))
        elif event == "reading":
            self._reading(int(str(facts["done"])), int(str(facts["rows"])))
        elif line := _LINES.get(event):
            if event == "examined":
                what = f"，见到 {facts['seen']} 处" if facts["outcome"] in ("complete", "partial") else ""
                facts = facts | {"outcome": OUTCOMES[str(facts["outcome"])], "what": what}
            self._print(line.format(**facts))

    def _verified(self, size: int) -> None:
        with self._lock:
            self._count += 1
            self._read += size
            now = time.monotonic()
            ended = self._count == self._clips
            if now - self._last > (LIVE_S if self._live else LINE_S) or (ended and self._live):
                self._last = now
                line = f"  已核验 {self._count}/{self._clips} 个片段{_pace(self._read, self._bytes, now - self._started)}"
                print(
                    f"\r{line}    " if self._live else line,
                    end="" if self._live and not ended else "\n",
                    file=sys.stderr,
                    flush=True,
                )

    def _reading(self, done: int, rows: int) -> None:
        """A large table; one that is read at once says nothing."""
        with self._lock:
            now = time.monotonic()
            if done == 0:
                self._last = now
            elif now - self._last > (LIVE_S if self._live else LINE_S):
                self._last = now
                line = f"  已读 {done}/{rows} 行"
                print(f"\r{line}    " if self._live and done < rows else f"\r{line}" if self._live else line,
                      end="" if self._live and done < rows else "\n", file=sys.stderr, flush=True)  # fmt: skip

    def _print(self, text: str) -> None:
        with self._lock:
            print(text, file=sys.stderr, flush=True)
