"""A verification of many terabytes that was interrupted goes on where it stopped.

What was read is kept line by line in the folder of the person who verifies, never on the station: a
progress file that the dock's operator could write would be a list of clips not to read.
"""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import suppress
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType

import platformdirs

from avrecord.model.moments import beijing
from avrecord.pipeline.evidence import Evidence
from avrecord.vault.digester import file_digest

SCHEMA = "avrecord.verify-progress/1"


def progress_file(evidence: Evidence) -> Path:
    """Where this person's progress over this station is kept."""
    name = hashlib.sha256(f"{evidence.log_keys[0].vkey} {evidence.root.resolve()}".encode()).hexdigest()[:16]
    return platformdirs.user_state_path("avrecord") / "verify" / f"{name}.jsonl"


class Resumed:
    """A `ReadDigest` that writes down what it read, and with `resume` does not read it again.

    A clip counts as read when its size and change time are what they were. Where the folder cannot be written
    nothing is kept, and nothing else changes.
    """

    def __init__(self, path: Path, resume: bool) -> None:
        self._path, self._lock = path, threading.Lock()
        self._before = _load(path) if resume else {}
        self._file: TextIOWrapper | None = None
        self.reused = 0
        self.began = beijing(datetime.fromtimestamp(path.stat().st_ctime, UTC)) if self._before else ""

    def __enter__(self) -> Resumed:
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = self._path.open("a" if self._before else "w", encoding="utf-8", buffering=1)
            self._path.chmod(0o600)
            if not self._before:
                self._file.write(json.dumps({"schema": SCHEMA}) + "\n")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file:
            self._file.close()

    def __call__(self, stored: str, path: Path) -> tuple[str, int]:
        """SHA-256 and size of a clip's bytes. OSErrors are the caller's."""
        stat = path.stat(follow_symlinks=False)
        state = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
        if (kept := self._before.get(stored)) and kept.get("state") == state:
            with self._lock:
                self.reused += 1
            return str(kept.get("sha256")), stat.st_size
        digest, size = file_digest(path)
        if self._file:
            line = json.dumps({"stored": stored, "sha256": digest, "state": state}, ensure_ascii=False)
            with self._lock, suppress(OSError):
                self._file.write(f"{line}\n")
        return digest, size

    def done(self) -> None:
        """The verification came to its end: there is nothing to resume."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def _load(path: Path) -> dict[str, dict[str, object]]:
    """What an interrupted run read. A torn last line was not read to its end."""
    try:
        head, *lines = path.read_text("utf-8").split("\n")[:-1]
        if json.loads(head) != {"schema": SCHEMA}:
            return {}
        return {kept["stored"]: kept for kept in map(json.loads, lines)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
