"""Which isolation works here: each mechanism is put on a real child that tries what is forbidden."""

from __future__ import annotations

import socket
import tempfile
import threading
from pathlib import Path

from avrecord.errors import IsolationMissing
from avrecord.media.isolation import FOR_FILES, FOR_NETWORK, ORDER, Isolation, chosen, why_not
from avrecord.media.worker import Limits, isolated
from avrecord.words import ISOLATION

AUTO, REQUIRED, OFF = "auto", "required", "off"
TASK = "avrecord.media.forbidden:attempt"
TRIES = 2  # a child that a busy machine kept from starting must not leave the station weaker until the next start
TRIAL = Limits(memory=1 << 30, cpu_s=10, wall_s=30)

_lock = threading.Lock()
_tried: dict[str, str | None] = {}


def in_force(mode: str) -> Isolation:
    """What children get under a setting. Raises IsolationMissing when it is required and something is not closed."""
    if mode == OFF:
        return Isolation()
    found = chosen(each for each, problem in tried().items() if problem is None)
    if mode == REQUIRED and not found.complete:
        raise IsolationMissing(detail="；".join(problem for problem in tried().values() if problem))
    return found


def facts(mode: str) -> dict[str, object]:
    """What is in force, for logs and metrics; what cannot be found out now (no room for a trial) counts as nothing."""
    try:
        found = Isolation() if mode == OFF else chosen(each for each, problem in tried().items() if problem is None)
    except OSError:
        found = Isolation()
    return {"mode": mode, "files": list(found.files), "network": list(found.network)}


def tried() -> dict[str, str | None]:
    """Each mechanism and why it cannot be used, or None. Found out once; later calls read the answer."""
    with _lock:
        if not _tried:
            _tried.update({mechanism: problem_of(mechanism) for mechanism in ORDER})
        return dict(_tried)


def problem_of(mechanism: str) -> str | None:
    """Why a mechanism does not hold here, or None when a child under it was refused what it should be."""
    if reason := why_not(mechanism):
        return reason
    with tempfile.TemporaryDirectory(prefix="avrecord-trial-") as name, socket.create_server(("127.0.0.1", 0)) as listener:
        outside, clip = Path(name), Path(name, "clip")
        (outside / "secret").write_bytes(b"secret")
        clip.write_bytes(b"clip")
        request = {
            "port": listener.getsockname()[1],
            "secret": str(outside / "secret"),
            "target": str(outside / "target"),
            "clip": str(clip),
        }
        for _ in range(TRIES):
            with isolated(TASK, request, TRIAL, reads=[clip], isolation=Isolation((mechanism,))) as outcome:
                done, reason = outcome.answer, outcome.reason or ""
            if done is not None:
                break
        wrote, secret = (outside / "target").exists(), (outside / "secret").read_bytes()
    if done is None:
        return ISOLATION["not_started"].format(mechanism=mechanism, reason=reason)
    held = done["clip"] and not (mechanism in FOR_NETWORK and done["connected"])
    if mechanism in FOR_FILES:
        held = held and not (done["read"] or done["wrote"] or wrote or secret != b"secret")
    return None if held else ISOLATION["not_held"].format(mechanism=mechanism)
