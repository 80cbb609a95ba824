"""Ten thousand small clips through one service that is never restarted: what one costs, first and last, and its memory.

A card of a hundred clips after the other; for each the CPU seconds of the service process and its resident memory are
noted. CPU seconds, because a wall clock on a shared machine measures the neighbours; and they are divided by what a
fixed piece of work costs at that moment, because busy neighbours make each second dearer as well (a guest that was
emulated beside it doubled the cost of a clip). `build/soak.csv`, `build/soak.svg`.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

import pytest

from conftest import PROJECT, pattern
from fire.drill import FULL, tell
from fire.running import Running, change, until
from fire.standing import account, bad, clean

CLIPS = 10_000 if FULL else 400
CARD = 100
SIZE = 4_000
TAKEN = f'"files": {CARD}, "sealed": {CARD},'  # of the service's journal
DEAREST = 1.2  # of the first tenth
MEMORY_GROWS = 1.15 if FULL else 1.25  # of what it was after the first tenth (at the quick count: after the first card)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200), pytest.mark.xdist_group("fire-soak")]


@dataclass(frozen=True)
class Point:
    """After so many clips: CPU milliseconds per clip of the last hundred, resident memory."""

    clips: int
    cpu_ms: float
    rss_mib: float
    yardstick_ms: float

    @property
    def cost(self) -> float:
        """A clip in units of the fixed piece of work."""
        return self.cpu_ms / self.yardstick_ms


def yardstick() -> float:
    """CPU milliseconds that one fixed piece of work costs just now: Python, JSON and hashing, like an intake."""
    best = []
    for _ in range(5):
        started = time.process_time()
        for n in range(2_000):
            hashlib.sha256(json.dumps({"clip": n, "path": "x" * 40}).encode() * 20).hexdigest()
        best.append((time.process_time() - started) * 1000)
    return median(best)


def cpu_seconds(pid: int) -> float:
    """User and system time of this process; the examiner's children are not counted."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def page_ms(service: Running) -> float:
    """Wall milliseconds until the status page's data is there."""
    started = time.monotonic()
    service.status()
    return (time.monotonic() - started) * 1000


def card_of(number: int) -> dict[str, bytes]:
    """A hundred clips of one recorder's day. Position files: the examiner has nothing to do with them."""
    day = f"2026{1 + number // 28 % 12:02d}{1 + number % 28:02d}"
    start = f"GPS/DCAM_Z3A00{number % 20:02d}_041007_{day}_"
    names = [f"{start}{8 + n // 60:02d}{n % 60:02d}{number // 336:02d}.nmea" for n in range(CARD)]
    return {name: pattern(SIZE, number * CARD + n) for n, name in enumerate(names)}


def curve(points: Sequence[Point], values: Sequence[float], label: str, color: str, y: int) -> str:
    """A line from zero to its own top, with its words."""
    top, most = max(values), points[-1].clips
    at = " ".join(f"{60 + 700 * p.clips / most:.1f},{330 - 270 * v / top:.1f}" for p, v in zip(points, values, strict=True))
    words = f"{label}: first {values[0]:.1f}, top {top:.1f}, last {values[-1]:.1f} after {most} clips"
    line = f'<polyline fill="none" stroke="{color}" stroke-width="1.5" points="{at}"/>'
    return f'{line}<text x="60" y="{y}" fill="{color}" font-size="13">{words}</text>'


def svg(points: Sequence[Point]) -> str:
    cost = curve(points, [p.cost for p in points], "CPU per clip, in yardsticks", "#b00", 18)
    memory = curve(points, [p.rss_mib for p in points], "RSS MiB", "#06c", 36)
    head = '<svg xmlns="http://www.w3.org/2000/svg" width="800" height="360" font-family="sans-serif">'
    return f'{head}<path d="M60 50V330H760" fill="none" stroke="#888"/>{cost}{memory}</svg>'


def written(points: Sequence[Point]) -> None:
    """Leave the figures where `make clean` removes them. A quick run does not replace those of a full one."""
    name = "soak" if FULL else "soak-quick"
    (PROJECT / "build").mkdir(exist_ok=True)
    with (PROJECT / "build" / f"{name}.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["clips", "cpu_ms_per_clip", "rss_mib", "yardstick_ms", "cost"])
        table.writerows(
            (p.clips, f"{p.cpu_ms:.2f}", f"{p.rss_mib:.1f}", f"{p.yardstick_ms:.2f}", f"{p.cost:.3f}") for p in points
        )
    (PROJECT / "build" / f"{name}.svg").write_text(svg(points), "utf-8")


def test_the_last_of_many_clips_costs_what_the_first_did_and_the_memory_stays_flat(root, tmp_path, tell):
    points, contents, pages = list[Point](), set[bytes](), list[float]()
    change(root, rescan_seconds="2")
    with Running(root) as service:
        until(service.status)
        assert service.child is not None
        pid = service.child.pid
        used = cpu_seconds(pid)
        for number in range(CLIPS // CARD):
            files = card_of(number)
            contents |= set(files.values())
            for name, content in files.items():
                path = tmp_path / "card" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            slot, before = root / "dock" / f"bay{number}", yardstick()
            (tmp_path / "card").rename(slot)
            # Its journal is read rather than its page: the page's own cost grows with what there is, and is told apart.
            until(lambda number=number: service.told().count(TAKEN) > number, 300)
            now = cpu_seconds(pid)
            unit = (before + yardstick()) / 2
            points.append(Point((number + 1) * CARD, (now - used) * 1000 / CARD, resident_mib(pid), unit))
            slot.rename(tmp_path / "gone")  # at once: a card that is half away would be taken for another one
            shutil.rmtree(tmp_path / "gone")
            used = cpu_seconds(pid)
            if number in (0, CLIPS // CARD - 1):
                pages.append(min(page_ms(service) for _ in range(5)))
                used = cpu_seconds(pid)
        written(points)
        assert service.stop() == 0
    tenth = max(1, len(points) // 10)
    first, last = points[1 : tenth + 1], points[-tenth:]  # the very first card pays for the imports
    cost = median(p.cost for p in last) / median(p.cost for p in first)
    memory = fmean(p.rss_mib for p in last) / fmean(p.rss_mib for p in first)
    counted = account(root, contents)
    tell(
        f"{CLIPS} clips through one service: last tenth costs {cost:.2f} x the first"
        f" ({median(p.cpu_ms for p in first):.1f} -> {median(p.cpu_ms for p in last):.1f} ms CPU a clip while the yardstick"
        f" went {median(p.yardstick_ms for p in first):.1f} -> {median(p.yardstick_ms for p in last):.1f} ms),"
        f" memory {memory:.2f} x ({first[0].rss_mib:.0f} -> {last[-1].rss_mib:.0f} MiB); the page's data took"
        f" {pages[0]:.0f} ms with the first card, {pages[-1]:.0f} ms with the last; {counted}"
    )
    assert clean(counted), bad(root)
    assert memory <= MEMORY_GROWS
    if FULL:
        assert cost <= DEAREST
