"""The journal of checkpoints in the object store: full slices that never change, and the last one while it grows.

Key rotations are believed from one checkpoint to the next, so whoever makes a station again needs all of them; and the file grows
with every append, too long to be sent whole each time.
"""

from __future__ import annotations

from pathlib import Path

from avrecord.errors import ObjectMissing, StoreProblem
from avrecord.pipeline.storing import station_prefix
from avrecord.seal.log import SEPARATOR
from avrecord.vault.objects import Objects

SLICE = 1 << 16  # bytes
MOST_SLICES = 1 << 14  # a gigabyte: four million checkpoints
FILE = "checkpoints.txt"


def send_journal(objects: Objects, station: str, log: Path, signed: str) -> None:
    """What the store lacks of it, up to the checkpoint that lies there: a record beyond that one was never published.

    Full slices first: a reader that finds no tail for the next one has all that was full.
    """
    content = journal_until((log / FILE).read_bytes(), signed)
    full = len(content) // SLICE
    number = full - 1
    while number >= 0 and objects.size(_key(station, f"{number:06d}")) is None:
        number -= 1
    for missing in range(number + 1, full):
        objects.put(_key(station, f"{missing:06d}"), content[missing * SLICE : (missing + 1) * SLICE])
    objects.replace(_key(station, f"{full:06d}.tail"), content[full * SLICE :])


def journal_until(content: bytes, signed: str) -> bytes:
    """The journal's records up to and with one checkpoint; all of them when it is not among them."""
    last = signed.encode() + SEPARATOR.encode()
    at = content.find(last)
    return content if at < 0 else content[: at + len(last)]


def fetch_journal(objects: Objects, station: str) -> bytes:
    """The journal as it was sent last; empty when there is none. Raises StoreProblem for one without an end."""
    content = b""
    for number in range(MOST_SLICES):
        try:
            content += objects.get(_key(station, f"{number:06d}"), SLICE)
        except ObjectMissing:
            break
    else:
        raise StoreProblem(detail="检查点簿没有尽头")
    try:
        return content + objects.get(_key(station, f"{number:06d}.tail"), SLICE)
    except ObjectMissing:
        return content


def _key(station: str, name: str) -> str:
    return f"{station_prefix(station)}log/journal/{name}"
