"""The drill's process: mutated files through the real child, one child each; what came of them as one JSON line.

A process of its own: that it ends by itself, with code 0, is what the drill is about. Each child writes its peak memory
when it ends; one that was killed does not, but then its limit held.

`mutated_run.py FOLDER_OF_SEEDS COUNT FIRST CPU_S WALL_S READ_EVERY`: every how-manieth file has its frames read as well, which
costs a second and meets hostile pictures, not hostile files.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import tomllib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from avrecord.media import worker
from avrecord.media.trial import in_force
from avrecord.media.worker import Limits, isolated
from avrecord.pipeline.examine import TASK, THOROUGH, read_outcome, request_for
from avrecord.settings import CheckTable
from avrecord.station import shipped
from fire.mutating import mutated

SEGMENTS = tomllib.loads((shipped("config") / "segments.toml").read_text("utf-8"))


MEASURED = """
import atexit, os, resource, runpy, sys
at = os.path.join(sys.argv[2], "peak")
atexit.register(lambda: open(at, "w").write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)))
runpy.run_module("avrecord.media.worker", run_name="__main__")
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one file."""

    outcome: str
    reason: str
    what: str
    seconds: float
    peak_mib: int


def examined(number: int, seeds: list[tuple[str, bytes]], folder: Path, limits: Limits, *, read: bool) -> Result:
    """Mutate, examine in a child of its own, forget."""
    name, kind, content = mutated(number, seeds)
    path = folder / f"{number}-{name}"
    path.write_bytes(content)
    request = request_for(path, "video", SEGMENTS if read else {}, CheckTable(), THOROUGH)
    started = time.monotonic()
    with isolated(TASK, request, limits, reads=[path], isolation=in_force("auto")) as outcome:
        found = read_outcome("0" * 64, outcome, lambda frame: "0" * 64)
        told = outcome.folder / "peak"
        peak = int(told.read_text() or 0) >> 10 if told.exists() else 0
    took = time.monotonic() - started
    path.unlink()
    return Result(found.outcome, found.reason or "", f"{kind} of {name}, number {number}", took, peak)


def own_peak_kib() -> int:
    """The most this program had resident. `ru_maxrss` would say what whoever started it had when it forked."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def main() -> None:
    folder, count, first, cpu_s, wall_s, every = Path(sys.argv[1]), *map(int, sys.argv[2:7])
    worker.command_of = lambda task, at: [sys.executable, "-I", "-c", MEASURED, task, str(at)]
    seeds = [(path.name, path.read_bytes()) for path in sorted(folder.iterdir()) if path.stat().st_size]
    limits = Limits(memory=CheckTable().memory_mib << 20, cpu_s=cpu_s, wall_s=wall_s)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(os.cpu_count()) as pool:
        numbers = range(first, first + count)

        def one(number: int) -> Result:
            return examined(number, seeds, Path(scratch), limits, read=number % every == 0)

        results = list(pool.map(one, numbers))
    slowest, largest = max(results, key=lambda r: r.seconds), max(results, key=lambda r: r.peak_mib)
    print(
        json.dumps(
            {
                "outcomes": Counter(r.outcome for r in results),
                "failed": Counter(r.reason for r in results if r.outcome == "failed"),
                "hung": [r.what for r in results if "时间上限" in r.reason or "被资源限制终止" in r.reason],
                "slowest_s": round(slowest.seconds, 2),
                "slowest": slowest.what,
                "seconds": round(time.monotonic() - started, 1),
                "children_peak_mib": largest.peak_mib,
                "largest": largest.what,
                "without_peak": sum(r.peak_mib == 0 for r in results),
                "parent_peak_mib": own_peak_kib() >> 10,
                "isolation": in_force("auto").mechanisms,
            }
        )
    )


if __name__ == "__main__":
    main()
