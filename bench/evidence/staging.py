"""One clip: a background, light over all of it, papers held up in turn, noise, the recorder's overlay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import cv2
import numpy as np
from sample_media.camera import Sensor, burn_in
from sample_media.documents import Paper
from sample_media.planes import HEIGHT, WIDTH, Planes, cut_out
from sample_media.shown import MARGIN, MOVE, Shown

from evidence.axes import SIZES, Draw, bin_of
from evidence.foils import Foil
from evidence.grounds import FPS

DAY = datetime(2026, 9, 3, 10, 0, 0)
PAUSE = 0.3  # seconds between one paper's leaving and the next one's coming
BEFORE, AFTER = 0.7, 0.5


@dataclass(frozen=True)
class Light:
    """What a light does: to the street (factor, added), to the paper (factor), to colours, noise, veil, exposure in s."""

    street: float
    lifted: float
    paper: tuple[float, float]
    colour: float
    noise: float
    veil: int
    shutter: float


LIGHTS = {
    "day": Light(1.0, 0, (0.85, 1.05), 1.0, 2.2, 0, 0.010),
    "dusk": Light(0.5, 6, (0.45, 0.6), 0.55, 4.0, 0, 0.020),
    "night": Light(0.22, 4, (0.24, 0.4), 0.3, 8.0, 0, 0.033),
    "backlit": Light(1.35, 26, (0.34, 0.5), 0.6, 3.0, 16, 0.008),
}


class Hung(Shown):
    """A sign or a vest: nobody holds it, and it does not come and go by hand."""

    def __init__(self, paper: Paper, t0: float, t1: float, rng: np.random.Generator, draw: Draw) -> None:
        super().__init__(paper, t0, t1, rng, draw.pose)
        scale = self.key_px / paper.key
        flat = cv2.resize(paper.picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        flat = cv2.GaussianBlur(flat, (0, 0), self.defocus)
        self.layer, self.middle = cut_out(flat, np.full(flat.shape[:2], 255, np.uint8)), (flat.shape[1] / 2, flat.shape[0] / 2)
        self.spot = np.array([rng.uniform(500, WIDTH - 500), rng.uniform(MARGIN + 150, HEIGHT * 0.6)])


@dataclass
class Staged:
    """Everything of one clip. `overlay`: recorder and user, as it burns them in beside its clock."""

    name: str
    light: str
    ground: Any
    key_every_s: int
    sensor: Sensor
    overlay: tuple[str, str]
    shown: list[tuple[Shown, Draw]] = field(default_factory=list)
    seconds: float = BEFORE

    def add(self, what: Paper | Foil, draw: Draw, rng: np.random.Generator) -> None:
        """Show a paper after those already shown."""
        t0 = self.seconds + MOVE
        t1 = t0 + draw.seconds
        if isinstance(what, Foil) and what.hung:
            shown: Shown = Hung(what.paper, t0, t1, rng, draw)
        else:
            shown = Shown(what.paper if isinstance(what, Foil) else what, t0, t1, rng, draw.pose)
        self.shown.append((shown, draw))
        self.seconds = t1 + MOVE + PAUSE

    def frames(self) -> Iterator[Planes]:
        """The pictures in their order."""
        light = LIGHTS[self.light]
        for number in range(round((self.seconds + AFTER) * FPS)):
            t = number / FPS
            frame = self.ground.see(t)
            frame.y = cv2.convertScaleAbs(frame.y, alpha=light.street, beta=light.lifted)
            for shown, _ in self.shown:
                shown.put(frame, t)
            if light.veil:
                frame.y = cv2.convertScaleAbs(frame.y, alpha=1 - light.veil / 255, beta=light.veil)
            if light.colour < 1:
                frame.u, frame.v = (
                    cv2.convertScaleAbs(part, alpha=light.colour, beta=128 * (1 - light.colour)) for part in (frame.u, frame.v)
                )
            self.sensor.expose(frame, number, 1.0)
            burn_in(frame, DAY, t, self.overlay[0], self.overlay[1])
            yield frame

    def truth(self) -> dict[str, Any]:
        """What was shown, by measured values where they differ from the drawn ones."""
        facts = {"file": f"{self.name}.mp4", "light": self.light, "key_every_s": self.key_every_s}
        return facts | {"events": [event(shown, draw, self.key_every_s) for shown, draw in self.shown]}


def event(shown: Shown, draw: Draw, key_every_s: int) -> dict[str, Any]:
    """One showing. `size`: by the characters' height on the picture, perspective included; `keys`: key frames meanwhile."""
    high, corners = phrase_on_picture(shown)
    return shown.truth() | {
        "seen_px": round(high, 1),
        "size": bin_of(high, SIZES),
        "blur": draw.blur,
        "occ": round(shown.covered, 3),
        "angle": draw.angle,
        "seconds": round(draw.seconds, 2),
        "keys": int(shown.t1 // key_every_s) - int(-(-shown.t0 // key_every_s)) + 1,
        "phrase": corners.round().astype(int).tolist(),
    }


def phrase_on_picture(shown: Shown) -> tuple[float, np.ndarray]:
    """Height of the key phrase's characters and its four corners in the picture, in the middle of the showing."""
    paper = shown.paper
    scale = shown.key_px / paper.key
    tall, wide = paper.picture.shape[0] * scale, paper.picture.shape[1] * scale
    left, right = (at * scale for at in paper.span) if paper.span[1] else (0.0, wide)
    line, half = paper.key_at * tall, shown.key_px / 2
    flat = np.array([[left, line - half], [right, line - half], [right, line + half], [left, line + half]])
    flat += np.array(shown.middle) - (wide / 2, tall / 2)
    seen = cv2.perspectiveTransform(flat[None].astype(np.float32), shown.matrix((shown.t0 + shown.t1) / 2))[0]
    return float((np.linalg.norm(seen[0] - seen[3]) + np.linalg.norm(seen[1] - seen[2])) / 2), seen
