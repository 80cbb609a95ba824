"""The journal of checkpoints in the object store: full slices that never change, and the last one while it grows.

Key rotations are believed from one checkpoint to the next, so whoever makes a station again needs all of them; and the file grows
with every append, too long to be sent whole each time.
"""

from __future__ import annotations

from pathlib import Path

from avrecord.errors import ObjectMissing
from avrecord.pipeline.storing import station_prefix
from avrecord.vault.objects import Objects

SLICE = 1 << 16  # bytes
FILE = "checkpoints.txt"


def send_journal(objects: Objects, station: str, log: Path) -> None:
    """What the store lacks of it. Full slices first: a reader that finds no tail for the next one has all that was full."""
    path = log / FILE
    content = path.read_bytes() if path.exists() else b""
    there = {key for key, _ in objects.keys(_key(station, ""))}
    full = len(content) // SLICE
    for number in range(full):
        if (key := _key(station, f"{number:06d}")) not in there:
            objects.put(key, content[number * SLICE : (number + 1) * SLICE])
    objects.replace(_key(station, f"{full:06d}.tail"), content[full * SLICE :])


def fetch_journal(objects: Objects, station: str) -> bytes:
    """The journal as it was sent last; empty when there is none."""
    content, number = b"", 0
    while True:
        try:
            content += objects.get(_key(station, f"{number:06d}"), SLICE)
        except ObjectMissing:
            break
        number += 1
    try:
        return content + objects.get(_key(station, f"{number:06d}.tail"), SLICE)
    except ObjectMissing:
        return content


def _key(station: str, name: str) -> str:
    return f"{station_prefix(station)}log/journal/{name}"
