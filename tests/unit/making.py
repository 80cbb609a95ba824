"""Nouns for tests: short to write, ordinary unless a test says otherwise."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from avrecord.model.case import Stage, StageId
from avrecord.model.clip import Clip, ClipId, Media
from avrecord.model.observation import Examination, Facts, Fault, Observation
from avrecord.model.statement import Body, ServiceStarted, Statement
from avrecord.seal.codec import encode
from avrecord.seal.log import Log
from avrecord.seal.note import NoteKey
from avrecord.seal.signer import SoftSigner

NINE = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
"""09:00 in Beijing."""
KEY = SoftSigner(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
"""RFC 8032 §7.1, test 1: a key that everybody knows."""
OTHER_KEY = SoftSigner(bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
ORIGIN = "avrecord.log/station-01"
TRUSTED = NoteKey(ORIGIN, KEY.public)


def at(seconds: float) -> datetime:
    """Seconds after nine o'clock."""
    return NINE + timedelta(seconds=seconds)


def clip_id(name: object) -> ClipId:
    return ClipId(hashlib.sha256(str(name).encode()).hexdigest())


def clip(name: object = "a", start: float | None = 0, seconds: float | None = 600, **changes: Any) -> Clip:
    """A video of recorder Z3A0017 that claims to start `start` seconds after nine."""
    ordinary: dict[str, Any] = {
        "id": clip_id(name),
        "size": 1000,
        "recorder": "Z3A0017",
        "name": f"{name}.mp4",
        "stored": f"2026-11-16/Z3A0017/{name}.mp4",
        "media": Media.VIDEO,
        "start": None if start is None else at(start),
        "sealed_at": at(36_000),
        "duration_ms": None if seconds is None else round(seconds * 1000),
    }
    return Clip(**(ordinary | changes))


def stage(seconds: float = 1800, start: float = 0, officers: tuple[str, ...] = ("041007",)) -> Stage:
    return Stage(
        StageId("盘综执罚〔2026〕44号", "现场执法"), "行政处罚", "现场执法", "一中队", officers, at(start), at(start + seconds)
    )


def examination(of: Clip, *observations: Observation, **changes: Any) -> Examination:
    """A complete look that could speak for 亮证 and 告知 and found nothing but what is given."""
    ordinary: dict[str, Any] = {
        "clip": of.id.hex,
        "outcome": "complete",
        "reason": None,
        "checks": ("id_shown@1",),
        "looked": ("id_shown", "notice_given"),
        "facts": Facts(duration_ms=of.duration_ms, longest_gap_ms=2000),
        "observations": observations,
    }
    return Examination(**(ordinary | changes))


def observation(segment: str = "id_shown", doubtful: bool = False, score: int = 900, at_ms: int = 4000) -> Observation:
    return Observation(segment, f"{segment}@1", at_ms, score, "行政执法证", "0" * 64, doubtful=doubtful)


def fault(kind: str) -> Fault:
    return Fault(kind, "check@1", 0, 1000)


def said(index: int, body: Body | None = None) -> Statement:
    return Statement(
        station="station-01", seq=index, at="2026-11-16T01:00:00.000000Z", by="service", body=body or ServiceStarted(version="1")
    )


def leaves(first: int, count: int, word: str = "1") -> list[bytes]:
    """Real statements, so that a reader has nothing to complain of."""
    return [encode(said(index, ServiceStarted(version=word))) for index in range(first, first + count)]


def log_at(folder: Path) -> Log:
    return Log(folder, KEY, ORIGIN)


def filled(folder: Path, *batches: int) -> Log:
    """A log with one checkpoint per batch."""
    log = log_at(folder)
    for count in batches:
        log.append(lambda first, count=count: leaves(first, count))
    return log


def flip(path: Path, at_byte: int, mask: int = 1) -> None:
    """XOR one byte of a file: an overwrite would be a no-op one time in 256."""
    content = bytearray(path.read_bytes())
    content[at_byte] ^= mask
    path.write_bytes(content)


def slow_root(hashes: Iterable[bytes]) -> bytes:
    """RFC 6962 §2.1 word by word: split at the largest power of two below n."""
    found = list(hashes)
    if len(found) < 2:
        return found[0] if found else hashlib.sha256(b"").digest()
    split = 1
    while split * 2 < len(found):
        split *= 2
    return hashlib.sha256(b"\x01" + slow_root(found[:split]) + slow_root(found[split:])).digest()
