"""关联: which stages a clip belongs to, by tag, or by recorder, assignment and time.

What is certain is linked. What is not is proposed with the reason, for a person to decide: a wrong link makes a case
look recorded that is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from avrecord.model.case import Assignment, Link, Matches, Proposal, Stage
from avrecord.model.clip import Clip, Media
from avrecord.model.moments import beijing, milliseconds, since

LINKED_MEDIA = frozenset({Media.VIDEO, Media.AUDIO, Media.PHOTO})
UNTIMED = timedelta(hours=48)
"""How long before its sealing a clip without a usable time may have been recorded: a duty and a night on the dock twice."""
NOTHING = Matches()


def match_stage(stage: Stage, clips: Iterable[Clip], assignments: Sequence[Assignment], buffer: timedelta) -> tuple[Link, ...]:
    """Links of the clips to one stage, as if there were no other stage."""
    found = [link for clip in clips for link in match_clip(clip, [stage], assignments, buffer).links]
    return tuple(sorted(found, key=lambda link: link.clip.id))


def match_clip(
    clip: Clip,
    stages: Sequence[Stage],
    assignments: Iterable[Assignment],
    buffer: timedelta,
    tags: Sequence[str] = (),
) -> Matches:
    """Links and proposals of one clip among the stages around it.

    A clip belongs to a stage when its recorder was, that day, in the hands of one of the stage's officers and their times
    touch within `buffer`. Times are the station's: the recorder's claim less its measured offset. `tags`: case numbers
    that the file's own name gives; they win. Proposed only: what a clock in doubt, a shared recorder or a stage on either
    side leaves open.
    """
    if clip.media not in LINKED_MEDIA:
        return NOTHING
    if tags:
        return _by_tag(clip, [stage for stage in stages if stage.id.case in tags], buffer)
    held = [each for each in assignments if each.recorder == clip.recorder]
    if clip.true_start is None or clip.doubt or clip.uncertainty_ms > milliseconds(buffer):
        return Matches(proposals=tuple(_untimed(clip, stages, held)))
    return _by_time(clip, stages, held, buffer)


def _by_time(clip: Clip, stages: Sequence[Stage], held: Sequence[Assignment], buffer: timedelta) -> Matches:
    doubt = timedelta(milliseconds=clip.uncertainty_ms)
    near, proposals = [], []
    for stage in stages:
        apart = _apart(clip, stage)
        if apart > buffer + doubt or not (holders := _holders(clip, stage, held)) & set(stage.officers):
            continue
        if not _is_theirs(clip, stage, holders):
            proposals.append(_proposal(clip, stage, "shared"))
        elif apart > buffer:
            proposals.append(_proposal(clip, stage, "clock"))
        else:
            near.append((apart, stage))
    sure = [stage for apart, stage in near if apart < -doubt]
    if not sure and len(near) == 1:
        sure = [near[0][1]]
    elif not sure:
        proposals += [_proposal(clip, stage, "several") for _, stage in near]
    else:  # what it lies in is known; whether its clock lets it reach another one as well is for a person
        proposals = [each for each in proposals if each.reason != "clock"]
        proposals += [_proposal(clip, stage, "other") for apart, stage in near if -doubt <= apart <= doubt]
    return Matches(tuple(_link(clip, stage, "assignment") for stage in sure), tuple(proposals))


def _by_tag(clip: Clip, stages: Sequence[Stage], buffer: timedelta) -> Matches:
    """A tagged clip goes to the stage of its case that it overlaps, to the only one, else to a person."""
    if clip.true_start and not clip.doubt:
        near = [stage for stage in stages if _apart(clip, stage) <= buffer]
        inside = [stage for stage in near if _apart(clip, stage) < timedelta(0)]
        if found := inside or (near if len(near) == 1 else []):
            return Matches(tuple(_link(clip, stage, "tag") for stage in found))
    if len(stages) == 1:
        return Matches((_link(clip, stages[0], "tag"),))
    return Matches(proposals=tuple(_proposal(clip, stage, "tag") for stage in stages))


def _untimed(clip: Clip, stages: Iterable[Stage], held: Sequence[Assignment]) -> Iterable[Proposal]:
    """Stages that a clip of unknown time may show: the holder's, not long before it was sealed."""
    reason = "reset" if clip.doubt else "no_time" if clip.true_start is None else "clock"
    off = timedelta(milliseconds=clip.uncertainty_ms)
    for stage in stages:
        holders = {each.officer for each in held if each.covers(beijing(stage.start, "%Y-%m-%d"))}
        recent = clip.sealed_at - UNTIMED <= stage.start <= clip.sealed_at
        near = _apart(clip, stage) <= off if reason == "clock" else recent
        if near and holders & set(stage.officers):
            yield _proposal(clip, stage, reason)


def _holders(clip: Clip, stage: Stage, held: Iterable[Assignment]) -> set[str]:
    """Who had the recorder in hand on the day on which clip and stage meet."""
    assert clip.true_start
    day = beijing(max(clip.true_start, stage.start), "%Y-%m-%d")
    return {each.officer for each in held if each.covers(day)}


def _is_theirs(clip: Clip, stage: Stage, holders: set[str]) -> bool:
    """Whether nobody else can have worn it: all who held it that day were there, or the file's own number agrees with one
    of them. That number alone is never believed."""
    there = set(stage.officers)
    return holders <= there or (clip.user is not None and clip.user in holders & there)


def _apart(clip: Clip, stage: Stage) -> timedelta:
    """Time between clip and stage; below zero when they overlap, by as much as the clip could shift and still do."""
    assert clip.true_start
    assert clip.true_end
    return max(stage.start - clip.true_end, clip.true_start - stage.end)


def _overlap_ms(clip: Clip, stage: Stage) -> int:
    if clip.true_start is None or clip.true_end is None:
        return 0
    return max(0, milliseconds(min(clip.true_end, stage.end) - max(clip.true_start, stage.start)))


def _link(clip: Clip, stage: Stage, method: str) -> Link:
    return Link(clip, stage.id, method, _overlap_ms(clip, stage), clip.uncertainty_ms)


def _proposal(clip: Clip, stage: Stage, reason: str) -> Proposal:
    return Proposal(clip, stage.id, reason, _overlap_ms(clip, stage), clip.uncertainty_ms)


def without(matches: Matches, withheld: Iterable[tuple[str, str]]) -> Matches:
    """Without what a person took away or turned down: pairs of case and stage name."""
    gone = set(withheld)
    return replace(
        matches,
        links=tuple(link for link in matches.links if (link.stage.case, link.stage.name) not in gone),
        proposals=tuple(each for each in matches.proposals if (each.stage.case, each.stage.name) not in gone),
    )


def reach(clip: Clip, buffer: timedelta) -> tuple[datetime, datetime]:
    """From when to when stages may lie that a clip belongs or is proposed to; two aware moments."""
    if clip.true_start is None or clip.true_end is None or clip.doubt:
        return clip.sealed_at - UNTIMED, clip.sealed_at
    wide = buffer + timedelta(milliseconds=clip.uncertainty_ms)
    return since(clip.true_start, -milliseconds(wide)), since(clip.true_end, milliseconds(wide))
