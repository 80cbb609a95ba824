"""`/readyz`: could the next card be taken? The checks of `doctor`, kept for a few seconds.

A monitor that asks each second must not cost a synchronous write each second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from avrecord.pipeline.kit import Kit
from avrecord.service.health import Check, essential

KEEP_S = 5.0


class Readiness:
    """Answers from memory while the last look is fresh; one look at a time, whoever asks."""

    def __init__(self, kit: Kit, look: Callable[[Kit], list[Check]] = essential) -> None:
        self._kit, self._look = kit, look
        self._lock = threading.Lock()
        self._at = 0.0
        self._checks: list[Check] = []

    def checks(self) -> list[Check]:
        """The checks as of a few seconds ago at most."""
        with self._lock:
            if not self._checks or time.monotonic() - self._at > KEEP_S:
                self._checks = self._look(self._kit)
                self._at = time.monotonic()
            return self._checks

    def answer(self) -> dict[str, Any]:
        """The JSON of `/readyz`."""
        checks = self.checks()
        return {"schema": "avrecord.ready/1", "ready": all(check.ok for check in checks), "checks": [asdict(c) for c in checks]}
