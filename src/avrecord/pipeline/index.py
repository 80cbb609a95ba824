"""The index against the log: the log wins, and where a doctored database deviates is shown."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from avrecord.durable import read_small
from avrecord.model.finding import Finding
from avrecord.pipeline.record import AT_ONCE
from avrecord.seal import tiles
from avrecord.seal.codec import decode
from avrecord.seal.log import SEPARATOR
from avrecord.seal.note import Checkpoint
from avrecord.store.projection import project
from avrecord.store.sqlite import Store, snapshot
from avrecord.vault.attachments import Attachments

MOST_SHOWN, LARGEST_JOURNAL = 20, 1 << 30


def differences(database: Path, log_folder: Path, size: int, attachments: Attachments) -> list[Finding]:
    """Rows that the database holds and the log does not give, and the other way round: INDEX_DIFFERS.

    A consistent copy of the database is compared with a replay of as many leaves as it reflects: nothing of the station
    is written, no private key is needed, and a service may go on meanwhile. `size`: leaves of the log. Raises
    DatabaseProblem, LogBroken, BytesMissing or EvidenceError when it cannot be.
    """
    with tempfile.TemporaryDirectory(prefix="avrecord-index-") as folder:
        copy = snapshot(database, Path(folder) / "copy.db")
        row = copy.row("projected")
        reflected = int(row["size"]) if row else 0
        if reflected > size:  # a station at work went on since the log was read
            size = max(size, _published(log_folder))
        try:
            entries = tiles.entries(log_folder, 0, min(reflected, size), size)
            fresh = _replayed(entries, Path(folder) / "fresh.db", attachments)
            found = _compare(copy, fresh)
        finally:
            copy.close()
    if reflected > size:
        found.append(Finding("INDEX_DIFFERS", "avrecord.db", size, str(size), str(reflected), "数据库比日志长"))
    return found


def _published(log_folder: Path) -> int:
    """What the log folder claims to hold by now. Who signed it is not this question's."""
    try:
        text = read_small(log_folder / "checkpoints.txt", LARGEST_JOURNAL).decode().rpartition("\n\n")[0]
        return Checkpoint.parse(text.rpartition(SEPARATOR)[2] + "\n").size
    except (OSError, ValueError):
        return 0


def _replayed(entries: Iterator[tuple[int, bytes]], path: Path, attachments: Attachments) -> Path:
    fresh = Store(path)
    while batch := list(islice(entries, AT_ONCE)):
        with fresh.writing() as run:
            for index, entry in batch:
                project(run, decode(entry, index), attachments.get)
    fresh.close()
    return path


def _compare(store: Store, fresh: Path) -> list[Finding]:
    found = []
    for table, ours, logs in store.compare_with(fresh):
        shown = [("数据库有而日志没有", row, None) for row in ours] + [("日志有而数据库没有", None, row) for row in logs]
        for detail, here, there in shown[:MOST_SHOWN]:
            about = f"avrecord.db {table}"
            found.append(Finding("INDEX_DIFFERS", about, None, there, here, detail))
        if len(shown) > MOST_SHOWN:
            rest = len(shown) - MOST_SHOWN
            found.append(Finding("INDEX_DIFFERS", f"avrecord.db {table}", detail=f"另有 {rest} 行不符"))
    return found
