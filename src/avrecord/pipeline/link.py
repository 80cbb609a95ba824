"""Clips are linked to stages by tag, or by recorder, assignment and time; late cards find their stage by themselves.

Only what changed is looked at: clips that came or got a length, and clips around stages and assignments that came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta

from avrecord.model.case import Assignment, Matches, Proposal, Stage
from avrecord.model.clip import Clip, ClipId
from avrecord.model.moments import beijing, milliseconds, utc_text
from avrecord.model.statement import Body, ClipLinked, ClipUnlinked, DeviceAssigned
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import catch_up, state
from avrecord.rules.linking import UNTIMED, match_clip, reach, without
from avrecord.rules.tags import tagged_cases
from avrecord.seal.codec import decode
from avrecord.store.records import clip_of

LINKED_TO = "linked_to"
AT_ONCE = 500  # clips whose links are stated in one durable step
MOVED = timedelta(days=10)  # how far a corrected stage may have stood before
BY_RULE = ("assignment", "tag")


def link_all(kit: Kit) -> tuple[int, int]:
    """Bring the rule's links up to date; return how many were made and how many withdrawn.

    What a person linked or unlinked stays: no rule makes or takes it again. Nothing is withdrawn from a case that is held.
    """
    mark = _mark_name(kit)
    kept = kit.store.row("local_mark", name=mark)
    since, size = int(kept["value"]) if kept else 0, kit.records.projected()
    since = since if since <= size else 0  # the index was rebuilt from a shorter log
    made = withdrawn = 0
    waiting: list[Clip] = []
    matcher = _Matcher(kit)
    for clip in _affected(since, matcher, kit):
        waiting.append(clip)
        if len(waiting) == AT_ONCE:
            made, withdrawn = _stated(waiting, matcher, kit, made, withdrawn)
            waiting = []
    made, withdrawn = _stated(waiting, matcher, kit, made, withdrawn)
    if since != size:
        with kit.log.writing(), kit.store.writing() as run:
            run("set_local_mark", name=mark, value=size)
    return made, withdrawn


def _mark_name(kit: Kit) -> str:
    """How far linking came under the settings of now: others begin anew."""
    rules = kit.settings.link
    return f"{LINKED_TO} {rules.buffer_seconds} {rules.longest_stage_hours}"


def _stated(clips: list[Clip], matcher: _Matcher, kit: Kit, made: int, withdrawn: int) -> tuple[int, int]:
    """State the changes of some clips. First without the lock, since most change nothing; what changes is asked again under
    it: a person, or another process, may have spoken meanwhile."""
    changed = [clip for clip in clips if any(True for _ in _changes(clip, matcher, kit))]
    if not changed:
        return made, withdrawn
    with kit.log.writing():
        catch_up(kit)
        matcher = _Matcher(kit)  # assignments and holds of now, not of when the pass began
        bodies = [body for clip in changed for body in _changes(clip, matcher, kit)]
        state(kit, bodies)
    linked = sum(isinstance(body, ClipLinked) for body in bodies)
    return made + linked, withdrawn + len(bodies) - linked


def proposals(kit: Kit, stages: Iterable[Stage]) -> list[Proposal]:
    """Links that only a person can decide, of these stages, in order of stage and clip."""
    wanted = {stage.id for stage in stages}
    matcher = _Matcher(kit)
    clips = {clip.id: clip for stage in stages for clip in matcher.around(stage)}
    for row in kit.store.rows("clips_tagged"):
        clip = clip_of(row)
        if any(stage.case in matcher.tags(clip) for stage in wanted):
            clips[clip.id] = clip
    found = [each for clip in clips.values() for each in matcher.of(clip).proposals if each.stage in wanted]
    linked = {(clip.id, stage) for stage in wanted for clip, _ in kit.records.linked(stage)}
    open_ = [each for each in found if (each.clip.id, each.stage) not in linked]
    return sorted(open_, key=lambda each: (each.stage, each.clip.true_start or each.clip.sealed_at, each.clip.id))


def undecided(kit: Kit) -> Callable[[ClipId], bool]:
    """Tells of clips, one after another, whether a link is proposed that nobody has decided."""
    matcher = _Matcher(kit)

    def asks(clip: ClipId) -> bool:
        found = kit.records.clip(clip)
        linked = set(kit.records.links_of(clip))
        return found is not None and any(each.stage not in linked for each in matcher.of(found).proposals)

    return asks


class _Matcher:
    """What a clip belongs to, with what is asked again and again kept for one pass."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.buffer = timedelta(seconds=kit.settings.link.buffer_seconds)
        self.longest = timedelta(hours=kit.settings.link.longest_stage_hours)
        self.assignments: dict[str, list[Assignment]] = {}
        for each in kit.records.assignments():
            self.assignments.setdefault(each.recorder, []).append(each)
        self.held = {row["case_no"] for row in kit.store.rows("all_holds") if row["case_no"] and row["lifted_seq"] is None}
        self._known: dict[str, tuple[str, ...]] = {}

    def of(self, clip: Clip) -> Matches:
        tags = self.tags(clip)
        stages = [stage for case in tags for stage in self.kit.records.stages(case_no=case)] if tags else self._stages(clip)
        found = match_clip(clip, stages, self.assignments.get(clip.recorder or "", ()), self.buffer, tags)
        if not found.links and not found.proposals:
            return found
        withheld = self.kit.store.rows("withheld_by_clip", clip_id=clip.id.hex)
        return without(found, ((row["case_no"], row["stage_id"]) for row in withheld))

    def tags(self, clip: Clip) -> tuple[str, ...]:
        return tagged_cases(clip.stored, self._is_known) if "号" in clip.stored else ()

    def around(self, stage: Stage) -> Iterator[Clip]:
        """Clips whose links a stage may change: those near it, and untimed ones sealed in the days after."""
        day = beijing(stage.start, "%Y-%m-%d"), beijing(stage.end, "%Y-%m-%d")
        for recorder, held in self.assignments.items():
            if not any(each.officer in stage.officers and (each.covers(day[0]) or each.covers(day[1])) for each in held):
                continue
            yield from self.kit.records.clips_around(recorder, stage.start - 2 * self.buffer, stage.end + 2 * self.buffer)
            span = {"since": utc_text(stage.start), "until": utc_text(stage.start + UNTIMED)}
            rows = self.kit.store.rows("clips_untimed", recorder=recorder, wide=milliseconds(self.buffer), **span)
            yield from map(clip_of, rows)

    def near(self, stage: Stage, reach: timedelta) -> Iterator[Clip]:
        """Clips of every recorder that any of its officers ever held, within a span around a stage."""
        for recorder, held in self.assignments.items():
            if any(each.officer in stage.officers for each in held):
                yield from self.kit.records.clips_around(recorder, stage.start - reach, stage.end + reach)

    def _stages(self, clip: Clip) -> list[Stage]:
        since, until = reach(clip, self.buffer)
        return self.kit.records.stages_held_around(clip.recorder or "", since - self.longest, until)

    def _is_known(self, case: str, before: str) -> bool:
        """Whether a case is known, and what stands right before its number in the name is one of its stages or nothing.

        `盘综执罚字〔2026〕44号` ends like a case of another word; while it is not imported, its clips are nobody's.
        """
        if case not in self._known:
            stages = self.kit.records.stages(case_no=case)
            self._known[case] = tuple({stage.stage for stage in stages} | {stage.id.name for stage in stages})
        names = self._known[case]
        return bool(names) and (not before or before.endswith(names))


def _affected(since: int, matcher: _Matcher, kit: Kit) -> Iterator[Clip]:
    """Clips whose links may have changed since a leaf, each once."""
    seen: set[str] = set()
    for clip in _all_affected(since, matcher, kit):
        if clip.id.hex not in seen:
            seen.add(clip.id.hex)
            yield clip


def _all_affected(since: int, matcher: _Matcher, kit: Kit) -> Iterator[Clip]:
    yield from map(clip_of, kit.store.rows("clips_changed", since=since))
    if since == 0:
        return  # that was all of them
    stages = kit.records.stages_changed(since)
    corrected = {(row["case_no"], row["stage_id"]) for row in kit.store.rows("stages_corrected", since=since)}
    for stage in stages:
        yield from (clip for clip, _ in kit.records.linked(stage.id))
        yield from matcher.around(stage)
        if (stage.id.case, stage.id.name) in corrected:  # its old times are not known any more: what it left is looked for widely
            yield from matcher.near(stage, MOVED)
    if stages:
        yield from map(clip_of, kit.store.rows("clips_tagged"))
    for row in kit.store.rows("statements_of_kind", kind=DeviceAssigned.kind, since=since):
        for index, entry in kit.log.entries(row["seq"], row["seq"] + 1):
            body = decode(entry, index).body
            assert isinstance(body, DeviceAssigned)
            # A day earlier: a clip that runs over midnight begins before the assignment that it belongs to.
            day = (date.fromisoformat(min(body.since, body.until or body.since)) - timedelta(days=1)).isoformat()
            yield from map(clip_of, kit.store.rows("clips_of_recorder_since", recorder=body.recorder, day=day))


def _changes(clip: Clip, matcher: _Matcher, kit: Kit) -> Iterator[Body]:
    wanted = {(link.stage.case, link.stage.name): link for link in matcher.of(clip).links}
    rows = kit.store.rows("links_by_clip", clip_id=clip.id.hex)
    existing = {(row["case_no"], row["stage_id"]): row["method"] for row in rows}
    for (case, stage), link in sorted(wanted.items()):
        if (case, stage) not in existing:
            yield ClipLinked(
                clip=clip.id.hex,
                case=case,
                stage=stage,
                method=link.method,
                overlap_ms=link.overlap_ms,
                uncertainty_ms=link.uncertainty_ms,
            )
    for (case, stage), method in sorted(existing.items()):
        if method in BY_RULE and (case, stage) not in wanted and case not in matcher.held:
            yield ClipUnlinked(clip=clip.id.hex, case=case, stage=stage, why="no longer matches")
