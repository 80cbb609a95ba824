"""The check against a full OpenCV decode of the same clip, in one run; recall and false alarms.

    python bench/check.py [--clips FOLDER] [--rounds 3]

FOLDER holds labelled clips (`x.mp4` with `x.json` beside it); by default ../shared/footage/video. The
documents in them are rendered: every rate printed here is an upper bound for real footage.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import time
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import cv2
from machine import describe, table

from avrecord.checks.reading import Reader
from avrecord.checks.words_shown import checks_of
from avrecord.media.clipfile import ClipFile
from avrecord.media.isolation import Isolation
from avrecord.media.worker import Limits, isolated
from avrecord.pipeline.examine import TASK, THOROUGH, request_for
from avrecord.settings import CheckTable
from avrecord.station import shipped

PROJECT = Path(__file__).resolve().parents[1]
ALONE = Isolation()  # in a process namespace of its own a child's CPU time is not counted to us; bench/isolation.py has its cost
SEGMENTS = tomllib.loads((shipped("config") / "segments.toml").read_text("utf-8"))
SEGMENT_OF = {"cert": "id_shown", "notice": "notice_given"}
SLACK = 0.5  # seconds around a shown event in which it is coming in or leaving


def cpu_seconds() -> float:
    """CPU time of this process and of its finished children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def full_decode(path: Path) -> tuple[float, float]:
    """Wall and CPU seconds of decoding every frame with OpenCV (on all cores): the peer without an idea."""
    started, used = time.perf_counter(), cpu_seconds()
    video = cv2.VideoCapture(str(path))
    while video.read()[0]:
        pass
    return time.perf_counter() - started, cpu_seconds() - used


def examined(path: Path) -> tuple[float, float, dict[str, Any]]:
    """Wall and CPU seconds of the product's own examination (one core), child start and all; its answer."""
    request = request_for(path, "video", SEGMENTS, CheckTable(), THOROUGH)
    started, used = time.perf_counter(), cpu_seconds()
    with isolated(TASK, request, Limits(), reads=[path], isolation=ALONE) as outcome:
        assert outcome.answer is not None, outcome.reason
        return time.perf_counter() - started, cpu_seconds() - used, outcome.answer


def finds(path: Path) -> list[tuple[float, str]]:
    """Every certain find on every key frame (second, segment): what early exit would hide."""
    clip, reader, checks, found = ClipFile(path), Reader(), checks_of(SEGMENTS), []
    for frame in clip.key_frames(every_ms=0):
        lines = reader.read(frame.bgr())
        for check in checks:
            hit = check.read(lines)
            if hit and not hit.doubtful:
                found.append((frame.at_ms / 1000, check.segment))
    return found


def score(truth: dict[str, Any], found: list[tuple[float, str]], counts: dict[str, list[int]]) -> list[str]:
    """Add events found and shown to `counts`; return what was found while nothing like it was shown."""
    shown = [event for event in truth["events"] if event["kind"] in SEGMENT_OF]
    for event in shown:
        hit = any(s == SEGMENT_OF[event["kind"]] and event["t0"] - SLACK <= at <= event["t1"] + SLACK for at, s in found)
        easy = event.get("key_px", 99) >= 14 and event.get("occ", 0) <= 0.15 and event["t1"] - event["t0"] >= 2
        for name in (
            event["kind"],
            f"{event['kind']}, >= 14 px, <= 15 % covered, >= 2 s" if easy else f"{event['kind']}, harder",
        ):
            counts[name][0] += hit
            counts[name][1] += 1
    return [
        f"{segment} at {at:.1f} s"
        for at, segment in found
        if not any(SEGMENT_OF[e["kind"]] == segment and e["t0"] - SLACK <= at <= e["t1"] + SLACK for e in shown)
    ]


def labelled(folder: Path) -> list[tuple[Path, dict[str, Any]]]:
    """Clips with their truth: a folder of pairs, or a rendered sample with its TRUTH.json."""
    if (folder / "TRUTH.json").exists():
        truth = json.loads((folder / "TRUTH.json").read_text("utf-8"))
        clips = [(folder / "cards" / clip["path"], clip) for clip in truth["clips"]]
        return [(path, clip) for path, clip in clips if clip["kept"] == 1.0 and path.suffix.lower() == ".mp4"]
    return [(path, json.loads(path.with_suffix(".json").read_text("utf-8"))) for path in sorted(folder.glob("*.mp4"))]


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--clips", type=Path, default=PROJECT.parent / "shared" / "footage" / "video")
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    clips = labelled(given.clips) if given.clips.is_dir() else []
    if not clips:
        print(f"!!! no labelled clips in {given.clips}: nothing measured !!!")
        return 1
    print(f"machine: {describe()}\nclips: {given.clips.name}; one process each, wall time, in turn\n")
    rows, counts, alarms, ratios = [], defaultdict(lambda: [0, 0]), [], []
    distractors = 0
    for path, truth in clips:
        pairs = [(*full_decode(path), *examined(path)) for _ in range(given.rounds)]
        answer = pairs[0][4]
        seconds = answer["facts"]["duration_ms"] / 1000
        peer, peer_cpu, own, own_cpu = (statistics.median(pair[n] for pair in pairs) for n in range(4))
        ratios.append((peer / own, peer_cpu / own_cpu))
        cost = answer["cost"]
        seen = ", ".join(sorted({o["segment"] for o in answer["observations"] if not o["doubtful"]})) or "-"
        speeds = (seconds / peer, seconds / own, peer / own, seconds / peer_cpu, seconds / own_cpu, peer_cpu / own_cpu)
        read = f"{cost.get('frames_read', 0)}/{answer['facts']['key_frames']}"
        rows.append([path.name[-34:], f"{seconds:.0f}", *(f"{speed:.2f}" for speed in speeds), read, seen])
        alarms += [f"{path.name}: {alarm}" for alarm in score(truth, finds(path), counts)]
        distractors += sum(event["kind"] == "neg" for event in truth["events"])
    head = ["clip", "s", "OpenCV x", "check x", "ratio", "OpenCV x/core", "check x/core", "ratio", "frames read", "seen"]
    print(table(head, rows))
    wall, cpu = (statistics.median(pair[n] for pair in ratios) for n in (0, 1))
    print(f"\nmedian ratio, check against full decode: {wall:.2f} by wall time (two cores against one), {cpu:.2f} per core")
    print("\nevery key frame read, no early exit (rendered documents: an upper bound):")
    print(table(["events", "found"], [[name, f"{hit} of {total}"] for name, (hit, total) in sorted(counts.items())]))
    print(f"false alarms: {len(alarms)} on {distractors} distractors" + "".join(f"\n  {alarm}" for alarm in alarms))
    return 0


if __name__ == "__main__":
    sys.exit(main())
