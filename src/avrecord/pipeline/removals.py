"""A sealed clip whose bytes are gone: removed by a rule that the log shows, or missing."""

from __future__ import annotations

import threading
from datetime import timedelta

from avrecord.errors import EvidenceError
from avrecord.model.finding import Finding
from avrecord.model.moments import from_utc_text
from avrecord.pipeline.evidence import Evidence
from avrecord.seal.verify import Leaf, ReadLog, Removal, read_log
from avrecord.store import documents
from avrecord.vault.attachments import Attachments

DOUBTED = ("MISSING", "UNSIGNED")
LEAST_WAIT = timedelta(days=7)  # between list and removal, whatever the station's settings said


class ExpiryLists:
    """Lists of what was to be removed, each read once. Clips are checked by several threads."""

    def __init__(self, attachments: Attachments) -> None:
        self._attachments = attachments
        self._read: dict[str, frozenset[str]] = {}
        self._lock = threading.Lock()

    def names(self, digest: str, clip: str) -> bool:
        """Whether a list names a clip. A list that is gone or altered names nothing; `verify` says so of the attachment."""
        with self._lock:
            if digest not in self._read:
                self._read[digest] = self._clips(digest)
            return clip in self._read[digest]

    def _clips(self, digest: str) -> frozenset[str]:
        try:
            rows = documents.read("expiry", self._attachments.get(digest))["clips"]
            return frozenset(row["clip"] for row in rows)
        except (EvidenceError, OSError, KeyError, TypeError, ValueError, RecursionError):
            return frozenset()


def gone(stored: str, leaf: Leaf, read: ReadLog, lists: ExpiryLists) -> Finding:
    """REMOVED_BY_RULE where the log gives a rule, a list that named the clip, and the days between; else MISSING."""
    clip = leaf.body.clip
    removal = read.removed.get(clip)
    if removal is None:
        return Finding("MISSING", stored, leaf.index, clip, None, "日志中有封存记录，文件不在")
    if lacking := _lacking(removal, clip, read, lists):
        return Finding("MISSING", stored, removal.index, clip, None, f"移除记录不成立：{lacking}")
    return Finding("REMOVED_BY_RULE", stored, removal.index, clip, None, removal.body.rule)


def meanwhile(findings: list[Finding], evidence: Evidence, read: ReadLog, lists: ExpiryLists) -> list[Finding]:
    """The findings with what was removed by rule while the vault was being read said as that: a station at work goes on.

    The log is read once more, and only where something is missing.
    """
    doubted = [each for each in findings if each.code in DOUBTED and each.about in read.taken]
    if not doubted:
        return findings
    now = read_log(evidence.log_folder, read.head_key or evidence.log_keys)
    fresh = now.removed.keys() - read.removed.keys()
    return [
        gone(each.about, leaf, now, lists) if each in doubted and (leaf := read.taken[each.about]).body.clip in fresh else each
        for each in findings
    ]


def _lacking(removal: Removal, clip: str, read: ReadLog, lists: ExpiryLists) -> str | None:
    if removal.listed is None or removal.list_at is None:
        return "此前没有列出过清单"
    if removal.undone:
        return "列入清单后已被撤销"
    try:
        listed = from_utc_text(removal.list_at)
        # A clock that was set back afterwards shows that the removal's own time had not come yet.
        later = [at for seq, at in read.steps if seq > removal.index]
        waited = min(from_utc_text(at) for at in (removal.at, *later)) - listed
    except ValueError:
        return "时间读不懂"
    if removal.held:
        return "移除时该片段尚被冻结"
    if waited < LEAST_WAIT:
        return "清单公示不足 7 日"
    return None if lists.names(removal.listed, clip) else "清单中没有这个片段，或清单读不出"
