"""Findings: one verdict each about integrity."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

GOOD = frozenset({"OK", "OK_UNWITNESSED", "REMOVED_BY_RULE"})
EXIT_OF = {
    "ALTERED": 11, "BAD_SIGNATURE": 11, "UNKNOWN_KEY": 11, "WRONG_KEY": 11, "UNSIGNED": 11,
    "EXTRA": 11, "NOT_IN_LOG": 11, "PROOF_INVALID": 11, "EXPIRED_KEY": 11, "REVOKED_KEY": 11,
    "TIME_INCONSISTENT": 11, "INDEX_DIFFERS": 11, "MALFORMED": 11,
    "MISSING": 12,
    "CHECKPOINT_INVALID": 13, "LOG_TRUNCATED": 13, "LOG_FORK": 13, "KEYLIST_ROLLBACK": 13,
    "UNREADABLE": 15, "STALE": 15, "QUORUM_NOT_MET": 15,
}  # fmt: skip
SEVERITY = (13, 11, 12, 15)
"""Which exit code speaks when there are several: a broken log first, since all rests on it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`about` is a path or `log`; `index` the leaf it concerns, when there is one."""

    code: str
    about: str
    index: int | None = None
    expected: str | None = None
    found: str | None = None
    detail: str = ""
    not_before: str | None = None
    not_after: str | None = None
    """What witnesses prove of the leaf's time (UTC text); None: claimed by the station only."""


@dataclass(frozen=True, slots=True)
class Verification:
    """All findings of one run. `checked` clips were stated in the log; `read` were read in full."""

    findings: tuple[Finding, ...]
    log_size: int
    checked: int
    read: int
    bytes_read: int
    covered: int = 0
    """Leaves that evidence from outside covers."""
    key_approved: bool = False
    """The keys came from an auditor's policy or a root's list rather than from the station."""
    unread: int = 0
    """Clips that the log states and that were not asked for: nothing is said of them."""

    def with_findings(self, more: list[Finding]) -> Verification:
        """The same verification with further findings."""
        return replace(self, findings=(*self.findings, *more)) if more else self

    @property
    def totals(self) -> dict[str, int]:
        return dict(sorted(Counter(f.code for f in self.findings).items()))

    @property
    def exit_code(self) -> int:
        codes = {EXIT_OF[f.code] for f in self.findings if f.code in EXIT_OF}
        return next((code for code in SEVERITY if code in codes), 0)
