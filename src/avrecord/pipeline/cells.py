"""What is known of a stage, as ledgers and opinions print it: mark, clip, moment, and a person's decision beside it."""

from __future__ import annotations

from collections.abc import Callable

from avrecord.model.case import Account, Mark
from avrecord.model.clip import Clip, Media
from avrecord.model.moments import beijing, since
from avrecord.rules.judging import is_whole, lacks, quoted
from avrecord.rules.reviewing import decisions
from avrecord.words import DECISIONS, LACKS, MARKS, SECOND_EYE, SEGMENTS

Judged = Callable[[Account, str], Mark]


def footage_text(account: Account) -> str:
    name, coverage = account.stage.id.name, account.coverage
    decided = decided_text(account, "footage")
    if not account.clips:
        return f"{name}：无录像{decided}"
    gaps = "、".join(f"{beijing(g.start, '%H:%M:%S')}起缺 {g.seconds} 秒" for g in coverage.gaps)
    return f"{name}：录像 {coverage.covered_s}/{coverage.window_s} 秒" + (f"（{gaps}）" if gaps else "") + decided


def segment_text(account: Account, segment: str, judged: Judged) -> str:
    """One stage's line for a segment: the review when there is one, else the mark; none where not required."""
    name, decided = account.stage.id.name, decided_text(account, segment)
    for mark in account.marks:
        if mark.segment == segment:
            return f"{name}：{MARKS[mark.mark]}{where_text(mark)}{decided}"
    if segment in ("standard_wording", "uniform"):  # asked of every case, though no item requires them
        mark = judged(account, segment)
        where = where_text(mark) if mark.observation else f"，{mark.reason}"
        return f"{name}：{MARKS[mark.mark]}{where}{decided}"
    return f"{name}：清单不要求{decided}"


def decided_text(account: Account, item: str) -> str:
    """The decision in force, with who and when: it stands beside the fact and never hides it."""
    found = decisions(account.reviews, account.four_eyes).get(item)
    if found is None:
        return ""
    waits = f"，{SECOND_EYE}" if found.pending else ""
    return f"；{DECISIONS[found.decision]}（{'、'.join(found.by)}，{beijing(found.at, '%Y-%m-%d')}{waits}）"


def where_text(mark: Mark) -> str:
    if mark.clip is None or mark.observation is None:
        return f"（{mark.reason}）"
    moment = moment_in(mark.clip, mark.observation.at_ms)
    return f"（{quoted(mark.observation)}，{mark.clip.name} {moment}）"


def moment_in(clip: Clip, at_ms: int) -> str:
    """A moment of a clip as people look it up: Beijing time of day where known, and minutes into it."""
    if clip.media is Media.PHOTO:
        return beijing(clip.true_start, "%H:%M:%S") if clip.true_start else "照片"
    minutes = f"第 {at_ms // 60000}:{at_ms // 1000 % 60:02d}"
    return f"{beijing(since(clip.true_start, at_ms), '%H:%M:%S')}，{minutes}" if clip.true_start else minutes


def lack_texts(account: Account) -> list[str]:
    found = lacks(account, is_whole(account.mode))
    return [
        f"{lack.stage.id.name}：{SEGMENTS.get(lack.segment or '', '')}{LACKS[lack.what]}"
        + (f"（{lack.detail}）" if lack.what in ("gap", "cannot_tell") else "")
        for lack in found
    ]
