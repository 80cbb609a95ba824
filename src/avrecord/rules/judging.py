"""抽检结果: what observations say about a required segment. It never accuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from avrecord.model.case import Account as StageAccount
from avrecord.model.case import Lack, Mark, MarkKind, Stage
from avrecord.model.checklist import Mode
from avrecord.model.clip import Clip, Media
from avrecord.model.observation import Examination, Observation
from avrecord.rules.noticing import gone_through, not_noticing
from avrecord.rules.reviewing import STAGE, in_force


def judge(
    segment: str,
    clips: Sequence[Clip],
    examinations: Mapping[str, Examination],
    why_blind: Mapping[str, str],
    ways: Sequence[str] = ("printed",),
    against: Sequence[str] = (),
) -> Mark:
    """The strongest observation decides; without one, anything that kept a check from noticing does.

    `not_seen` is said only where every clip was gone through whole in each of `ways` (`printed`: looked
    through, `spoken`: listened to). `why_blind` gives the reason in words for each fault and for segments
    that no installed check can speak for. What was noticed of a segment in `against` is for a person.
    """
    for other in against:
        if best := _best(other, clips, examinations):
            return Mark(segment, MarkKind.CANNOT_TELL, f"{why_blind.get(other, other)}“{best[1].words}”，请人工复核", *best)
    best = _best(segment, clips, examinations)
    if best and not best[1].doubtful:
        return Mark(segment, MarkKind.SEEN, quoted(best[1]), *best)
    if best:
        heard = "听到" if best[1].heard else ""
        return Mark(segment, MarkKind.CANNOT_TELL, f"疑似{heard}“{best[1].words}”，请人工复核", *best)
    if not clips:
        return Mark(segment, MarkKind.CANNOT_TELL, "没有可抽检的录像")
    if lack := not_noticing(segment, clips, examinations, why_blind, ways):
        return Mark(segment, MarkKind.CANNOT_TELL, *lack)
    return Mark(segment, MarkKind.NOT_SEEN, gone_through(segment, clips, examinations, ways), clips[0])


def quoted(observation: Observation) -> str:
    """What was noticed, in words: read in the picture or heard."""
    return f"{'听到' if observation.heard else '画面文字'}“{observation.words}”"


def lacks(account: StageAccount, required_whole: bool) -> tuple[Lack, ...]:
    """Rows of `cases missing` for one stage. A review overrides the mark it is about."""
    decided = in_force(account.reviews, account.four_eyes)
    stage, found = account.stage, []
    if account.mode is None or decided.get(STAGE) == "not_required":
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
