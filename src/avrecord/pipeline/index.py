"""The index against the log: the log wins, and where a doctored database deviates is shown."""

from __future__ import annotations

import tempfile
from pathlib import Path

from avrecord.model.finding import Finding
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import AT_ONCE, catch_up
from avrecord.seal.codec import decode
from avrecord.store.projection import project
from avrecord.store.sqlite import Store

MOST_SHOWN = 20


def differences(kit: Kit) -> list[Finding]:
    """Rows that the database holds and the log does not give, and the other way round: INDEX_DIFFERS.

    The log and its attachments are replayed into an empty database beside the old one. Raises
    LogBroken, BytesMissing or EvidenceError when they cannot be.
    """
    with tempfile.TemporaryDirectory(dir=kit.root, prefix=".index-") as folder:
        fresh = Store(Path(folder) / "fresh.db")
        done = _replay(kit, fresh, 0, kit.log.refresh())
        # The service goes on meanwhile: the last leaves and the comparison are under the lock, or its newest rows would differ.
        with kit.log.writing():
            catch_up(kit)
            _replay(kit, fresh, done, kit.log.size)
            fresh.close()
            return _compare(kit.store, Path(folder) / "fresh.db")


def _replay(kit: Kit, fresh: Store, first: int, size: int) -> int:
    for start in range(first, size, AT_ONCE):
        with fresh.writing() as run:
            for index, entry in kit.log.entries(start, min(size, start + AT_ONCE)):
                project(run, decode(entry, index), kit.attachments.get)
    return size


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
