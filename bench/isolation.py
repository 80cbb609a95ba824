"""What isolating an examination child costs: start to end of a child that does next to nothing, each way of closing it.

The smallest of many runs: everything else on the machine only adds. `bench/isolation.py [ROUNDS]`
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from avrecord.media import worker
from avrecord.media.isolation import BUBBLEWRAP, LANDLOCK, NAMESPACE, SECCOMP, Isolation, wrapped
from avrecord.media.trial import TASK, tried

WAYS = ((), (LANDLOCK,), (SECCOMP,), (LANDLOCK, SECCOMP), (NAMESPACE,), (BUBBLEWRAP,), (BUBBLEWRAP, LANDLOCK, SECCOMP))
REQUEST = '{"port": 1, "secret": "/nowhere", "target": "/nowhere/x", "clip": "/nowhere"}'
TERMS = '{"memory": 3221225472, "cpu_s": 60, "written": 1000000, "reads": [], "mechanisms": [%s]}'


def used() -> float:
    """CPU-seconds of all children that ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def run(way: tuple[str, ...]) -> tuple[float, float]:
    """Wall and CPU seconds from start to end of one child."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "request.json").write_text(REQUEST)
        (folder / "terms.json").write_text(TERMS % ", ".join(f'"{each}"' for each in way))
        command = wrapped(worker.command_of(TASK, folder), folder, [], Isolation(way))
        started, before = time.perf_counter(), used()
        subprocess.run(command, check=True, cwd=folder, env={"PATH": "/usr/bin:/bin", "HOME": name, "TMPDIR": name})
        return time.perf_counter() - started, used() - before


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    ways = [way for way in WAYS if not any(tried()[each] for each in way)]
    runs = [(way, run(way)) for _ in range(rounds) for way in ways]  # in turn: a busy minute is everybody's
    best = {way: tuple(map(min, zip(*(each for of, each in runs if of == way), strict=True))) for way in ways}
    for way, (wall, cpu) in best.items():
        over = (wall - best[()][0]) * 1000, (cpu - best[()][1]) * 1000
        name = " + ".join(way) or "nothing"
        spent = "not told: bubblewrap reaps it" if BUBBLEWRAP in way else f"cpu {cpu * 1000:4.0f} ms ({over[1]:+4.0f})"
        print(f"{name:<36} wall {wall * 1000:4.0f} ms ({over[0]:+4.0f})   {spent}")


if __name__ == "__main__":
    main()
