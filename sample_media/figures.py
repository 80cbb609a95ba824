"""People and vehicles that move through a scene."""

import cv2
import numpy as np
from PIL import Image, ImageDraw

from sample_media.painting import font, spaced
from sample_media.planes import Layer, cut_out
from sample_media.solids import Cutting, skin

POSES = 8
CLOTHES = (
    (52, 66, 96),
    (36, 36, 42),
    (122, 48, 52),
    (172, 150, 110),
    (86, 104, 84),
    (178, 182, 190),
    (196, 120, 60),
    (70, 120, 160),
    (206, 206, 200),
)
TROUSERS = ((40, 44, 58), (30, 30, 34), (84, 80, 72), (60, 74, 104))


def colour(rng: np.random.Generator, palette):
    """One of a palette."""
    return palette[int(rng.integers(len(palette)))]


def walker(rng: np.random.Generator, tall: int, back_text: str | None = None, stride: float = 1.0) -> list[Layer]:
    """The poses of one step cycle, seen from the side, or from behind with lettering on a vest.

    A short stride makes the poses of somebody who stands and shifts his weight.
    """
    coat = (206, 222, 60) if back_text else colour(rng, CLOTHES)
    look = (coat, colour(rng, TROUSERS), skin(rng), bool(rng.integers(2)))
    return trimmed([pose(tall, 2 * np.pi * number / POSES, look, back_text, stride) for number in range(POSES)])


def trimmed(sheets: list[Cutting]) -> list[Layer]:
    """Cut off the empty margins, the same for all poses and on both sides, so that the foot stays where it was."""
    used = np.maximum.reduce([sheet.alpha for sheet in sheets]) > 0
    rows, columns = np.flatnonzero(used.any(1)), np.flatnonzero(used.any(0))
    margin = max(0, min(int(columns[0]), used.shape[1] - 1 - int(columns[-1])) - 2)
    top = max(0, int(rows[0]) - 2)
    part = np.s_[top:, margin : used.shape[1] - margin]
    return [cut_out(sheet.rgb[part], sheet.alpha[part]) for sheet in sheets]


def pose(tall: int, phase: float, look, back_text: str | None, stride: float) -> Cutting:
    """One moment of a step."""
    coat, trousers, flesh, bag = look
    u = tall / 100.0
    sheet = Cutting(int(56 * u), int(104 * u))
    x = 28 * u
    hip, shoulder = (x, 53 * u + abs(np.sin(phase)) * u), (x, 21 * u + abs(np.sin(phase)) * u)
    swing = stride
    for turn, tone in ((np.pi, 0.8), (0.0, 1.0)):
        leg(sheet, hip, phase + turn, swing, u, [v * tone for v in trousers])
        if turn:
            arm(sheet, shoulder, phase, swing, u, [v * tone for v in coat], flesh, -6 * u if back_text else 0)
    wide = 11.5 if back_text else 8.5
    sheet.limb(shoulder, hip, wide * u, (wide - 1.5) * u, coat)
    arm(sheet, shoulder, phase + np.pi, swing, u, coat, flesh, 10 * u if back_text else 0)
    if bag and not back_text:
        sheet.limb((x + 2 * u, 20 * u), (x - 8 * u, 48 * u), 0.9 * u, 0.9 * u, (60, 44, 36))
        sheet.shape(np.array([(-13, 47), (-4, 46), (-3, 59), (-14, 60)]) * u + (x, 0), (70, 52, 42))
    sheet.limb((x, 17 * u), (x, 13 * u), 3.4 * u, 3 * u, flesh)
    sheet.blob((x + (0 if back_text else u), 8.5 * u), (5.2 * u, 7 * u), flesh if not back_text else (30, 26, 24))
    sheet.blob((x - u, 5.6 * u), (5.8 * u, 5 * u), (30, 26, 24))
    if back_text:
        letter_vest(sheet, back_text, x, u)
    return sheet


def leg(sheet: Cutting, hip, phase: float, swing: float, u: float, trousers) -> None:
    """Thigh, shin and shoe."""
    forward = np.sin(phase) * swing
    knee = (hip[0] + 9 * u * forward, hip[1] + 22 * u)
    bend = max(0.0, np.cos(phase)) * swing
    foot = (knee[0] + 6 * u * forward - 8 * u * bend, 97 * u - 4 * u * bend)
    sheet.limb(hip, knee, 6 * u, 4.8 * u, trousers)
    sheet.limb(knee, foot, 4.6 * u, 3.4 * u, trousers)
    sheet.limb((foot[0] - u, foot[1] + 2 * u), (foot[0] + 5 * u, foot[1] + 3 * u), 2.6 * u, 2.2 * u, (34, 32, 32))


def arm(sheet: Cutting, shoulder, phase: float, swing: float, u: float, coat, flesh, aside: float) -> None:
    """Upper arm, forearm and hand."""
    forward = np.sin(phase) * swing
    top = (shoulder[0] + aside, shoulder[1] + 2 * u)
    elbow = (top[0] + 6 * u * forward + aside * 0.2, top[1] + 16 * u)
    hand = (elbow[0] + 7 * u * forward + 2 * u * swing, elbow[1] + 13 * u)
    sheet.limb(top, elbow, 4 * u, 3.4 * u, coat)
    sheet.limb(elbow, hand, 3.4 * u, 2.7 * u, coat)
    sheet.blob(hand, (2.7 * u, 3.2 * u), flesh)


def letter_vest(sheet: Cutting, text: str, x: float, u: float) -> None:
    """Lettering and reflecting bands on the back of a vest."""
    image = Image.fromarray(sheet.rgb)
    pen = ImageDraw.Draw(image)
    for y in (34, 46):
        pen.rectangle((x - 10 * u, y * u, x + 10 * u, (y + 2.4) * u), fill=(206, 210, 214))
    half = (len(text) + 1) // 2
    size = max(10, int(4.6 * u))
    for row, part in enumerate((text[:half], text[half:])):
        spaced(pen, (x, (25.5 + 5.4 * row) * u), part, font(size, bold=True), (30, 40, 120), 1)
    sheet.rgb[:] = np.where(sheet.alpha[..., None] > 0, np.asarray(image), sheet.rgb)


def car(rng: np.random.Generator, long: int) -> Layer:
    """A car from the side."""
    body = colour(rng, ((188, 190, 194), (40, 42, 46), (150, 28, 34), (228, 228, 226), (44, 70, 118), (96, 100, 92)))
    u = long / 100.0
    sheet = Cutting(int(102 * u), int(38 * u))
    sheet.blob((51 * u, 34.6 * u), (48 * u, 2.4 * u), (30, 30, 32))
    outline = [(2, 26), (4, 17), (24, 14), (38, 4), (68, 4), (82, 14), (97, 17), (100, 27), (98, 31), (3, 31)]
    sheet.shape(np.array(outline) * u, body)
    sheet.shape(np.array([(28, 14), (39.5, 6), (52, 6), (52, 14)]) * u, (58, 68, 78))
    sheet.shape(np.array([(54, 14), (54, 6), (66.5, 6), (77, 14)]) * u, (58, 68, 78))
    for x in (20, 80):
        sheet.blob((x * u, 29 * u), (7.4 * u, 7.4 * u), (24, 24, 26))
        sheet.blob((x * u, 29 * u), (4 * u, 4 * u), (150, 152, 156))
    sheet.blob((97 * u, 20 * u), (2 * u, 1.6 * u), (240, 232, 200))
    return cut_out(sheet.rgb, sheet.alpha)


def scooter(rng: np.random.Generator, long: int) -> Layer:
    """An electric scooter with a rider, the commonest thing in the street."""
    u = long / 100.0
    coat, flesh = colour(rng, (*CLOTHES, (250, 196, 30), (30, 110, 200))), skin(rng)
    sheet = Cutting(int(104 * u), int(120 * u))
    for x in (18, 86):
        sheet.blob((x * u, 104 * u), (13 * u, 13 * u), (26, 26, 28))
        sheet.blob((x * u, 104 * u), (6 * u, 6 * u), (140, 140, 144))
    frame = colour(rng, ((170, 34, 38), (230, 230, 226), (40, 60, 110), (40, 40, 44)))
    sheet.limb((24 * u, 86 * u), (58 * u, 92 * u), 11 * u, 8 * u, frame)
    sheet.limb((84 * u, 100 * u), (72 * u, 58 * u), 5 * u, 4 * u, frame)
    sheet.limb((40 * u, 70 * u), (62 * u, 76 * u), 8 * u, 6 * u, (46, 50, 66))
    sheet.limb((62 * u, 76 * u), (60 * u, 96 * u), 6 * u, 4 * u, (46, 50, 66))
    sheet.limb((42 * u, 34 * u), (40 * u, 68 * u), 12 * u, 10 * u, coat)
    sheet.limb((44 * u, 38 * u), (70 * u, 56 * u), 5 * u, 4 * u, coat)
    sheet.blob((45 * u, 17 * u), (8 * u, 10 * u), flesh)
    sheet.blob((44 * u, 12 * u), (10 * u, 9 * u), colour(rng, ((240, 240, 236), (40, 40, 44), (250, 196, 30))))
    return cut_out(sheet.rgb, sheet.alpha)


def mirrored(layer: Layer) -> Layer:
    """The same figure going the other way."""
    return Layer(*(np.ascontiguousarray(cv2.flip(part, 1)) for part in (layer.y, layer.u, layer.v, layer.mask)))
