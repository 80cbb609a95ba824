"""The sound of a clip, listened to in a child of its own, for the items that the picture left open.

Its own child, because an engine may take the process with it (sherpa-onnx ends it over a bad model): what
was seen stays seen. Without a model nothing is said about the sound but why.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from avrecord.checks.hearing.folder import engine_problem
from avrecord.checks.spoken import rules_of
from avrecord.media.trial import in_force
from avrecord.media.worker import Limits, Outcome, isolated
from avrecord.model.clip import Clip, Media
from avrecord.model.moments import beijing, milliseconds, since, utc_text
from avrecord.model.observation import Examination, Observation
from avrecord.pipeline.answers import noun
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.sayable import UNUSABLE
from avrecord.seal.codec import typed
from avrecord.words import NO_SPEECH_MODEL

TASK = "avrecord.pipeline.listening:listen"  # by name: this process never loads an engine
BEFORE_MS, AFTER_MS = 60_000, 300_000  # around the start of a stage: who we are, what we do, what you may do
AROUND = timedelta(milliseconds=AFTER_MS)
BESIDES_S = 120  # CPU-seconds for loading the model, decoding, and the utterance at which the budget ends
LONGEST_MS = 24 * 3600 * 1000  # where the packets did not tell how long the clip is
LONGEST_WORDS = 60

Span = tuple[int, int]


def with_sound(seen: Examination, clip: Clip, path: Path, kit: Kit, stop: threading.Event | None = None) -> Examination:
    """The examination with what was heard added. Raises Interrupted when `stop` is set meanwhile."""
    if clip.media is Media.PHOTO:
        return seen
    return listened(seen, path, starts_in(clip, kit), kit.segments, kit.settings.check, kit.root, stop)


def listened(
    seen: Examination, path: Path, starts: list[int], segments: dict[str, Any], check: Any, root: Path, stop: Any = None
) -> Examination:
    """Listen for what is open. `starts`: ms of the clip at which a stage begins; `check`: the settings' table."""
    wanted = open_segments(seen, segments)
    if not wanted or seen.facts.audio_codec is None:
        return seen
    if not check.speech_model:
        return replace(seen, unheard=NO_SPEECH_MODEL)
    model = (root / check.speech_model).absolute()
    if reason := engine_problem(model):
        return replace(seen, unheard=f"未检测（{reason}）")
    request = {
        "path": str(path),
        "model": str(model),
        "segments": segments,
        "open": wanted,
        "passes": passes(seen.facts.duration_ms, starts, check.speech_first_minutes),
        "cpu_seconds": check.speech_cpu_seconds,
    }
    limits = Limits(memory=check.memory_mib << 20, cpu_s=check.speech_cpu_seconds + BESIDES_S, wall_s=check.wall_seconds)
    with isolated(TASK, request, limits, stop, reads=[path, model], isolation=in_force(check.isolation)) as outcome:
        return added(seen, outcome, segments)


def open_segments(seen: Examination, segments: dict[str, Any]) -> list[str]:
    """Segments with words to listen for that the picture did not prove. Nothing is opened by words against one."""
    proved = {observation.segment for observation in seen.observations if not observation.doubtful}
    names = [rule.segment for rule in rules_of(segments)]
    return [name for name in names if name not in proved and "against" not in segments[name]]


def passes(duration_ms: int | None, starts: list[int], first_minutes: int) -> list[list[Span]]:
    """Spans in the order in which they are worth hearing: around stages, the beginning, everything."""
    end = duration_ms or LONGEST_MS
    around = [(max(0, at - BEFORE_MS), min(end, at + AFTER_MS)) for at in sorted(starts)]
    return [[span for span in around if span[0] < span[1]], [(0, min(end, first_minutes * 60_000))], [(0, end)]]


def starts_in(clip: Clip, kit: Kit) -> list[int]:
    """Where in a clip, in ms, a stage begins whose officers hold its recorder that day. May lie before it."""
    begin, end = clip.true_start, clip.true_end
    if begin is None or end is None or clip.recorder is None:
        return []
    latest = end if clip.duration_ms else since(begin, LONGEST_MS)
    stages = kit.records.stages(since=utc_text(begin - AROUND), until=utc_text(latest))
    held = [a for a in kit.records.assignments() if a.recorder == clip.recorder] if stages else []
    return [
        milliseconds(stage.start - begin)
        for stage in stages
        if any(a.officer in stage.officers and a.covers(beijing(stage.start, "%Y-%m-%d")) for a in held)
    ]


def added(seen: Examination, outcome: Outcome, segments: dict[str, Any]) -> Examination:
    """The child's answer put beside what was seen; why not, where there is none."""
    answer = outcome.answer
    if answer is None:
        return replace(seen, unheard=f"未检测（{outcome.reason}）")
    try:
        observations = tuple(_observation(row, segments) for row in answer["observations"])
        cost = {f"sound_{key}": typed(value, int) for key, value in answer["cost"].items()}
        return replace(
            seen,
            checks=(*seen.checks, *typed(answer["checks"], tuple[str, ...])),
            observations=(*seen.observations, *observations),
            listened=typed(answer["listened"], tuple[str, ...]),
            heard=tuple(_span(span) for span in answer["heard"]),
            unheard=typed(answer["unheard"], str | None),
            cost=tuple(sorted({**dict(seen.cost), **cost}.items())),
        )
    except UNUSABLE as error:
        return replace(seen, unheard=f"未检测（语音进程的结果不可用：{type(error).__name__}）")


def _observation(row: dict[str, Any], segments: dict[str, Any]) -> Observation:
    found = noun(Observation, row)
    if found.segment not in segments or found.evidence is not None or found.crop is not None or not found.heard:
        raise ValueError("observation")
    return replace(found, words=found.words[:LONGEST_WORDS])


def _span(span: Any) -> tuple[int, ...]:
    first, last = typed(span, tuple[int, ...])
    if not 0 <= first < last:
        raise ValueError("span")
    return first, last
