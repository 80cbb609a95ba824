"""A paper held up to the camera for a few seconds."""

from dataclasses import dataclass

import cv2
import numpy as np

from sample_media.camera import Drift
from sample_media.documents import Paper
from sample_media.hands import held
from sample_media.planes import HEIGHT, WIDTH, Planes, lay

FOCAL = 1500.0
MOVE = 0.5  # seconds in which it comes up, and goes
MARGIN = 110  # the key phrase stays below the overlay


@dataclass(frozen=True)
class Pose:
    """How a paper is held: character height (px), defocus (sigma, px), brightness, angles (degrees), share covered."""

    key_px: float
    defocus: float
    gain: float
    angles: np.ndarray  # yaw, pitch, roll
    cover: float = 0.0  # of the key phrase, by a finger
    tremble: float = 1.0  # times the usual sway of a hand
    shutter: float = 0.012  # seconds of exposure: what moves meanwhile is smeared


def drawn(paper: Paper, rng: np.random.Generator) -> Pose:
    """A pose in which the key phrase can be read."""
    key_px = float(rng.uniform(18, 26) if paper.type in ("cover", "n_cover") else rng.uniform(16.5, 27))
    defocus, gain = float(rng.uniform(0.2, 0.85)), float(rng.uniform(0.78, 1.06))
    return Pose(key_px, defocus, gain, rng.uniform((-18, -16, -9), (18, 16, 9)))


class Shown:
    """One showing: place, angles, light and tremble are drawn, so that no showing looks like another."""

    def __init__(self, paper: Paper, t0: float, t1: float, rng: np.random.Generator, pose: Pose | None = None) -> None:
        self.t0, self.t1, self.paper = float(t0), float(t1), paper
        pose = pose or drawn(paper, rng)
        self.key_px, self.defocus, self.gain, self.angles = pose.key_px, pose.defocus, pose.gain, pose.angles
        self.spot = self.choose_spot(rng)
        self.side = str(rng.choice(list("bl" if self.spot[0] < WIDTH / 2 else "br")))  # no arm across the whole picture
        self.layer, self.middle, self.covered = held(paper, self.key_px, self.spot, self.side, self.defocus, rng, pose.cover)
        self.shutter, shaking = pose.shutter, pose.tremble
        self.sway = Drift(rng, rng.uniform(5, 14) * shaking, 3.1, 0.3), Drift(rng, rng.uniform(5, 12) * shaking, 2.7, 0.3)
        self.turn = Drift(rng, 3.0, 3.0, 0.5), Drift(rng, 3.0, 2.7, 0.5), Drift(rng, 1.6, 2.2, 0.4)

    def choose_spot(self, rng: np.random.Generator) -> np.ndarray:
        """The paper's middle on the frame; the line with the key phrase must stay inside the picture."""
        tall = self.paper.picture.shape[0] * self.key_px / self.paper.key
        wide = self.paper.picture.shape[1] * self.key_px / self.paper.key
        highest = MARGIN + tall * (0.5 - self.paper.key_at) + 70
        lowest = max(highest + 20, HEIGHT * 0.74 - tall * 0.12)
        half = wide / 2 + 60
        return np.array([rng.uniform(max(half, 420), min(WIDTH - half, 1500)), rng.uniform(highest, lowest)])

    def away(self, t: float) -> float:
        """0 while held up, up to 1 when out of the picture."""
        late = max(self.t0 - t, t - self.t1, 0.0) / MOVE
        return float(min(1.0, late) ** 1.6)

    def matrix(self, t: float) -> np.ndarray:
        """Paper pixels to frame pixels at a time: turned in space, then put in its place."""
        yaw, pitch, roll = (np.radians(a + d(t)) for a, d in zip(self.angles, self.turn, strict=True))
        turned = rotation(yaw, pitch, roll)
        centre = np.array([[1, 0, -self.middle[0]], [0, 1, -self.middle[1]], [0, 0, 1]], float)
        plane = np.column_stack([turned[:, 0], turned[:, 1], [0, 0, FOCAL]])
        lens = np.diag([FOCAL, FOCAL, 1.0])
        x, y = self.spot + np.array([self.sway[0](t), self.sway[1](t)])
        gone = self.away(t)
        x += gone * {"b": 0, "l": -1500, "r": 1500}[self.side]
        y += gone * {"b": 1150, "l": 420, "r": 420}[self.side]
        return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]]) @ lens @ plane @ centre

    def put(self, frame: Planes, t: float) -> None:
        """Lay the paper over the frame when it is up or moving."""
        if not self.t0 - MOVE < t < self.t1 + MOVE:
            return
        smear = tuple(int(min(31, abs(v))) | 1 for v in self.moved(t))
        lay(frame, self.layer, self.matrix(t), self.gain, smear)

    def moved(self, t: float) -> np.ndarray:
        """How far the paper's middle goes during one exposure, in pixels."""
        middle = np.array([[self.middle]], np.float32)
        here, there = (cv2.perspectiveTransform(middle, self.matrix(at))[0, 0] for at in (t, t - self.shutter))
        return here - there

    def truth(self) -> dict:
        """What was shown, for those who judge the check."""
        return {
            "kind": self.paper.kind,
            "type": self.paper.type,
            "t0": round(self.t0, 2),
            "t1": round(self.t1, 2),
            "key_px": round(self.key_px, 1),
            "defocus": round(self.defocus, 2),
            "bright": round(self.gain, 2),
            "yaw": round(float(self.angles[0]), 1),
            "pitch": round(float(self.angles[1]), 1),
            "roll": round(float(self.angles[2]), 1),
            "side": self.side,
            "cx": round(float(self.spot[0])),
            "cy": round(float(self.spot[1])),
        }


def rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Turn about the upright, the level and the viewing axis."""
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    return (
        np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
        @ np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
        @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    )
