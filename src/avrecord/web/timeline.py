"""The picture of a stage: its window, the recordings of each recorder, gaps, doubt about the clock, and frames where they lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from avrecord.errors import EvidenceError
from avrecord.model.case import Account
from avrecord.model.clip import Clip
from avrecord.model.moments import beijing, milliseconds, since
from avrecord.model.observation import Examination
from avrecord.pipeline.cells import moment_in
from avrecord.pipeline.kit import Kit
from avrecord.words import OFFERED, SEGMENTS

WIDTH = 1000.0
PICTURE = 100.0  # wide, of `WIDTH`; frames nearer together than this would lie over each other


def time_line(account: Account, kit: Kit) -> dict[str, Any]:
    """The stage's window as 0 … 1000, its clips by recorder, gaps and frames: what is drawn and the numbers beside it."""
    start, span = account.stage.start, milliseconds(account.stage.end - account.stage.start)

    def at(moment: datetime) -> float:
        return round(min(WIDTH, max(0.0, WIDTH * milliseconds(moment - start) / span)), 1)

    lanes: dict[str, list[dict[str, Any]]] = {}
    for clip in account.clips:
        if clip.true_start and clip.true_end and clip.duration_ms:
            doubt = round(WIDTH * clip.uncertainty_ms / span, 1)
            bar = {
                "from": at(clip.true_start),
                "to": at(clip.true_end),
                "name": clip.name,
                "doubt": min(doubt, WIDTH),
                "clip": clip.id.hex,
            }
            lanes.setdefault(clip.recorder or "未知设备", []).append(bar)
    gaps = [
        {"from": at(gap.start), "to": at(gap.end), "words": f"{beijing(gap.start, '%H:%M:%S')} 起缺 {gap.seconds} 秒"}
        for gap in account.coverage.gaps
    ]
    frames = [
        {"at": at(since(clip.true_start, at_ms)), "clip": clip.id.hex, "of": digest, "second": at_ms // 1000,
         "words": f"{title}，{clip.name.rpartition('/')[2]} {moment_in(clip, at_ms)}"}
        for clip, at_ms, digest, title in _pictures(account.clips, kit) if clip.true_start
    ]  # fmt: skip
    return {
        "start": beijing(start, "%H:%M:%S"),
        "end": beijing(account.stage.end, "%H:%M:%S"),
        "lanes": [{"recorder": name, "bars": bars} for name, bars in sorted(lanes.items())],
        "gaps": gaps,
        "frames": apart(frames),
    }


def _pictures(clips: Sequence[Clip], kit: Kit) -> Iterator[tuple[Clip, int, str, str]]:
    """Frames of clips with their time and what they show: those that a check relied on before those offered to a person."""
    found = [(clip, examination) for clip in clips if (examination := _examination(clip, kit))]
    for clip, examination in found:
        for seen in examination.observations:
            if seen.evidence:
                yield clip, seen.at_ms, seen.evidence, SEGMENTS.get(seen.segment, seen.segment)
    for clip, examination in found:
        for each in examination.offered:
            yield clip, each.at_ms, each.digest, OFFERED


def _examination(clip: Clip, kit: Kit) -> Examination | None:
    """None also where its document is gone or altered: verify reports that, and the line is drawn without pictures."""
    try:
        return kit.records.full_examination(clip.id)
    except EvidenceError:
        return None


def apart(frames: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those frames, the first ones first, that have room beside each other; from left to right, with their `left` edge."""
    kept: list[dict[str, Any]] = []
    for frame in frames:
        left = min(WIDTH - PICTURE, max(0.0, frame["at"] - PICTURE / 2))
        if all(abs(left - other["left"]) >= PICTURE for other in kept):
            kept.append(frame | {"left": round(left, 1)})
    return sorted(kept, key=lambda frame: float(frame["left"]))
