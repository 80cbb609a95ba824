"""A real `avrecord run` beside the test."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def port(root: Path) -> int:
    """A free port, written into the station's settings."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
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
