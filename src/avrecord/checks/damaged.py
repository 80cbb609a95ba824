"""文件损坏: what could not be read, and what a file claims but does not hold. Exit 0 proves nothing."""

from __future__ import annotations

from avrecord.model.observation import Fault

VERSION = "damaged@1"
SHORT_MS = 1500


def damaged(errors: int, last_ms: int | None, claimed_ms: int | None, decoded: int, key_frames: int) -> list[Fault]:
    """Faults from counts: decoder errors, a duration that is not there, key frames that gave no picture."""
    end = max(last_ms or 0, claimed_ms or 0)
    found = []
    if errors:
        found.append(Fault("damaged", VERSION, 0, end, f"解码错误 {errors} 处"))
    if claimed_ms and claimed_ms - (last_ms or 0) > SHORT_MS:
        missing = (claimed_ms - (last_ms or 0)) / 1000
        found.append(Fault("damaged", VERSION, last_ms or 0, claimed_ms, f"文件自称的最后 {missing:.1f} 秒不在文件里"))
    if key_frames and not decoded:
        found.append(Fault("unreadable", VERSION, 0, end, "没有一帧能解码"))
    return found
