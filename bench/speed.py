"""Speed of the check on long clips, in one run against two peers: OpenCV decoding every frame, libav decoding key frames.

    python bench/speed.py [--minutes 5] [--rounds 2]

Scenes from ../shared/footage, encoded as a recorder does (1080p, key frame each 2 s): a street without documents or signs,
and a busy one with signs, licences and banners. CPU seconds of one core, start of the child and its models and all.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
from machine import describe, table

from avrecord.media.clipfile import OPEN
from avrecord.media.isolation import Isolation
from avrecord.media.worker import Limits, isolated
from avrecord.pipeline.examine import FAST, TASK, THOROUGH, request_for
from avrecord.settings import CheckTable
from avrecord.station import shipped

FOOTAGE = Path(__file__).resolve().parents[2] / "shared" / "footage" / "video"
ALONE = Isolation()  # in a process namespace of its own a child's CPU time is not counted to us; bench/isolation.py has its cost
SEGMENTS = tomllib.loads((shipped("config") / "segments.toml").read_text("utf-8"))
ENCODERS = {
    "h264": ["-c:v", "libx264", "-preset", "veryfast", "-b:v", "6M", "-bf", "0"],
    "hevc": ["-c:v", "libx265", "-preset", "ultrafast", "-b:v", "4M", "-x265-params", "log-level=none:bframes=0"],
}


def scenes() -> list[tuple[str, Path, float, float]]:
    """Name, file, from, seconds: the longest span of the clips in which nothing is shown, and the distractors."""
    spans = []
    for path in sorted(FOOTAGE.glob("dev_mixed_*.mp4")):
        shown = [e for e in json.loads(path.with_suffix(".json").read_text("utf-8"))["events"] if e["kind"] != "spoken"]
        edges = sorted([(0.0, 0.0), *((e["t0"] - 0.7, e["t1"] + 0.7) for e in shown), (60.0, 60.0)])
        spans += [(begin - end, path, end) for (_, end), (begin, _) in pairwise(edges)]
    length, path, start = max(spans)
    return [("street, no text", path, start, length), ("busy: signs, licences", FOOTAGE / "distractors_h264_g60.mp4", 0, 20)]


def prepared(scene: tuple[str, Path, float, float], codec: str, minutes: float, folder: Path) -> Path:
    """The scene again and again until the clip is long enough, as a recorder would have encoded it."""
    _, path, start, seconds = scene
    short, long = folder / f"{codec}-short.mp4", folder / f"{codec}-{path.stem}.mp4"
    quiet = ["ffmpeg", "-loglevel", "error", "-y"]
    keys = ["-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-an"]
    subprocess.run([*quiet, "-ss", str(start), "-t", str(seconds), "-i", path, *ENCODERS[codec], *keys, short], check=True)
    again = str(int(minutes * 60 / seconds))
    subprocess.run([*quiet, "-stream_loop", again, "-i", short, "-t", str(minutes * 60), "-c", "copy", long], check=True)
    return long


def spent(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds, those of children included."""

    def used() -> float:
        both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(each.ru_utime + each.ru_stime for each in both)

    before = used()
    answer = work()
    return used() - before, answer


def every_frame(path: Path) -> None:
    video = cv2.VideoCapture(str(path))
    while video.read()[0]:
        pass


def key_frames(path: Path) -> None:
    """The bare decoding that the check cannot do without: key packets only, loop filter off."""
    with av.open(str(path), options=OPEN) as box:
        context = box.streams.video[0].codec_context
        context.skip_frame, context.options = "NONKEY", {"skip_loop_filter": "all"}
        for packet in box.demux(box.streams.video[0]):
            if packet.size and packet.is_keyframe:
                context.decode(packet)
                context.decode(None)
                context.flush_buffers()


def examined(path: Path, tier: str, segments: dict[str, Any]) -> dict[str, Any]:
    request = request_for(path, "video", segments, CheckTable(), tier)
    with isolated(TASK, request, Limits(), reads=[path], isolation=ALONE) as outcome:
        assert outcome.answer is not None, outcome.reason
        return outcome.answer


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--minutes", type=float, default=5)
    arguments.add_argument("--rounds", type=int, default=2)
    given = arguments.parse_args()
    if not FOOTAGE.is_dir():
        print(f"!!! no footage in {FOOTAGE}: nothing measured !!!")
        return 1
    print(f"machine: {describe()}\n{given.minutes:.0f} minutes each, CPU seconds of one core\n")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        blink = prepared(scenes()[0], "h264", 0.05, Path(folder))
        start = min(spent(lambda: examined(blink, FAST, {}))[0] for _ in range(3))
        for codec in ENCODERS:
            for scene in scenes():
                rows.append(measured(scene, prepared(scene, codec, given.minutes, Path(folder)), codec, given.rounds))
    head = ["scene", "codec", "OpenCV", "keys", "technical", "fast", "thorough", "technical/keys", "fast/keys", "thorough/keys"]
    print(table([*head, "fast x real time", "OpenCV/fast", "frames read"], rows))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\npeak memory of a child: {peak:.0f} MB")
    print(f"start of a child, its models and a clip of three seconds: {start:.1f} CPU-s, in each figure above but the first two")
    print("goals: technical <= 1.2 x keys; fast <= 1.6 x keys without text, <= 3 x on busy streets")
    return 0


def measured(scene: tuple[str, Path, float, float], path: Path, codec: str, rounds: int) -> list[str]:
    times: list[list[float]] = []
    cost: dict[str, int] = {}
    for _ in range(rounds):
        one = [
            spent(lambda: every_frame(path))[0],
            spent(lambda: key_frames(path))[0],
            spent(lambda: examined(path, FAST, {}))[0],
        ]
        fast, answer = spent(lambda: examined(path, FAST, SEGMENTS))
        cost = answer["cost"]
        times.append([*one, fast, spent(lambda: examined(path, THOROUGH, SEGMENTS))[0]])
    full, keys, technical, fast, thorough = (statistics.median(each[n] for each in times) for n in range(5))
    seconds = float(subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path],
        check=True, capture_output=True, text=True,
    ).stdout)  # fmt: skip
    read = f"{cost.get('frames_read', 0)}/{cost['key_frames_decoded']}"
    ratios = [f"{each / keys:.2f}" for each in (technical, fast, thorough)]
    shown = [f"{each:.1f}" for each in (full, keys, technical, fast, thorough)]
    return [scene[0], codec, *shown, *ratios, f"{seconds / fast:.0f}", f"{full / fast:.1f}", read]


if __name__ == "__main__":
    sys.exit(main())
