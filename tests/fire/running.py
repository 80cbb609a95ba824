"""The service as a process of its own: started, asked, stopped and killed."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

Found = TypeVar("Found")


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def change(root: Path, **settings: str) -> None:
    """Set values in station.toml: `rescan_seconds="600"`."""
    path = root / "station.toml"
    text = path.read_text("utf-8")
    for name, value in settings.items():
        text, count = re.subn(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
        assert count == 1, name
    path.write_text(text, "utf-8")


def until(condition: Callable[[], Found], seconds: float = 60.0, every: float = 0.05) -> Found:
    """Wait until a condition gives something true; return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if found := condition():
                return found
        except (OSError, urllib.error.URLError):
            pass
        time.sleep(every)
    raise AssertionError("did not happen in time")


class Running:
    """`avrecord run` on one station. As a context manager it is killed at the end, whatever happened."""

    def __init__(
        self,
        root: Path,
        wrapper: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        program: Sequence[str] = ("-m", "avrecord"),
    ) -> None:
        self.root, self.wrapper, self.env, self.program = root, list(wrapper), dict(env or {}), list(program)
        self.port = free_port()
        self.log = root.parent / "service.log"
        self.child: subprocess.Popen[bytes] | None = None
        change(root, port=str(self.port))

    def __enter__(self) -> Running:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        command = [*self.wrapper, sys.executable, *self.program, "--root", str(self.root), "run"]
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"LANG": "C.UTF-8"} | self.env)

    def kill(self) -> None:
        """The wall switch for one process."""
        if self.child:
            self.child.kill()
            self.child.wait()

    def stop(self, seconds: float = 15) -> int:
        """As systemd stops it."""
        assert self.child is not None
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(seconds)

    def status(self) -> dict[str, Any]:
        assert self.child is not None
        assert self.child.poll() is None, f"the service ended with {self.child.returncode}: {self.told()[-1500:]}"
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/status.json", timeout=5) as answer:
            return dict(json.loads(answer.read()))

    def slot(self, name: str) -> dict[str, Any] | None:
        """What the page says of one slot."""
        return next((slot for slot in self.status()["slots"] if slot["slot"] == name), None)

    def until_slot(self, name: str, *states: str, seconds: float = 90.0, every: float = 0.05) -> dict[str, Any]:
        """Wait until a slot is in one of these states."""
        return until(lambda: (slot := self.slot(name)) and slot["state"] in states and slot, seconds, every)

    def told(self) -> str:
        """Everything the service wrote so far."""
        return self.log.read_text("utf-8", "replace")
