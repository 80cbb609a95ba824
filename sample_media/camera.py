"""How a recorder on somebody's chest sees: sway, steps, turns, breathing exposure, noise, overlay."""

from datetime import datetime, timedelta
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw

from sample_media.movers import WIDE, Mover
from sample_media.painting import font
from sample_media.planes import DOUBLE, HALF, HEIGHT, WIDTH, Layer, Planes, lay
from sample_media.scenes import TALL, Scene

View = tuple[float, float, float, float]  # middle of the picture in the scene (x, y), roll in degrees, zoom
LEVEL = 790  # height in the scene at which the recorder looks when it hangs straight
BANK = 96  # how far the noise picture can be shifted each way


class Drift:
    """A smooth wandering value: a few sines with drawn periods, cheap and the same for each run."""

    def __init__(self, rng: np.random.Generator, reach: float, slowest: float, fastest: float, waves: int = 5) -> None:
        self.rate = 2 * np.pi / np.geomspace(slowest, fastest, waves) * rng.uniform(0.8, 1.25, waves)
        self.phase = rng.uniform(0, 2 * np.pi, waves)
        share = np.geomspace(1.0, 0.35, waves)
        self.share = reach * share / share.sum() * 1.5

    def __call__(self, t: float) -> float:
        return float(np.dot(self.share, np.sin(self.rate * t + self.phase)))


class Camera:
    """Where the recorder looks at a time, as a matrix from scene to frame pixels."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.pan = Drift(rng, 330, 38, 7)
        self.tilt = Drift(rng, 70, 23, 5)
        self.roll = Drift(rng, 1.6, 9, 1.6)
        self.shake = Drift(rng, 3.2, 0.9, 0.22), Drift(rng, 2.6, 0.8, 0.2)
        self.closer = Drift(rng, 0.05, 31, 12)
        self.walk = Drift(rng, 1.0, 19, 8)
        self.breath = Drift(rng, 0.07, 13, 2.5)
        self.pace = rng.uniform(1.6, 2.0)

    def look(self, t: float) -> View:
        """The view at a time, always inside the painted scene."""
        walking = float(np.clip(self.walk(t) * 1.5, 0, 1))
        step = 2 * np.pi * self.pace * t
        x = WIDE / 2 + self.pan(t) + self.shake[0](t) + 7 * walking * np.sin(step / 2)
        y = LEVEL + self.tilt(t) + self.shake[1](t) + 11 * walking * abs(np.sin(step / 2))
        zoom = 1.09 + self.closer(t)
        margin_x, margin_y = WIDTH / 2 / zoom + 40, HEIGHT / 2 / zoom + 40
        return (
            float(np.clip(x, margin_x, WIDE - margin_x)),
            float(np.clip(y, margin_y, TALL - margin_y)),
            self.roll(t) + 0.5 * walking * np.sin(step / 2),
            zoom,
        )

    def see(self, scene: Scene, t: float) -> Planes:
        """The scene with its figures, blurred when the recorder turns quickly."""
        now, before = self.look(t), self.look(t - 0.02)
        matrix = to_frame(*now)
        half = HALF @ matrix @ DOUBLE
        y = cv2.warpAffine(scene.ground.y, matrix[:2], (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        u, v = (
            cv2.warpAffine(part, half[:2], (WIDTH // 2, HEIGHT // 2), flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
            for part in (scene.ground.u, scene.ground.v)
        )
        frame = Planes(y, u, v)
        present = [(mover, place) for mover in scene.movers if (place := mover.at(t))]
        for mover, place in sorted(present, key=lambda pair: pair[1][2]):
            put(frame, mover, place, now)
        smear = int(min(9, abs(now[0] - before[0]) * 0.7)), int(min(9, abs(now[1] - before[1]) * 0.7))
        if max(smear) > 1:
            frame.y = cv2.blur(frame.y, (smear[0] | 1, smear[1] | 1))
        return frame


def put(frame: Planes, mover: Mover, where: tuple[Layer, float, float, float], view: View) -> None:
    """Put a figure where its foot is, shifted by its parallax."""
    pose, x, y, size = where
    x += (1 - mover.near) * (view[0] - WIDE / 2)
    y += (1 - mover.near) * (view[1] - LEVEL)
    width, height = pose.size
    stand = np.array([[size, 0, x - size * width / 2], [0, size, y - size * height], [0, 0, 1]])
    lay(frame, pose, to_frame(*view) @ stand)


def to_frame(x: float, y: float, roll: float, zoom: float) -> np.ndarray:
    """A view as a matrix."""
    c, s = zoom * np.cos(np.radians(roll)), zoom * np.sin(np.radians(roll))
    return np.array([[c, -s, WIDTH / 2 - c * x + s * y], [s, c, HEIGHT / 2 - s * x - c * y], [0, 0, 1]])


class Sensor:
    """Noise, dark corners and exposure, from a bank computed once per clip."""

    def __init__(self, rng: np.random.Generator, strength: float) -> None:
        shape = (HEIGHT + BANK, WIDTH + BANK)
        grain = rng.standard_normal(shape, np.float32)
        grain = cv2.GaussianBlur(grain, (3, 3), 0.6)
        self.grain = np.clip(grain * strength * 1.6 + 16, 0, 40).astype(np.uint8)
        y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j].astype(np.float32)
        self.corners = (34 * np.clip(x * x * 0.7 + y * y * 0.5 - 0.35, 0, None)).astype(np.uint8)
        self.places = rng.integers(0, BANK, (997, 2))

    def expose(self, frame: Planes, number: int, gain: float) -> None:
        """Exposure and noise in one pass, then the corners."""
        top, left = self.places[number % len(self.places)]
        grain = self.grain[top : top + HEIGHT, left : left + WIDTH]
        frame.y = cv2.subtract(cv2.addWeighted(frame.y, gain, grain, 1.0, -16), self.corners)


@lru_cache(maxsize=4)
def lettering(text: str) -> tuple[np.ndarray, np.ndarray]:
    """White letters with a black rim: what to raise to white and what to lower to black."""
    image = Image.new("L", (WIDTH - 40, 52), 0)
    outline = image.copy()
    face = font(36, bold=True)
    ImageDraw.Draw(image).text((6, 26), text, font=face, anchor="lm", fill=235)
    ImageDraw.Draw(outline).text((6, 26), text, font=face, anchor="lm", fill=255, stroke_width=3, stroke_fill=255)
    return np.asarray(image), np.asarray(outline)


def burn_in(frame: Planes, start: datetime, t: float, recorder: str, user: str) -> None:
    """The recorder's clock, number and user along the top; the clock is the recorder's claim."""
    now = start + timedelta(seconds=int(t))
    letters, rim = lettering(f"{now:%Y-%m-%d %H:%M:%S}  {recorder}  {user}")
    box = frame.y[14:66, 20 : WIDTH - 20]
    box[...] = cv2.max(cv2.multiply(np.ascontiguousarray(box), cv2.bitwise_not(rim), scale=1 / 255), letters)
    for part in (frame.u, frame.v):
        part[7:33, 10 : WIDTH // 2 - 10][rim[::2, ::2] > 60] = 128
