"""抽检结果: what observations say about a required segment. It never accuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from avrecord.model.case import Account as StageAccount
from avrecord.model.case import Lack, Mark, MarkKind, Review, Stage
from avrecord.model.checklist import Mode
from avrecord.model.clip import Clip, Media
from avrecord.model.observation import Examination, Observation

BLIND = ("dark", "overexposed", "blurred", "frozen", "damaged", "unindexed", "unreadable", "empty")
"""Faults that keep a visual check from speaking; those of the sound do not."""
SPARSE_MS = 2500
"""Key frames further apart than this may miss a certificate that was shown for two seconds."""


def judge(
    segment: str,
    clips: Sequence[Clip],
    examinations: Mapping[str, Examination],
    why_blind: Mapping[str, str],
) -> Mark:
    """The strongest observation decides; without one, anything that kept the check from seeing does.

    `not_seen` is said only where every clip was looked through and could be seen. `why_blind` gives
    the reason in words for each fault and for segments that no installed check can speak for.
    """
    best = _best(segment, clips, examinations)
    if best and not best[1].doubtful:
        clip, observation = best
        return Mark(segment, MarkKind.SEEN, f"画面文字“{observation.words}”", clip, observation)
    if best:
        clip, observation = best
        return Mark(segment, MarkKind.CANNOT_TELL, f"疑似“{observation.words}”，请人工复核", clip, observation)
    for clip in clips:
        if reason := _blind(segment, clip, examinations.get(clip.id.hex), why_blind):
            return Mark(segment, MarkKind.CANNOT_TELL, reason, clip)
    if not clips:
        return Mark(segment, MarkKind.CANNOT_TELL, "没有可抽检的录像")
    return Mark(segment, MarkKind.NOT_SEEN, f"看过 {len(clips)} 个片段的全部关键帧，画面中未见；没有听声音", clips[0])


def lacks(account: StageAccount, required_whole: bool) -> tuple[Lack, ...]:
    """Rows of `cases missing` for one stage. A review overrides the mark it is about."""
    decided = latest_reviews(account.reviews)
    stage, found = account.stage, []
    if account.mode is None:
        return ()
    if account.coverage.covered_s == 0 and not account.clips:
        if decided.get("footage") not in ("seen", "not_required"):
            found.append(_lack_of_footage(stage, decided.get("footage")))
        return tuple(found)
    if decided.get("footage") == "missing":
        found.append(_lack_of_footage(stage, "missing"))
    if required_whole and decided.get("footage") not in ("seen", "not_required"):
        found += _gaps(account)
    for mark in account.marks:
        if lack := _lack_of(stage, mark, decided.get(mark.segment)):
            found.append(lack)
    return tuple(found)


def _gaps(account: StageAccount) -> list[Lack]:
    """The gaps, unless a clip of unknown length (not examined, or unreadable) may fill them."""
    gaps = account.coverage.gaps
    unknown = [clip for clip in account.clips if clip.media is not Media.PHOTO and clip.duration_ms is None]
    if gaps and unknown:
        detail = f"片段时长未知（{unknown[0].name}），不能判断有无缺口"
        return [Lack(account.stage, "cannot_tell", None, detail, unknown[0])]
    return [Lack(account.stage, "gap", None, f"缺口 {gap.seconds} 秒", None, gap) for gap in gaps]


def latest_reviews(reviews: Sequence[Review]) -> dict[str, str]:
    """Item → decision: the latest review of each item decides."""
    return {review.item: review.decision for review in sorted(reviews, key=lambda review: review.seq)}


def is_whole(mode: str | None) -> bool:
    return mode == Mode.WHOLE


def _lack_of_footage(stage: Stage, decision: str | None) -> Lack:
    what = "missing" if decision == "missing" else "no_footage"
    return Lack(stage, what, None, "经人工复核" if decision == "missing" else "该环节没有关联到任何录像")


def _lack_of(stage: Stage, mark: Mark, decision: str | None) -> Lack | None:
    if decision in ("seen", "not_required"):
        return None
    if decision == "missing":
        return Lack(stage, "missing", mark.segment, mark.reason, mark.clip)
    if mark.mark in (MarkKind.NOT_SEEN, MarkKind.CANNOT_TELL):
        return Lack(stage, mark.mark.value, mark.segment, mark.reason, mark.clip)
    return None


def _best(segment: str, clips: Sequence[Clip], examinations: Mapping[str, Examination]) -> tuple[Clip, Observation] | None:
    found = [
        (clip, observation)
        for clip in clips
        if (examination := examinations.get(clip.id.hex))
        for observation in examination.observations
        if observation.segment == segment
    ]
    # Certain before doubtful, then the better score, then the earlier: the same every time.
    return max(found, key=lambda pair: (not pair[1].doubtful, pair[1].score, pair[0].id.hex, -pair[1].at_ms), default=None)


def _blind(segment: str, clip: Clip, examination: Examination | None, why: Mapping[str, str]) -> str | None:
    """Why this clip cannot speak against the segment, or None when it can."""
    if examination is None:
        return "片段尚未抽检"
    for fault in examination.faults:
        if fault.kind in BLIND:
            return f"{why.get(fault.kind, fault.kind)}（{clip.name}）"
    if examination.outcome in ("failed", "unreadable"):
        return f"片段未能抽检（{examination.reason or examination.outcome}）"
    if segment not in examination.looked:
        return why.get(segment, "没有可用的检查方法")
    longest = examination.facts.longest_gap_ms or 0
    if clip.media is Media.VIDEO and longest > SPARSE_MS:
        return f"{why.get('sparse', 'sparse')}（{longest / 1000:.1f} 秒）"
    return None
