"""Could a clip speak against a segment? Only one that was looked through, or listened to, from end to end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from avrecord.model.clip import Clip, Media
from avrecord.model.observation import Examination
from avrecord.words import LIGHT

BLIND = ("dark", "overexposed", "blurred", "frozen", "damaged", "unindexed", "unreadable", "empty")
"""Faults that keep a visual check from speaking; those of the sound do not."""
DEAF = ("mute", "wind", "damaged", "unindexed", "unreadable", "empty")
"""Faults that keep a check of the sound from speaking; a covered lens does not."""
SPARSE_MS = 2500
"""Key frames further apart than this may miss a certificate that was shown for two seconds."""
POOR_LIGHT = ("night", "backlit")
"""In such light a legible paper was read far less often than by day (docs/limits.md): its not being read says little."""
MOSTLY = 500  # per mille of a clip's key frames
UNHEARD_MS = 2500
"""A shorter rest is the end of a sound stream, which seldom ends with the picture; longer silence is `mute`."""
NO_CHECK = "没有可用的检查方法"

Why = Mapping[str, str]
Lack = tuple[str, Clip]


def not_noticing(
    segment: str, clips: Sequence[Clip], examinations: Mapping[str, Examination], why: Why, ways: Sequence[str]
) -> Lack | None:
    """The first reason why "not seen" cannot be said, with its clip; None when it can."""
    if not {"printed", "spoken"} & set(ways):
        return why.get(segment, NO_CHECK), clips[0]
    if "printed" in ways:
        for clip in clips:
            if reason := _unknown(clip, examinations.get(clip.id.hex), why, BLIND) or _blind(
                segment, clip, examinations[clip.id.hex], why
            ):
                return reason, clip
    return _not_listening(segment, clips, examinations, why, ways) if "spoken" in ways else None


def gone_through(segment: str, clips: Sequence[Clip], examinations: Mapping[str, Examination], ways: Sequence[str]) -> str:
    """What was done before saying "not seen"."""
    said = [f"看过 {len(clips)} 个片段的全部关键帧，画面中未见"] if "printed" in ways else []
    if "spoken" in ways:
        return "；".join([*said, f"听过 {len(_sounding(clips))} 个片段的全部声音，未听到"])
    listened = all(segment in examinations[clip.id.hex].listened for clip in clips)
    return "；".join([*said, "声音中未听到" if listened else "没有听声音"])


def _not_listening(
    segment: str, clips: Sequence[Clip], examinations: Mapping[str, Examination], why: Why, ways: Sequence[str]
) -> Lack | None:
    before = "画面中未见；声音" if "printed" in ways else ""
    for clip in _sounding(clips):
        if reason := _unknown(clip, examinations.get(clip.id.hex), why, DEAF):
            return reason, clip
        if reason := _deaf(segment, clip, examinations[clip.id.hex], why):
            return f"{before}{reason}", clip
    return None if _sounding(clips) else (f"{before}没有录到", clips[0])


def _sounding(clips: Sequence[Clip]) -> list[Clip]:
    """A photo shows; it cannot tell."""
    return [clip for clip in clips if clip.media is not Media.PHOTO]


def _unknown(clip: Clip, examination: Examination | None, why: Why, faults: Sequence[str]) -> str | None:
    """What keeps any check from speaking: the clip was not examined, or is not sound."""
    if examination is None:
        return "片段尚未抽检"
    for fault in examination.faults:
        if fault.kind in faults:
            return f"{why.get(fault.kind, fault.kind)}（{clip.name}）"
    if examination.outcome in ("failed", "unreadable"):
        return f"片段未能抽检（{examination.reason or examination.outcome}）"
    return None


def _blind(segment: str, clip: Clip, examination: Examination, why: Why) -> str | None:
    if examination.tier == "fast":
        return f"{why.get('fast', 'fast')}（{clip.name}）"
    if segment not in examination.looked:
        return why.get(segment, NO_CHECK)
    longest, dense = examination.facts.longest_gap_ms or 0, examination.facts.dense_to_ms or 0
    if clip.media is Media.VIDEO and longest > SPARSE_MS and (clip.duration_ms is None or dense < clip.duration_ms - SPARSE_MS):
        to = f"，逐秒看过前 {dense // 1000} 秒" if dense else ""
        return f"{why.get('sparse', 'sparse')}（{longest / 1000:.1f} 秒{to}）"
    facts = examination.facts
    if facts.light in POOR_LIGHT and (facts.light_share or 0) >= MOSTLY:
        return f"看过全部关键帧，未读到；画面{LIGHT[facts.light]}，读不出不等于没有（{clip.name}）"
    return None


def _deaf(segment: str, clip: Clip, examination: Examination, why: Why) -> str | None:
    if segment not in examination.listened:
        return examination.unheard or why.get("unheard", NO_CHECK)
    total = clip.duration_ms or 0
    heard = sum(min(last, total) - min(first, total) for first, last in examination.heard)
    if clip.duration_ms is None or total - heard > UNHEARD_MS:
        return f"只听了 {heard // 1000}/{total // 1000} 秒，其余未听（{clip.name}）"
    return None
