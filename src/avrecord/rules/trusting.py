"""Does a key count for a leaf? Revocation goes by position and witness time, never by claimed time."""

from __future__ import annotations

from avrecord.model.trust import Interval, ListedKey


def objection(listed: ListedKey, index: int, claimed: str, proved: Interval) -> tuple[str, str] | None:
    """Why a listed key does not count for the leaf at `index`: a finding's code and reason, or None.

    `claimed`: the leaf's own time. Where a witness proves a time, the claim decides nothing. The beginning of a key,
    and its ordinary end by rotation, follow from the log's own endorsed positions: a list is made when its keeper
    gets to it, and `valid_from` is only said.
    """
    if listed.revoked:
        before = listed.revoked.cosigned_before
        if proved.not_after is None or proved.not_after >= before:
            return "REVOKED_KEY", f"密钥已吊销，且没有早于 {before[:19]}Z 的见证能证明当时已封存"
        if listed.revoked.until_index is not None and index >= listed.revoked.until_index:
            return "REVOKED_KEY", f"密钥已吊销，只认日志第 {listed.revoked.until_index} 条之前"
    if listed.valid_until is not None and not _before(listed.valid_until, claimed, proved):
        return "EXPIRED_KEY", f"密钥有效期至 {listed.valid_until[:19]}Z"
    return None


def _before(limit: str, claimed: str, proved: Interval) -> bool:
    if proved.not_after is not None and proved.not_after <= limit:
        return True
    if proved.not_before is not None and proved.not_before > limit:
        return False
    return claimed <= limit
