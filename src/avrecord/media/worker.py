"""The isolated child: one process per file, without network and other files, limited in memory, CPU, bytes and time.

A decoder never runs inside the service process. A crash, a hang or a memory bomb costs one
examination and is stated as such. Probing alone may take 2 GB for a 0.75-MB file, and no option of
libav stops that: the memory limit is the real guard.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avrecord.durable import read_small
from avrecord.errors import Interrupted
from avrecord.media.isolation import Isolation, enter, wrapped

LARGEST_ANSWER = 8 << 20
POLL_S = 0.2
ENDED_BY_SIGNAL = 128
NAMES = {int(number): number.name for number in signal.Signals}
LAST_WORDS = 4096  # bytes of what a child complained about


@dataclass(frozen=True, slots=True)
class Limits:
    """What one examination may use. `memory` counts address space, of which libraries map 1.2 GB."""

    memory: int = 3 << 30
    cpu_s: int = 600
    wall_s: int = 900
    written: int = 256 << 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """The child's answer, or the reason in words why there is none. `folder` holds what it wrote."""

    answer: dict[str, Any] | None
    reason: str | None
    folder: Path


@contextmanager
def isolated(
    task: str,
    request: dict[str, Any],
    limits: Limits,
    stop: threading.Event | None = None,
    *,
    reads: Iterable[Path],
    isolation: Isolation,
) -> Iterator[Outcome]:
    """Run `module:function` with `request` in a child; its files are gone after the `with` block.

    `reads` is all that it may read beside its code and its folder. Raises Interrupted, with the child killed, when `stop`
    is set meanwhile.
    """
    with _folder() as folder:
        readable = [path.absolute() for path in reads]
        (folder / "request.json").write_text(json.dumps(request), "utf-8")
        terms = {"memory": limits.memory, "cpu_s": limits.cpu_s, "written": limits.written, "mechanisms": isolation.mechanisms}
        (folder / "terms.json").write_text(json.dumps(terms | {"reads": [str(path) for path in readable]}), "utf-8")
        command = wrapped(command_of(task, folder), folder, readable, isolation)
        reason = _run(command, folder, limits, stop or threading.Event())
        answer = None if reason else _answer(folder)
        if answer is None and reason is None:
            reason = "没有给出结果"
        yield Outcome(answer, reason, folder)


@contextmanager
def _folder() -> Iterator[Path]:
    """The child's folder, gone afterwards whatever the child left in it: folders too deep for Python, or closed ones."""
    folder = Path(tempfile.mkdtemp(prefix="avrecord-look-")).resolve()
    try:
        yield folder
    finally:
        try:
            shutil.rmtree(folder)
        except (OSError, RecursionError):
            for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf", "--one-file-system"]):
                subprocess.run([*command, "--", folder], check=False, capture_output=True)


def command_of(task: str, folder: Path) -> list[str]:
    """What starts a child, before anything is wrapped around it."""
    return [sys.executable, "-I", "-m", "avrecord.media.worker", task, str(folder)]


def _run(command: list[str], folder: Path, limits: Limits, stop: threading.Event) -> str | None:
    """Start the child and wait. Returns why it failed, or None."""
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1"}
    environment |= {"HOME": str(folder), "TMPDIR": str(folder)}
    with tempfile.TemporaryFile() as complaints:  # without a name: the child cannot put a pipe in its place
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
        try:
            late = _wait(child, limits.wall_s, stop)
        finally:
            _end(child)
        complaints.seek(max(0, complaints.seek(0, os.SEEK_END) - LAST_WORDS))
        last = complaints.read(LAST_WORDS)
    return f"超过时间上限 {limits.wall_s} 秒" if late else _why(child.returncode, last, limits)


def _wait(child: subprocess.Popen[bytes], wall_s: float, stop: threading.Event) -> bool:
    """Wait for the child; True when it took too long. Raises Interrupted when asked to stop."""
    deadline = time.monotonic() + wall_s
    while time.monotonic() < deadline:
        try:
            child.wait(POLL_S)
        except subprocess.TimeoutExpired:
            if stop.is_set():
                raise Interrupted from None
        else:
            return False
    return True


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child's whole session: what it started must not outlive it."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _why(code: int, complaint: bytes, limits: Limits) -> str | None:
    if code == 0:
        return None
    if code - ENDED_BY_SIGNAL in NAMES:  # bubblewrap tells a signal as a shell does
        code = ENDED_BY_SIGNAL - code
    if code == -signal.SIGXCPU or code == -signal.SIGKILL:
        return f"被资源限制终止（CPU {limits.cpu_s} 秒）"
    if code < 0:
        return f"解码进程崩溃（{NAMES.get(-code, -code)}）"
    last = complaint.decode("utf-8", "replace").strip().splitlines()[-1:] or [""]
    if "MemoryError" in last[0] or "bad_alloc" in last[0]:
        return f"超过内存上限 {limits.memory >> 20} MiB"
    return f"解码进程退出，代码 {code}（{last[0][:200]}）"


def _answer(folder: Path) -> dict[str, Any] | None:
    """What the child wrote, read as what a stranger wrote: a plain file of bounded size, or nothing."""
    try:
        answer = json.loads(read_small(folder / "answer.json", LARGEST_ANSWER))
    except (OSError, ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _child(task: str, folder: Path) -> None:
    """Inside the child: take the limits on, shut the doors, then do the task."""
    terms = json.loads((folder / "terms.json").read_text("utf-8"))
    cpu_s = terms["cpu_s"]
    resource.setrlimit(resource.RLIMIT_AS, (terms["memory"], terms["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (terms["written"], terms["written"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(10)  # intake and pages come first
    with suppress(OSError):  # where memory runs out the kernel ends a child, not the service
        Path("/proc/self/oom_score_adj").write_text("1000")
    enter(folder, [Path(path) for path in terms["reads"]], terms["mechanisms"])
    module, _, function = task.partition(":")
    work: Callable[[dict[str, Any], Path], dict[str, Any]] = getattr(importlib.import_module(module), function)
    answer = work(json.loads((folder / "request.json").read_text("utf-8")), folder)
    aside = folder / "answer.tmp"
    aside.write_text(json.dumps(answer, ensure_ascii=False), "utf-8")
    aside.rename(folder / "answer.json")


if __name__ == "__main__":
    _child(sys.argv[1], Path(sys.argv[2]))
