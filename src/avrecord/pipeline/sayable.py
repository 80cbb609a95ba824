"""A child's answer before it is stated: it met hostile bytes, and a statement cannot be taken back.

An answer that cannot be written, read again or indexed would otherwise be asked for again for ever, and keep every
clip behind it waiting.
"""

from __future__ import annotations

from typing import Any

from avrecord.model.observation import Examination, Facts
from avrecord.store import documents
from avrecord.words import FAULTS, OUTCOMES

LONGEST_MS = 366 * 24 * 3600 * 1000  # of one clip; a later end has no date
LONGEST_REASON, LONGEST_LIST = 1000, 4000  # characters; a statement has room for 65,535 bytes

UNUSABLE = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, OSError)
"""What reading an answer may raise when its writer was taken over."""


def sayable(found: Examination, segments: dict[str, Any]) -> Examination:
    """The examination, or a failed one in its place."""
    try:
        _check(found, segments)
        documents.read_examination(documents.examination(found))
    except UNUSABLE as error:
        return unusable(found.clip, error)
    return found


def unusable(clip: str, error: BaseException) -> Examination:
    """The examination of a clip whose child answered something that is none."""
    return Examination(clip, "failed", f"解码进程的结果不可用（{type(error).__name__}）", (), (), Facts())


def _check(found: Examination, segments: dict[str, Any]) -> None:
    if found.outcome not in OUTCOMES:
        raise ValueError("outcome")
    if any(fault.kind not in FAULTS for fault in found.faults):
        raise ValueError("fault")
    if any(name not in segments for name in (*found.looked, *found.listened, *(o.segment for o in found.observations))):
        raise ValueError("segment")
    if not 0 <= (found.facts.duration_ms or 0) <= LONGEST_MS:
        raise ValueError("duration")
    if len(found.reason or "") > LONGEST_REASON or len(" ".join(found.checks)) > LONGEST_LIST:
        raise ValueError("length")
