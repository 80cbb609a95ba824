"""House fronts, pavements and shelves: the flat material from which a scene is folded."""

import cv2
import numpy as np
from PIL import Image, ImageDraw

from sample_media.documents import BUREAU, pick
from sample_media.painting import Colour, font, mottle, spaced, textured

METRE = 180  # pixels on the plane of a house front
SHOPS = (
    "好味道餐饮店",
    "东湖五金建材",
    "鸿顺烟酒超市",
    "绿叶水果店",
    "丰源大药房",
    "牛肉面馆",
    "理发美容",
    "手机专卖",
    "蜀香火锅",
    "老陈包子铺",
    "打字复印",
    "房产中介",
    "利民便利店",
    "旺达电动车",
    "家常小炒",
    "茶叶批发",
)
SIGN_GROUNDS: tuple[Colour, ...] = (
    (176, 28, 34),
    (34, 90, 160),
    (240, 236, 224),
    (30, 120, 70),
    (230, 150, 30),
    (40, 40, 46),
    (120, 40, 110),
)
WALLS: tuple[Colour, ...] = ((206, 198, 182), (188, 176, 160), (170, 120, 100), (216, 210, 204), (150, 152, 150), (196, 172, 140))


def street_front(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A row of houses with shops on the ground floor; the bottom edge is the pavement."""
    image = Image.new("RGB", (width, height), (180, 180, 178))
    pen = ImageDraw.Draw(image)
    names = rng.permutation(SHOPS).tolist()
    x = 0
    while x < width:
        span = int(rng.uniform(3.2, 6.0) * METRE)
        house(pen, rng, x, span, height, names[0])
        names = names[1:] + names[:1]
        x += span
    flat = textured(np.asarray(image), mottle(rng, height, width, 0.9, 128))
    return cv2.GaussianBlur(flat, (0, 0), 0.8)


def house(pen: ImageDraw.ImageDraw, rng: np.random.Generator, x: int, span: int, height: int, name: str) -> None:
    """One house: windows above, a sign, a shop."""
    wall = pick(rng, WALLS)
    pen.rectangle((x, 0, x + span, height), fill=wall)
    floor = int(3.1 * METRE)
    shop_top = height - floor
    for top in range(shop_top - floor, -floor, -floor):
        columns = max(1, span // int(1.7 * METRE))
        for column in range(columns):
            window(pen, rng, x + (column + 0.5) * span / columns, top + floor * 0.52, wall)
        pen.line((x, top + floor, x + span, top + floor), fill=tuple(int(v * 0.8) for v in wall), width=5)
    pen.line((x, 0, x, height), fill=tuple(int(v * 0.6) for v in wall), width=6)
    shop(pen, rng, (x + 12, shop_top, x + span - 12, height), name)


def window(pen: ImageDraw.ImageDraw, rng: np.random.Generator, x: float, y: float, wall: Colour) -> None:
    """A window with glass, frame, sometimes bars and an air conditioner below it."""
    w, h = 0.55 * METRE, 0.7 * METRE
    glass = int(rng.integers(50, 120))
    pen.rectangle((x - w, y - h, x + w, y + h), fill=(glass, glass + 8, glass + 16))
    if rng.random() < 0.5:
        pen.rectangle((x - w, y - h, x - w * 0.3, y + h), fill=(190, 186, 170))
    frame = (226, 226, 222)
    pen.rectangle((x - w, y - h, x + w, y + h), outline=frame, width=8)
    pen.line((x, y - h, x, y + h), fill=frame, width=7)
    if rng.random() < 0.4:
        for bar in np.linspace(x - w, x + w, 9):
            pen.line((bar, y - h, bar, y + h), fill=(150, 150, 150), width=3)
    if rng.random() < 0.45:
        side = x + w * rng.uniform(-0.6, 0.6)
        cooler = (side - 66, y + h + 14, side + 66, y + h + 100)
        pen.rectangle(cooler, fill=(212, 212, 206), outline=(140, 140, 136), width=3)
        pen.ellipse((side - 40, y + h + 22, side + 34, y + h + 94), fill=(90, 92, 94))


def shop(pen: ImageDraw.ImageDraw, rng: np.random.Generator, box: tuple[int, int, int, int], name: str) -> None:
    """Sign board, then glass door, shutter or open stall."""
    left, top, right, bottom = box
    board = int(0.85 * METRE)
    ground = pick(rng, SIGN_GROUNDS)
    pen.rectangle((left, top, right, top + board), fill=ground, outline=tuple(int(v * 0.6) for v in ground), width=5)
    letters = (250, 246, 230) if sum(ground) < 420 else (170, 30, 30)
    size = int(min(board * 0.62, (right - left) * 0.86 / len(name)))
    face = font(size, bool(rng.integers(2)), True)
    spaced(pen, ((left + right) / 2, top + board / 2), name, face, letters, size * 0.05)
    inner = top + board + 10
    kind = rng.integers(3)
    if kind == 0:
        pen.rectangle((left, inner, right, bottom), fill=(168, 170, 172))
        for y in range(inner, bottom, 16):
            pen.line((left, y, right, y), fill=(132, 134, 138), width=4)
        return
    depth = int(rng.integers(30, 80))
    pen.rectangle((left, inner, right, bottom), fill=(depth, depth, depth + 4))
    goods(pen, rng, (left + 20, inner + 60, right - 20, bottom - 60))
    if kind == 1:
        for x in np.linspace(left, right, 5):
            pen.line((x, inner, x, bottom), fill=(196, 198, 200), width=9)
    else:
        stall(pen, rng, (left, bottom - int(0.8 * METRE), right, bottom))


def goods(pen: ImageDraw.ImageDraw, rng: np.random.Generator, box: tuple[int, int, int, int]) -> None:
    """Shelves with coloured packets."""
    left, top, right, bottom = box
    for y in range(top, bottom - 50, 96):
        pen.line((left, y + 88, right, y + 88), fill=(110, 104, 96), width=6)
        x = left + 6
        while x < right - 44:
            w, h = int(rng.integers(18, 46)), int(rng.integers(34, 80))
            grey = rng.integers(60, 190)
            shade = tuple(int(v) for v in 0.45 * rng.integers(30, 220, 3) + 0.5 * grey)
            pen.rectangle((x, y + 86 - h, x + w, y + 86), fill=shade)
            label = tuple(min(255, v + 50) for v in shade)
            pen.rectangle((x + 3, y + 86 - h * 0.7, x + w - 3, y + 86 - h * 0.45), fill=label)
            x += w + int(rng.integers(2, 14))


def stall(pen: ImageDraw.ImageDraw, rng: np.random.Generator, box: tuple[int, int, int, int]) -> None:
    """Crates of fruit in front of the door: what the whole visit is about."""
    left, top, right, bottom = box
    for x in range(left + 8, right - 120, 132):
        pen.rectangle((x, top + 40, x + 122, bottom), fill=(150, 118, 76), outline=(104, 80, 50), width=4)
        fruit = pick(rng, [(176, 62, 46), (206, 146, 56), (118, 146, 60), (196, 180, 84)])
        for _ in range(36):
            cx, cy = x + rng.uniform(14, 108), top + rng.uniform(10, 54)
            tone = rng.uniform(0.75, 1.1)
            pen.ellipse((cx - 13, cy - 13, cx + 13, cy + 13), fill=tuple(min(255, int(v * tone)) for v in fruit))


def plate(image: np.ndarray, rng: np.random.Generator, middle: tuple[int, int], size: int, text: str) -> None:
    """A plate or banner on a wall with a text that names the authority and proves nothing."""
    ground, letters = pick(
        rng,
        [
            ((176, 28, 34), (250, 236, 190)),
            ((236, 238, 240), (24, 50, 130)),
            ((200, 168, 90), (60, 30, 16)),
            ((30, 70, 150), (250, 250, 250)),
        ],
    )
    sheet = Image.fromarray(image)
    pen = ImageDraw.Draw(sheet)
    half = int(size * (len(text) * 0.56 + 0.7))
    x, y = middle
    pen.rectangle((x - half, y - size, x + half, y + size), fill=ground, outline=(90, 80, 60), width=4)
    spaced(pen, (x, y), text, font(size, bool(rng.integers(2)), True), letters, size * 0.08)
    image[:] = np.asarray(sheet)


def asphalt(rng: np.random.Generator, height: int, width: int, tone: int) -> np.ndarray:
    """Road surface: grain, stains and mended patches."""
    grain = rng.normal(0, 7, (height, width, 1)).astype(np.float32) + np.float32([tone, tone, tone + 3])
    road = textured(np.clip(grain, 0, 255).astype(np.uint8), mottle(rng, height, width, 1.2, 256))
    for _ in range(5):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        w, h = (int(v) for v in rng.integers(60, 340, 2))
        patch = road[y : y + h, x : x + w]
        patch[...] = (patch * rng.uniform(0.86, 0.95)).astype(np.uint8)
    return cv2.GaussianBlur(road, (0, 0), 1.0)


def tiles(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Pavement slabs."""
    ground = np.array(pick(rng, [(164, 158, 150), (150, 140, 132), (172, 150, 136)]), np.float32)
    step = 72
    slabs = rng.normal(1.0, 0.06, (height // step + 1, width // step + 1, 1)).astype(np.float32)
    flat = np.repeat(np.repeat(slabs, step, 0), step, 1)[:height, :width] * ground
    flat[::step] *= 0.72
    flat[:, ::step] *= 0.72
    return textured(np.clip(flat, 0, 255).astype(np.uint8), mottle(rng, height, width, 1.4, 128))


def tree(image: np.ndarray, rng: np.random.Generator, foot: tuple[int, int], tall: int) -> None:
    """A street tree: trunk and a crown of many leaves in three tones."""
    x, y = foot
    cv2.line(image, (x, y), (x + int(rng.integers(-20, 20)), y - tall), (74, 58, 44), max(8, tall // 22), cv2.LINE_AA)
    for tone in (0.7, 0.9, 1.12):
        colour = [int(v * tone) for v in (70, 104, 52)]
        for _ in range(260):
            angle, reach = rng.uniform(0, 2 * np.pi), tall * 0.5 * np.sqrt(rng.random())
            spot = (int(x + reach * np.cos(angle)), int(y - tall * 1.1 + reach * 0.8 * np.sin(angle)))
            cv2.circle(image, spot, int(rng.integers(5, max(7, tall // 22))), colour, -1, cv2.LINE_AA)


SIGNS = (BUREAU, "综合行政执法", "行政执法公示栏", "城市管理为人民", "共建文明城市")
