"""A clip without an index is looked at through a derived copy, where a sibling of the same recorder allows it.

The clip in the vault is never touched. The copy lies in the child's temporary folder and goes with it, or is
kept as an attachment when it is small. What it shows is true of the clip; its times are nominal, its sound is
not there, and the examination says both: it stays `partial`, so that nothing counts as not seen.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from avrecord.checks.damaged import UNINDEXED
from avrecord.durable import read_small
from avrecord.media.trial import in_force
from avrecord.media.worker import Limits, isolated
from avrecord.model.clip import Clip, Media
from avrecord.model.observation import Examination, Fault
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.sayable import UNUSABLE, unusable
from avrecord.seal.codec import typed

REPAIR = "avrecord.media.repair:mend"  # by name: this process never loads a decoder
VERSION = "repair@1"
MOST_SIBLINGS = 3
LARGEST_KEPT = 64 << 20  # bytes of a derived copy that is kept; it can be made again from the two clips
SPARE = 64 << 20
LONGEST_REFUSAL = 100
OF_SOUND = ("mute", "clipped", "wind")  # the copy has no sound, which says nothing of the clip's

Look = Callable[[Path], Examination]


def mended(clip: Clip, found: Examination, look: Look, limits: Limits, kit: Kit, stop: threading.Event | None) -> Examination:
    """`found`, or what a derived copy shows when the clip has no index and a sibling lends its parameters.

    `look` examines a file as this clip. Raises Interrupted when `stop` is set meanwhile.
    """
    if clip.media is not Media.VIDEO or not any(fault.kind == "unindexed" for fault in found.faults):
        return found
    lenders, refusals = siblings(clip, kit), []
    if shutil.disk_usage(tempfile.gettempdir()).free < clip.size + SPARE:
        return _not_mended(found, "临时目录空间不足，未尝试修复")
    for sibling in lenders:
        broken, whole = kit.vault.path(clip.stored), kit.vault.path(sibling.stored)
        request = {"broken": str(broken), "sibling": str(whole)}
        room = replace(limits, written=clip.size + SPARE)
        alone = in_force(kit.settings.check.isolation)
        with isolated(REPAIR, request, room, stop, reads=[broken, whole], isolation=alone) as outcome:
            answer = outcome.answer or {"impossible": outcome.reason}
            copy = outcome.folder / "derived.mp4"
            if "impossible" in answer or copy.is_symlink() or not copy.is_file():
                refusals.append(f"{sibling.id.short}：{str(answer.get('impossible', '没有副本'))[:LONGEST_REFUSAL]}")
                continue
            seen = look(copy)
            if seen.outcome in ("complete", "partial"):
                try:
                    return _of_copy(seen, sibling, answer, _kept(copy, kit))
                except UNUSABLE as error:
                    seen = unusable(clip.id.hex, error)
            refusals.append(f"{sibling.id.short}：派生副本{seen.reason or '不可用'}")
    return _not_mended(found, "；".join(refusals) or "没有可借用参数的同机片段")


def siblings(clip: Clip, kit: Kit) -> list[Clip]:
    """Sealed videos of the same recorder and kind of file: those of the same folder first, then the nearest in time."""
    if clip.recorder is None:
        return []
    try:
        others = [other for other in kit.records.clips(recorder=clip.recorder) if _can_lend(other, clip)]
        others.sort(key=lambda other: _distance(other, clip))
        healthy = (other for other in others if _is_healthy(other, kit))
        return [other for other, _ in zip(healthy, range(MOST_SIBLINGS), strict=False)]
    finally:
        kit.store.close()  # of this thread, which ends with the examination


def _can_lend(other: Clip, clip: Clip) -> bool:
    same = other.media is clip.media and _ending(other) == _ending(clip)
    return same and other.id != clip.id and other.size > 0 and other.set_aside is None


def _ending(clip: Clip) -> str:
    return PurePosixPath(clip.name).suffix.lower()


def _distance(other: Clip, clip: Clip) -> tuple[bool, float, str]:
    apart = (other.start or other.sealed_at) - (clip.start or clip.sealed_at)
    return PurePosixPath(other.stored).parent != PurePosixPath(clip.stored).parent, abs(apart.total_seconds()), other.id.hex


def _is_healthy(other: Clip, kit: Kit) -> bool:
    """Examined and whole, or not examined yet: then the repair finds out."""
    examination = kit.records.examination(other.id)
    return examination is None or examination.outcome == "complete"


def _kept(copy: Path, kit: Kit) -> str | None:
    return kit.attachments.put(read_small(copy, LARGEST_KEPT)) if copy.stat().st_size < LARGEST_KEPT else None


def _of_copy(seen: Examination, sibling: Clip, answer: dict[str, Any], copy: str | None) -> Examination:
    """What the copy shows, told of the clip: no length, no claim, no sound; times by the nominal rate."""
    frames, refused, rate = (typed(answer[name], int) for name in ("frames", "refused", "nominal_mfps"))
    why = (
        f"按同机片段 {sibling.id.short} 的参数从媒体数据找回 {frames} 帧，在派生副本上抽检；"
        f"时间按每秒 {rate / 1000:g} 帧推算；声音未找回；{refused} 字节未取用"
    )
    until = frames * 1_000_000 // max(1, rate)
    facts = replace(
        seen.facts,
        duration_ms=None,
        claimed_ms=None,
        derived_from=sibling.id.hex,
        derived_copy=copy,
        nominal_mfps=rate,
    )
    own = (Fault("unindexed", VERSION, 0, until, UNINDEXED), Fault("damaged", VERSION, 0, until, "只能读出派生副本中的画面"))
    others = tuple(fault for fault in seen.faults if fault.kind not in OF_SOUND)
    return replace(
        seen, outcome="partial", reason=f"没有索引，{why}", checks=(*seen.checks, VERSION), facts=facts, faults=own + others
    )


def _not_mended(found: Examination, why: str) -> Examination:
    return replace(found, reason=f"{found.reason}；{why}", checks=(*found.checks, VERSION))
