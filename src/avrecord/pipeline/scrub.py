"""The nightly scrub: clips are read again from the disk, the one that nobody read for longest first.

Right after the copy only the page cache and the drive's own cache were asked; the real second check is another
day's. The result is a statement, so that it can be shown which clip was last seen whole, and when.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from avrecord.model.finding import GOOD, Finding, Verification
from avrecord.model.statement import ScrubDone
from avrecord.pipeline.evidence import evidence_of
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import catch_up, state
from avrecord.pipeline.removals import DOUBTED
from avrecord.pipeline.standing import NO_DEMAND
from avrecord.pipeline.verify import examined
from avrecord.store import documents
from avrecord.vault.readback import read_back

AT_LEAST = 1  # clip: a budget too short for one would otherwise never read anything


def read_from_disk(stored: str, path: Path) -> tuple[str, int]:
    """Past the page cache: of clips that memory still holds, a plain read found 0 of 10 that had changed on the disk."""
    return read_back(path)[0], path.stat().st_size


def scrub(kit: Kit, seconds: float, wanted: Callable[[], bool] = lambda: False, by: str = "service") -> Verification:
    """Read clips for `seconds`, oldest reading first, and state what was found. The log is read in full.

    Ends early when `wanted` says that something else has to be done. What the budget did not reach is not
    read, and nothing is said of it (`unread`).
    """
    started = time.monotonic()
    catch_up(kit)
    check, _, _ = examined(evidence_of(kit), NO_DEMAND, read_from_disk)
    findings: list[Finding] = []
    results: list[tuple[str, str]] = []
    read = size = 0
    for row in kit.store.rows("oldest_read"):
        if len(results) >= AT_LEAST and (wanted() or time.monotonic() - started >= seconds):
            break
        leaf = check.read.taken.get(row["stored"])
        if leaf is None:
            continue  # the index names what the log does not: `verify --all` says so
        found, bytes_read = check.of(row["stored"], leaf)
        if found[0].code in DOUBTED and kit.store.row("expired_clip", clip_id=leaf.body.clip):
            continue  # removed by rule while we read
        findings += found
        results.append((leaf.body.clip, found[0].code))
        read += bytes_read is not None
        size += bytes_read or 0
    if results:
        bad = sum(code not in GOOD for _, code in results)
        attached = kit.attachments.put(documents.scrub(results))
        state(kit, [ScrubDone(clips=len(results), bytes=size, bad=bad, results=attached)], by)
    findings += check.read.findings
    return Verification(tuple(findings), check.read.size, len(results), read, size, unread=len(check.read.taken) - len(results))
