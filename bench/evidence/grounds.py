"""Backgrounds: real street clips where nothing is shown, and painted streets with signs. Sources are parted by half."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from sample_media.camera import Camera, Drift
from sample_media.planes import HEIGHT, WIDTH, Planes
from sample_media.scenes import Scene, scene

from evidence import PROJECT

FOOTAGE = PROJECT.parent / "shared" / "footage" / "video"
SOURCES = {
    "fit": ("car-detection.mp4", "asl_gestures_walk.mkv", "asl_gestures_book.mkv"),
    "test": ("vtest.avi", "one-by-one-person-detection.mp4", "asl_gestures_sister.mkv"),
}
PAINTED = {
    "fit": (("front", ("东湖烟酒", "综合行政执法局便民点")), ("inside", ("收银台",))),
    "test": (("street", ("老街烧烤", "丰源市城管服务站", "五金水暖")), ("front", ("安达汽修", "城市管理综合执法"))),
}
SHORTEST = 1.2  # seconds: a span is played to and fro
OVERLAY = 74  # rows at the top in which the clips carry a clock of their own
FPS = 12


@dataclass(frozen=True)
class Span:
    """Seconds of a labelled clip in which nothing is shown, all of one source."""

    clip: Path
    first: float
    last: float
    source: str


def free_spans(folder: Path = FOOTAGE) -> list[Span]:
    """All such spans, in order; nothing where the footage is absent."""
    found = []
    for path in sorted(folder.glob("*.mp4")):
        truth = json.loads(path.with_suffix(".json").read_text("utf-8"))
        shown = sorted((e["t0"] - 0.6, e["t1"] + 0.6) for e in truth["events"] if e["kind"] != "spoken")
        sources = truth["backgrounds"]
        ends = [start for start, _ in sources[1:]] + [truth["dur"]]
        for (start, source), end in zip(sources, ends, strict=True):
            found += [Span(path, a, b, source) for a, b in between(start, end, shown)]
    return found


def between(start: float, end: float, taken: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """What is left of a stretch of time."""
    left, at = [], start
    for first, last in [*taken, (end, end)]:
        if min(first, end) - at >= SHORTEST:
            left.append((at, min(first, end)))
        at = max(at, last)
    return left


def grounds(half: str) -> list[Span | tuple[str, tuple[str, ...]]]:
    """The half's backgrounds."""
    return [*(span for span in free_spans() if span.source in SOURCES[half]), *PAINTED[half]]


class Street:
    """A real span under a hand-held crop: the clip's own clock is left outside the picture."""

    def __init__(self, span: Span) -> None:
        self.frames = list(decoded(span))

    def view(self, rng: np.random.Generator) -> Street:
        """This street as another recorder would have seen it: another crop, another sway, perhaps mirrored."""
        other = object.__new__(Street)
        other.frames, other.zoom, other.flip = self.frames, float(rng.uniform(1.1, 1.3)), bool(rng.random() < 0.5)
        other.sway = Drift(rng, 14, 4, 0.4), Drift(rng, 10, 3, 0.4)
        return other

    def see(self, t: float) -> Planes:
        count = len(self.frames)
        step = int(t * FPS) % max(1, 2 * count - 2)
        frame = self.frames[min(step, 2 * count - 2 - step)]
        x = WIDTH * (self.zoom - 1) / 2 - self.sway[0](t)
        y = HEIGHT * (self.zoom - 1) - 4 + min(0.0, self.sway[1](t))
        sign = -self.zoom if self.flip else self.zoom
        matrix = np.array([[sign, 0, WIDTH + x if self.flip else -x], [0, self.zoom, -y]], np.float32)
        half = matrix.copy()
        half[:, 2] /= 2
        mode = {"borderMode": cv2.BORDER_REPLICATE}
        u, v = (cv2.warpAffine(part, half, (WIDTH // 2, HEIGHT // 2), **mode) for part in (frame.u, frame.v))
        return Planes(cv2.warpAffine(frame.y, matrix, (WIDTH, HEIGHT), **mode), u, v)


class Painted:
    """A street of sample_media."""

    def __init__(self, name: str, signs: tuple[str, ...], rng: np.random.Generator, seconds: float = 40.0) -> None:
        self.scene: Scene = scene(name, rng, signs, seconds)

    def view(self, rng: np.random.Generator) -> Painted:
        other = object.__new__(Painted)
        other.scene, other.camera = self.scene, Camera(rng)
        return other

    def see(self, t: float) -> Planes:
        return self.camera.see(self.scene, t)


def decoded(span: Span) -> Iterable[Planes]:
    """The span's frames at FPS."""
    with av.open(str(span.clip)) as box:
        video = box.streams.video[0]
        box.seek(int(span.first / video.time_base), stream=video)
        wanted = span.first
        for frame in box.decode(video):
            if frame.time >= span.last:
                return
            if frame.time >= wanted:
                wanted += 1 / FPS
                yield Planes(*(plane_of(frame, number) for number in range(3)))


def plane_of(frame: av.VideoFrame, number: int) -> np.ndarray:
    plane = frame.planes[number]
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width].copy()
