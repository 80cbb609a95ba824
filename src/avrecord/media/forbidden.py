"""A task for the isolated child: try what is forbidden, and tell what was not refused."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path
from typing import Any


def attempt(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """`port`: of a listener here; `secret`: a file to read; `target`: one to write; `clip`: one that may be read."""
    done = {"connected": False, "read": False, "wrote": False, "clip": False}
    with suppress(OSError), socket.create_connection(("127.0.0.1", request["port"]), 2):
        done["connected"] = True
    with suppress(OSError):
        done["read"] = bool(Path(request["secret"]).read_bytes())
    with suppress(OSError):
        done["wrote"] = Path(request["target"]).write_bytes(b"x") == 1
    with suppress(OSError):
        done["clip"] = bool(Path(request["clip"]).read_bytes())
    return done
