"""The clock in the picture against the file's own times. A difference is somebody's to explain, and no mark depends on it."""

from __future__ import annotations

from datetime import datetime

from avrecord.model.moments import beijing, from_utc_text, milliseconds
from avrecord.model.observation import Facts, Fault

VERSION = "clocks@1"
KINDS = ("clock_mismatch", "clock_jump")
JUMP_MS = 2000  # whole seconds are shown and written a frame late
UNEVEN = 1000  # recorders that stamp 25 frames a second and take 24.98 drift by a thousandth


def clock_faults(facts: Facts, claimed: datetime | None, tolerance_s: int) -> tuple[Fault, ...]:
    """What disagrees. `claimed`: the start by the file's name, None where it says none.

    Both come from the recorder's one clock, so its being fast or slow shows in neither. Nothing is said of a derived
    copy, whose times are nominal and whose first picture need not be the clip's.
    """
    if facts.overlay_start is None or facts.derived_from:
        return ()
    found, end, shown = [], facts.duration_ms or 0, from_utc_text(facts.overlay_start)
    if claimed and abs(apart := milliseconds(shown - claimed)) > tolerance_s * 1000:
        detail = f"画面时钟 {beijing(shown)}，文件自称 {beijing(claimed)}，画面{_by(apart)}"
        found.append(Fault("clock_mismatch", VERSION, 0, end, detail))
    drift = facts.overlay_drift_ms or 0
    if abs(drift) > JUMP_MS + end / UNEVEN:
        detail = f"片段内画面时钟比录像时间{'多走' if drift > 0 else '少走'} {_length(drift)}"
        found.append(Fault("clock_jump", VERSION, 0, end, detail))
    return tuple(found)


def _by(apart: int) -> str:
    return f"{'快' if apart > 0 else '慢'} {_length(apart)}"


def _length(apart: int) -> str:
    """A span as people say it: the largest units first, none of them zero."""
    seconds = round(abs(apart) / 1000)
    parts = ((seconds // 86400, "天"), (seconds // 3600 % 24, "小时"), (seconds // 60 % 60, "分"), (seconds % 60, "秒"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "不到 1 秒"
