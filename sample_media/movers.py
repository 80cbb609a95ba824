"""Who and what moves through a scene, and where it is at a time."""

from dataclasses import dataclass

import numpy as np

from sample_media import figures
from sample_media.documents import pick
from sample_media.planes import Layer

WIDE = 3200  # width of a scene


@dataclass
class Mover:
    """A figure with its poses, going along a straight line or, at speed 0, standing and swaying."""

    poses: list[Layer]
    start: tuple[float, float]  # foot, in pixels of the scene
    speed: float = 0.0  # pixels per second to the right
    near: float = 1.0  # parallax: above 1 in front of the painted plane
    first: float = 0.0  # when it is at `start`
    phase: float = 0.0

    def at(self, t: float) -> tuple[Layer, float, float, float] | None:
        """Pose, foot x, foot y and size at a time."""
        gone = t - self.first
        if self.speed:
            return self.poses[step(gone, len(self.poses))], self.start[0] + self.speed * gone, self.start[1], 1.0
        x = self.start[0] + 7 * np.sin(0.9 * t + self.phase) + 3 * np.sin(2.3 * t + 2 * self.phase)
        pose = int(1.5 + 1.4 * np.sin(0.5 * t + self.phase)) % len(self.poses)
        return self.poses[pose], x, self.start[1] + 2 * np.sin(1.7 * t + self.phase), 1.0


@dataclass
class Comer(Mover):
    """Somebody who walks along the street, towards the camera or away from it."""

    vanish: tuple[float, float] = (0.0, 0.0)
    depth: float = 8.0  # metres at `first`
    pace: float = 1.2  # metres per second away from the camera

    def at(self, t: float) -> tuple[Layer, float, float, float] | None:
        """Nearer means larger and further from the vanishing point; out of range means not there."""
        gone = t - self.first
        depth = self.depth + self.pace * gone
        if not 2.4 < depth < 40:
            return None
        size = self.depth / depth
        x, y = (v + size * (s - v) for v, s in zip(self.vanish, self.start, strict=True))
        return self.poses[step(gone, len(self.poses))], x, y, size


def step(gone: float, poses: int) -> int:
    """Which pose of the step cycle."""
    return int(gone * 0.95 * poses) % poses


def passers(rng: np.random.Generator, seconds: float, feet: tuple[int, int], tall: float, count: int) -> list[Mover]:
    """People crossing the view in both directions."""
    people = []
    for _ in range(count):
        poses = figures.walker(rng, int(tall * rng.uniform(0.92, 1.05)))
        speed = float(rng.uniform(0.9, 1.5)) * tall / 1.75
        if rng.random() < 0.5:
            poses, speed = [figures.mirrored(pose) for pose in poses], -speed
        x = rng.uniform(300, WIDE - 300)
        when = rng.uniform(0, seconds)
        people.append(Mover(poses, (x, float(rng.uniform(*feet))), speed, 1.05, when))
    return people


def traffic(rng: np.random.Generator, seconds: float) -> list[Mover]:
    """Cars and scooters that pass once each, at times drawn over the clip."""
    vehicles = []
    for _ in range(max(2, int(seconds / 9))):
        goes_right = rng.random() < 0.5
        layer = figures.scooter(rng, 330) if rng.random() < 0.6 else figures.car(rng, 860)
        speed = rng.uniform(420, 900)
        vehicles.append(
            Mover(
                [layer if goes_right else figures.mirrored(layer)],
                (-700.0 if goes_right else WIDE + 700.0, 1260 if goes_right else 1340),
                speed if goes_right else -speed,
                1.12,
                rng.uniform(-2, seconds - 4),
            )
        )
    return vehicles


def officer(rng: np.random.Generator, foot: tuple[float, float], tall: float) -> Mover:
    """A colleague seen from behind; the vest carries the authority's name."""
    text = pick(rng, ["综合行政执法", "城管执法", "城市管理"])
    return Mover(figures.walker(rng, int(tall), text, 0.22), foot, 0.0, 1.1, phase=float(rng.uniform(0, 6)))


def bystander(rng: np.random.Generator, foot: tuple[float, float], tall: float) -> Mover:
    """The person spoken to, close to the camera."""
    return Mover(figures.walker(rng, int(tall), None, 0.3), foot, 0.0, 1.35, phase=float(rng.uniform(0, 6)))
