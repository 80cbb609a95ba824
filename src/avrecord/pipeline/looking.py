"""What the isolated child does with one media file, in two tiers.

1. packets: key frames, gaps, sizes; sound by the second: silent, overdriven, only wind;
2. each key frame: dark, covered, overexposed, blurred, frozen;
3. the fast tier (`cascade`): which frames are read; an item that is proved is not looked for again;
4. the thorough tier reads every key frame that is left, and the most promising places at full size (`fullsize`), before
   anything may be called not seen. On a long clip it is a second examination, made when nothing new is waiting.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2

from avrecord.checks.damaged import UNINDEXED
from avrecord.checks.protocol import WordsCheck
from avrecord.checks.words_shown import checks_of
from avrecord.media.clipfile import ClipFile
from avrecord.media.shape import shape_of
from avrecord.model.observation import Facts
from avrecord.pipeline import extras
from avrecord.pipeline.cascade import VERSION as CASCADE
from avrecord.pipeline.cascade import Look, closer_look, dense_pass, fast_pass, thorough_pass
from avrecord.pipeline.fullsize import full_size_pass
from avrecord.pipeline.technical import VERSIONS, unopened
from avrecord.rules.noticing import SPARSE_MS

FEW = 60  # key frames left: 8 s of reading, less than another child and another decoding would cost


def look(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Examine `request['path']`. Evidence frames go into `folder`; the answer is plain JSON.

    Request: path, media (video, audio, photo), segments (table of segments.toml), gate, every_ms, tier (`fast`,
    `thorough`), dense_seconds, full_size_frames. Raises nothing for bad media: an unreadable file is an answer, too.
    """
    cv2.setNumThreads(1)
    clip = ClipFile(Path(request["path"]), photo=request["media"] == "photo")
    state = Look(clip, folder, list(checks_of(request["segments"])), request["gate"])
    try:
        state.shape = shape_of(state.clip.path)
        fast_pass(state, request["every_ms"])
        facts = _facts(state, request["media"])
        if thorough := request["tier"] == "thorough" or not state.open or len(state.later) <= FEW:
            thorough_pass(state)
            closer_look(state)
            full_size_pass(state, request["full_size_frames"])
            if state.open and (facts.longest_gap_ms or 0) > SPARSE_MS:
                dense_pass(state, request["dense_seconds"])
                facts = replace(facts, dense_to_ms=state.dense_to_ms or None)
    except (av.error.FFmpegError, ValueError, MemoryError, OSError) as error:
        return _unreadable(state, UNINDEXED if state.shape.unindexed else _cause(error))
    return _answer(state, facts, request, thorough)


def _facts(state: Look, media: str) -> Facts:
    packets = state.clip.packets
    end = packets.last_ms if packets.last_ms is not None else packets.sound_ms
    marks = [*packets.keys, end or 0]
    gaps = [later - earlier for earlier, later in pairwise(marks)]
    return Facts(
        duration_ms=None if media == "photo" else end,
        claimed_ms=packets.claimed_ms,
        width=packets.width,
        height=packets.height,
        video_codec=packets.video_codec,
        audio_codec=packets.audio_codec,
        frames=packets.frames,
        key_frames=len(packets.keys),
        longest_gap_ms=max(gaps, default=None) if packets.keys and media == "video" else None,
        decode_errors=packets.errors,
        **state.extras.facts(state.reader),
    )


def _answer(state: Look, facts: Facts, request: dict[str, Any], thorough: bool) -> dict[str, Any]:
    media = request["media"]
    decoded = state.cost["key_frames_decoded"]
    faults = state.technical.faults(state.clip.packets, facts, media, state.shape, decoded)
    kinds = {fault.kind for fault in faults}
    looked = [check.segment for check in state.checks] if facts.video_codec and thorough else []
    doubts = [doubt for doubt in state.doubts if doubt.segment not in state.certain]
    observations = sorted([*state.certain.values(), *doubts], key=lambda o: (o.segment, o.at_ms))
    outcome = "unreadable" if "unreadable" in kinds else "partial" if "damaged" in kinds else "complete"
    state.cost["frames_read"] = state.reader.detected
    state.cost["lines_read"] = state.reader.recognised
    state.cost["crops_looked_at"] = state.reader.cropped
    state.cost["read_at_full_size"] = state.reader.enlarged
    return {
        "tier": "" if thorough else "fast",
        "outcome": outcome,
        "reason": next((fault.detail for fault in faults if fault.kind == "unreadable"), None),
        "checks": _versions(state.checks),
        "looked": looked,
        "facts": asdict(facts),
        "observations": [asdict(observation) for observation in observations],
        "faults": [asdict(fault) for fault in faults],
        "cost": dict(state.cost),
        "offered": state.extras.offered(state.folder) if media == "video" else [],
    }


def _unreadable(state: Look, reason: str) -> dict[str, Any]:
    return {
        "tier": "",
        "outcome": "unreadable",
        "reason": reason,
        "checks": _versions(state.checks),
        "looked": [],
        "facts": asdict(Facts()),
        "observations": [],
        "faults": [asdict(fault) for fault in unopened(reason, state.shape)],
        "cost": dict(state.cost),
        "offered": [],
    }


def _cause(error: BaseException) -> str:
    """The decoder's complaint without the file's path: a statement names no place of a machine."""
    if isinstance(error, ValueError) and not isinstance(error, av.error.FFmpegError):
        return str(error)[:200]  # ours
    return f"解码器报告 {type(error).__name__}: {getattr(error, 'strerror', None) or error}"[:200]


def _versions(checks: Iterable[WordsCheck]) -> list[str]:
    return [*(check.version for check in checks), CASCADE, *VERSIONS, *extras.VERSIONS]
