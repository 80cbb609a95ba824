"""What a decoder may do when a card's file is hostile, as tasks for the isolated child."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any


def crash(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    os.abort()


def hang(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    time.sleep(600)
    return {}


def bomb(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    return {"size": len(bytearray(8 << 30))}


def burn(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    while True:
        pass


def spawn_and_hang(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Leaves a grandchild behind that would go on after its parent."""
    child = os.fork()
    if child == 0:
        time.sleep(600)
        os._exit(0)
    Path(request["pid_file"]).write_text(str(child))
    time.sleep(600)
    return {}


def flood(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A disk bomb."""
    with (folder / "big").open("wb") as file:
        for _ in range(10_000):
            file.write(bytes(1 << 20))
    return {}
