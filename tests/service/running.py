"""Asking a running service."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request


def until(condition, seconds: float = 40.0):
    """Wait for a condition to give something true; return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if found := condition():
                return found
        except (OSError, urllib.error.URLError):
            pass
        time.sleep(0.1)
    raise AssertionError("did not happen in time")


def get(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return answer.read()


def status(port: int) -> dict:
    return json.loads(get(port, "/status.json"))
