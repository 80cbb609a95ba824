"""Long work in processes of its own: a page starts it and follows it, a request never waits for it.

A job is a folder under `exports/jobs/`: what was asked, by whom, the lines that it said, its answer, and the code it ended
with. Its command line is put together here from checked parts; nothing of a request becomes an argument unchecked.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from avrecord import durable
from avrecord.errors import BadQuestion, NoSpace, UnknownName
from avrecord.model.moments import utc_text

LARGEST_ANSWER = 32 << 20
LARGEST_WORDS = 1 << 20
NUMBER = re.compile(r"[0-9]{8}T[0-9]{6}-[0-9]{3}")
KEPT = 50  # jobs whose folders stay; what they stated is in the log


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked for: the kind, of what (a case number, a clip), and by whom."""

    kind: str
    about: str
    by: str
    at: str
    pid: int


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands. `code` is None while it runs, and after the service was stopped under it."""

    number: str
    asked: Asked
    running: bool
    code: int | None
    said: str
    """The last line that it said."""


class Jobs:
    """The jobs of a station. At most one of a kind runs."""

    def __init__(self, root: Path, clock: Callable[[], datetime], least_free: int) -> None:
        self.least_free = least_free
        self.root, self.folder, self.clock = root, root / "exports" / "jobs", clock
        self._lock = threading.Lock()
        self._awaited: set[str] = set()
        """Jobs of this process whose end is not noted yet."""

    def start(
        self,
        kind: str,
        about: str,
        by: str,
        commands: Sequence[Sequence[str]],
        files: Mapping[str, Callable[[Path], object]] | None = None,
    ) -> str:
        """Run commands of the program one after the other, as long as each ends well or with findings; return the number.

        `files`: what the commands read, by the name that it has in the job's folder, and what writes it there. Raises
        BadQuestion while another of this kind runs, NoSpace while the disk has only what intake keeps for itself.
        """
        with self._lock:
            if (free := shutil.disk_usage(self.root).free) < self.least_free:
                raise NoSpace(needed=self.least_free, free=free)
            known = [job for path in self.folder.glob("*") if not (path / "code").exists() and (job := self._read(path.name))]
            if any(job.running and job.asked.kind == kind for job in known):
                raise BadQuestion(what="任务", detail="同类任务正在进行，请等它结束")
            self._forget()
            number = self._new()
            folder = self.folder / number
            for name, save in (files or {}).items():
                save(folder / name)
            lines = [self._line(each) for each in commands]
            with (folder / "answer").open("wb") as answer, (folder / "said").open("wb") as said:
                process = subprocess.Popen(
                    [sys.executable, "-c", _RUN, json.dumps(lines)],
                    cwd=folder, stdin=subprocess.DEVNULL, env={**os.environ, "PYTHONSAFEPATH": "1"}, stdout=answer, stderr=said,
                )  # fmt: skip
            self._awaited.add(number)
            asked = Asked(kind, about, by, utc_text(self.clock()), process.pid)
            durable.replace_with(folder / "asked.json", json.dumps(asdict(asked), ensure_ascii=False).encode())
        threading.Thread(target=self._await, args=(process, folder), name=f"job {number}", daemon=True).start()
        return number

    def _line(self, command: Sequence[str]) -> list[str]:
        first, *rest = command
        if first == "zip":
            return [sys.executable, "-m", "zipfile", "-c", *rest]
        return [sys.executable, "-m", "avrecord", "--root", str(self.root), *command]

    def all(self) -> list[Job]:
        """The latest first."""
        return self._listed()[:KEPT]

    def one(self, number: str) -> Job:
        """Raises UnknownName."""
        found = self._read(number) if NUMBER.fullmatch(number) else None
        if found is None:
            raise UnknownName(what="任务", name=number[:40])
        return found

    def answer(self, number: str) -> dict[str, Any] | None:
        """The document that the job printed, once it ended; None when it printed none."""
        try:
            found = json.loads(durable.read_small(self.folder / self.one(number).number / "answer", LARGEST_ANSWER))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def folder_of(self, number: str) -> Path:
        return self.folder / self.one(number).number

    def _forget(self) -> None:
        """Let the folders of old jobs go: what they stated is in the log, what they made was there to be taken away."""
        for job in self._listed()[KEPT:]:
            if not job.running:
                shutil.rmtree(self.folder / job.number, ignore_errors=True)

    def _listed(self) -> list[Job]:
        names = sorted((path.name for path in self.folder.glob("*") if NUMBER.fullmatch(path.name)), reverse=True)
        return [job for name in names if (job := self._read(name))]

    def _new(self) -> str:
        stamp = f"{self.clock():%Y%m%dT%H%M%S}"
        for count in range(1000):
            number = f"{stamp}-{count:03d}"
            try:
                (self.folder / number).mkdir(parents=True)
            except FileExistsError:
                continue
            return number
        raise BadQuestion(what="任务", detail="一秒内的任务太多")

    def _await(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        code = process.wait()
        for packed in folder.glob("*.zip"):  # what is packed need not lie beside its package once more
            shutil.rmtree(packed.with_suffix(""), ignore_errors=True)
        durable.replace_with(folder / "code", str(code).encode())
        self._awaited.discard(folder.name)

    def _read(self, number: str) -> Job | None:
        folder = self.folder / number
        try:
            asked = Asked(**json.loads(durable.read_small(folder / "asked.json", LARGEST_WORDS)))
        except (OSError, ValueError, TypeError):
            return None
        code = next(self._code(folder), None)
        running = code is None and (number in self._awaited or _lives(asked.pid))
        return Job(number, asked, running, code, _last_line(folder / "said"))

    def _code(self, folder: Path) -> Iterator[int]:
        try:
            yield int(durable.read_small(folder / "code", 20))
        except (OSError, ValueError):
            return


_RUN = """
import json, os, subprocess, sys
os.nice(10)
for line in json.loads(sys.argv[1]):
    code = subprocess.run(line).returncode
    if code not in (0, 10, 11, 12, 13, 14, 15):
        break
sys.exit(code)
"""
"""The commands one after the other, after everything that takes cards and examines."""


def _lives(pid: int) -> bool:
    """Whether this very process still runs it: a number that another program got since is not a job of ours."""
    try:
        return _RUN.strip().split("\n", maxsplit=1)[0] in Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace")
    except OSError:
        return False


def _last_line(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 2000))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return lines[-1].strip() if lines else ""
