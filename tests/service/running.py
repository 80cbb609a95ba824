"""A real `avrecord run` beside the test, and asking it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from fire.running import free_port, until

__all__ = ["get", "port", "start", "status", "until"]


@pytest.fixture
def port(root: Path) -> int:
    """A free port, written into the station's settings."""
    number = free_port()
    settings = root / "station.toml"
    settings.write_text(re.sub(r"port = \d+", f"port = {number}", settings.read_text("utf-8")), "utf-8")
    return number


@pytest.fixture
def start(root: Path, tmp_path: Path):
    """Start the service; whatever is left running at the end is killed."""
    running = []

    def run() -> subprocess.Popen[bytes]:
        with (tmp_path / "service.log").open("ab") as log:
            child = subprocess.Popen([sys.executable, "-m", "avrecord", "--root", root, "run"], stderr=log)
        running.append(child)
        return child

    yield run
    for child in running:
        child.kill()
        child.wait()


def get(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return answer.read()


def status(port: int) -> dict:
    return json.loads(get(port, "/status.json"))
