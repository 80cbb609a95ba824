"""Places: one large picture painted once, and the figures that move in front of it."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from sample_media import facades, figures
from sample_media.distractors import distractor
from sample_media.documents import pick
from sample_media.facades import METRE
from sample_media.movers import WIDE, Comer, Mover, bystander, officer, passers, traffic
from sample_media.planes import Planes, split

TALL = 1500


@dataclass
class Scene:
    """The painted ground and what moves."""

    ground: Planes
    movers: list[Mover] = field(default_factory=list)


def scene(name: str, rng: np.random.Generator, signs: tuple[str, ...], seconds: float) -> Scene:
    """Paint a place by the name the plan uses, with the given lettering on its walls."""
    painters = {"front": front, "street": street, "inside": inside}
    picture, movers = painters[name](rng, signs, seconds)
    light = np.linspace(1.06, 0.9, TALL, dtype=np.float32)[:, None] * rng.uniform(0.9, 1.06)
    picture = np.clip(picture * light[..., None] * rng.uniform(0.96, 1.04, 3), 0, 255).astype(np.uint8)
    return Scene(split(picture), movers)


def front(rng: np.random.Generator, signs: tuple[str, ...], seconds: float):
    """Shops across the pavement, road in the foreground."""
    base = 930
    picture = np.empty((TALL, WIDE, 3), np.uint8)
    picture[:base] = facades.street_front(rng, WIDE, base)
    picture[base:1100] = cv2.resize(facades.tiles(rng, 520, WIDE), (WIDE, 1100 - base), interpolation=cv2.INTER_AREA)
    picture[1100:1124] = (128, 126, 122)
    picture[1124:] = facades.asphalt(rng, TALL - 1124, WIDE, 92)
    picture[base : base + 14] = picture[base : base + 14] // 2
    for number, text in enumerate(signs):
        x = int(WIDE * (0.3 + 0.4 * number) + rng.integers(-200, 200))
        facades.plate(picture, rng, (x, int(rng.integers(560, 620))), int(rng.integers(28, 46)), text)
    for x in rng.integers(100, WIDE - 100, 3):
        facades.tree(picture, rng, (int(x), 1090), int(rng.integers(420, 620)))
    movers = passers(rng, seconds, (960, 1080), METRE * 1.75, 6)
    movers += traffic(rng, seconds)
    movers.append(officer(rng, (rng.uniform(900, 2300), 1170), 2.1 * METRE))
    movers.append(bystander(rng, (rng.uniform(1000, 2200), 1420), 4.4 * METRE))
    return picture, movers


@dataclass
class Corridor:
    """A street in perspective: flat pieces are folded onto planes that meet in a vanishing point."""

    vanish: tuple[float, float]
    half: float  # metres from the middle to the house fronts
    focal: float = 900.0
    eye: float = 1.5  # metres above the road
    over: int = 2  # painted double size and reduced at the end, else the far windows turn to noise

    def __post_init__(self) -> None:
        sky = np.linspace((196, 208, 224), (238, 238, 234), TALL * self.over)[:, None].astype(np.uint8)
        self.canvas = np.repeat(sky, WIDE * self.over, 1)

    def spot(self, x: float, y: float, z: float) -> tuple[float, float]:
        """A point in metres to pixels of the scene."""
        return self.vanish[0] + self.focal * x / z, self.vanish[1] + self.focal * (self.eye - y) / z

    def fold(self, flat: np.ndarray, corners: list[tuple[float, float, float]]) -> None:
        """Put a piece where its corners (metres, from the upper left clockwise) are."""
        h, w = flat.shape[:2]
        onto = np.array([self.spot(*corner) for corner in corners], np.float32) * self.over
        matrix = cv2.getPerspectiveTransform(np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32), onto)
        cv2.warpPerspective(flat, matrix, self.canvas.shape[1::-1], dst=self.canvas, borderMode=cv2.BORDER_TRANSPARENT)

    def wall(self, rng: np.random.Generator, side: int, signs: tuple[str, ...]) -> None:
        """House fronts and pavement on one side; the left end of a left wall is the near one."""
        near, far, high = 2.6, 46.0, 9.0
        flat = facades.street_front(rng, int((far - near) * METRE * 0.6), int(high * METRE))
        for number, text in enumerate(signs):
            x = int(600 + 1000 * number + rng.integers(0, 300))
            facades.plate(flat, rng, (x if side < 0 else flat.shape[1] - x, 980), 58, text)
        first, last = (near, far) if side < 0 else (far, near)
        outer, inner = side * self.half, side * (self.half - 2)
        self.fold(
            facades.tiles(rng, 600, 3000), [(inner, 0.02, first), (inner, 0.02, last), (outer, 0.02, last), (outer, 0.02, first)]
        )
        self.fold(flat, [(outer, high, first), (outer, high, last), (outer, 0, last), (outer, 0, first)])


def street(rng: np.random.Generator, signs: tuple[str, ...], seconds: float):
    """Looking along a street between two rows of houses."""
    place = Corridor((WIDE / 2 + rng.uniform(-200, 200), 640.0), rng.uniform(4.5, 6.5))
    road = place.half
    place.fold(facades.asphalt(rng, 2400, 1200, 104), [(-road, 0, 46), (road, 0, 46), (road, 0, 1.2), (-road, 0, 1.2)])
    place.wall(rng, -1, signs[::2])
    place.wall(rng, 1, signs[1::2])
    picture = cv2.resize(place.canvas, (WIDE, TALL), interpolation=cv2.INTER_AREA)
    haze(picture, place.vanish)
    movers: list[Mover] = [comer(rng, place, seconds) for _ in range(7)]
    x, y = place.spot(rng.uniform(-2, 2), 0, 3.6)
    movers.append(officer(rng, (x, y), place.focal * 1.75 / 3.6))
    movers.append(bystander(rng, (place.vanish[0] + rng.uniform(-400, 400), 1400), 820))
    return picture, movers


def comer(rng: np.random.Generator, place: Corridor, seconds: float) -> Comer:
    """Somebody in the street, coming or going."""
    depth = rng.uniform(5, 9)
    foot = place.spot(rng.uniform(-0.85, 0.85) * place.half, 0, depth)
    poses = figures.walker(rng, int(place.focal * 1.72 / depth))
    pace = float(rng.choice([-1, 1])) * rng.uniform(0.9, 1.4)
    return Comer(poses, foot, first=rng.uniform(-2, seconds), vanish=place.vanish, depth=depth, pace=pace)


def haze(picture: np.ndarray, vanishing: tuple[float, float]) -> None:
    """Far things pale."""
    y, x = np.mgrid[0:TALL, 0:WIDE].astype(np.float32)
    weight = np.exp(-(((x - vanishing[0]) / 330) ** 2 + ((y - vanishing[1]) / 200) ** 2))[..., None] * 0.6
    picture[:] = (picture * (1 - weight) + 214 * weight).astype(np.uint8)


def inside(rng: np.random.Generator, signs: tuple[str, ...], seconds: float):
    """A small shop: shelves, counter, strip lights, frames on the wall."""
    picture = np.empty((TALL, WIDE, 3), np.uint8)
    wall = np.array(pick(rng, [(206, 202, 192), (190, 198, 200), (214, 206, 190)]), np.float32)
    picture[:] = np.clip(wall * facades.mottle(rng, TALL, WIDE, 0.8, 200)[..., None], 0, 255)
    canvas = facades.Image.fromarray(picture)
    pen = facades.ImageDraw.Draw(canvas)
    pen.rectangle((0, 0, WIDE, 150), fill=(226, 226, 222))
    for x in range(200, WIDE, 900):
        pen.rectangle((x, 84, x + 420, 108), fill=(255, 255, 252))
    for left in (80, 1080, 2240):
        pen.rectangle((left, 460, left + 800, 1120), fill=(120, 92, 64))
        facades.goods(pen, rng, (left + 20, 480, left + 780, 1130))
    picture = np.asarray(canvas).copy()
    hang(picture, distractor(rng, "n_licence").picture, (int(rng.integers(900, 930)), 500), 130)
    hang(picture, distractor(rng, "n_permit").picture, (int(rng.integers(1900, 2000)), 520), 220)
    for number, text in enumerate(signs):
        spot = int(1000 + 1150 * number), int(rng.integers(396, 410))
        facades.plate(picture, rng, spot, int(rng.integers(26, 36)), text)
    picture[1120:] = cv2.resize(facades.tiles(rng, TALL - 1120, WIDE), (WIDE, TALL - 1120))
    picture = cv2.GaussianBlur(picture, (0, 0), 1.1)
    movers = passers(rng, seconds, (1180, 1260), METRE * 3.3, 2)
    movers.append(officer(rng, (rng.uniform(800, 2400), 1300), METRE * 3.6))
    movers.append(bystander(rng, (rng.uniform(1000, 2200), 1440), METRE * 4.6))
    return picture, movers


def hang(picture: np.ndarray, flat: np.ndarray, corner: tuple[int, int], width: int) -> None:
    """A framed licence on the wall, small, as in every shop."""
    small = cv2.resize(flat, (width, width * flat.shape[0] // flat.shape[1]), interpolation=cv2.INTER_AREA)
    x, y = corner
    cv2.rectangle(picture, (x - 7, y - 7), (x + width + 6, y + small.shape[0] + 6), (104, 78, 50), -1)
    picture[y : y + small.shape[0], x : x + width] = small
