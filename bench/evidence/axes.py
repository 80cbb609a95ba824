"""What is varied: size, blur, covering, light, angle, time. A seeded sample, not the full factorial of 2,880 cells.

Size is drawn evenly. Every other axis is at its easy level more often than not, so that each hard level is
met mostly alone: a cell then says what that one hardship costs, and the sample keeps enough easy events for
the goal (characters >= 14 px, <= 15 % covered, >= 2 s).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sample_media.shown import Pose

SIZES = {"<12": (8.0, 12.0), "12-14": (12.0, 14.0), "14-18": (14.0, 18.0), "18-24": (18.0, 24.0), "24+": (24.0, 34.0)}
SIZE_SHARE = (0.1, 0.12, 0.28, 0.26, 0.24)
# Level: (lowest, highest), and its share. The first one is the easy level.
BLUR = {"sharp": ((0.2, 0.8), 0.7), "soft": ((0.8, 1.5), 0.12), "out of focus": ((1.5, 2.6), 0.08), "shaken": ((0.3, 0.8), 0.1)}
COVER = {"0": ((0.0, 0.0), 0.6), "1-15": ((0.05, 0.13), 0.16), "16-30": ((0.17, 0.29), 0.12), "31-55": ((0.32, 0.52), 0.12)}
ANGLE = {"0-15": ((0.0, 15.0), 0.64), "15-30": ((15.0, 30.0), 0.2), "30-45": ((30.0, 45.0), 0.16)}
SHOWN = {"<1": ((0.5, 1.0), 0.08), "1-2": ((1.0, 2.0), 0.12), "2-4": ((2.0, 4.0), 0.66), "4+": ((4.0, 5.5), 0.14)}
LIGHTS = {"day": 0.61, "dusk": 0.14, "night": 0.12, "backlit": 0.13}
SHAKING = 5.0  # times the usual sway: 4-15 px during one exposure
FULL_TURN = 8.0  # degrees of roll at most where a hand holds a card nearly straight


@dataclass(frozen=True)
class Draw:
    """One event's levels, by name as the tables have them, and the pose they come to (brightness left to the light)."""

    size: str
    blur: str
    angle: str
    seconds: float
    pose: Pose


def level(rng: np.random.Generator, axis: dict[str, tuple[tuple[float, float], float]]) -> tuple[str, float]:
    """A level by its share, and a value within it."""
    name = str(rng.choice(list(axis), p=[share for _, share in axis.values()]))
    return name, float(rng.uniform(*axis[name][0]))


def light(rng: np.random.Generator) -> str:
    return str(rng.choice(list(LIGHTS), p=list(LIGHTS.values())))


def draw(rng: np.random.Generator, gain: float, shutter: float, easy: bool = False) -> Draw:
    """One event. `easy`: legible, for distractors, which must be read in order to hurt."""
    size = str(rng.choice(list(SIZES), p=SIZE_SHARE)) if not easy else str(rng.choice(["14-18", "18-24", "24+"]))
    blur, defocus = level(rng, BLUR) if not easy else ("sharp", float(rng.uniform(0.2, 0.8)))
    _, cover = level(rng, COVER) if not easy else ("0", 0.0)
    angle, tilt = level(rng, ANGLE) if not easy else ("0-15", float(rng.uniform(0, 15)))
    _, seconds = level(rng, SHOWN) if not easy else ("2-4", 2.2)
    way = rng.uniform(0, 2 * np.pi)
    angles = np.array([tilt * np.cos(way), tilt * np.sin(way), rng.uniform(-FULL_TURN, FULL_TURN)])
    pose = Pose(
        key_px=float(rng.uniform(*SIZES[size])),
        defocus=defocus,
        gain=gain,
        angles=angles,
        cover=cover,
        tremble=SHAKING if blur == "shaken" else 1.0,
        shutter=shutter,
    )
    return Draw(size, blur, angle, seconds, pose)


def bin_of(value: float, axis: dict[str, tuple[float, float]]) -> str:
    """The level that a measured value falls into; below the first one is the first."""
    return next((name for name, (_, high) in axis.items() if value < high), list(axis)[-1])
