"""Lettering, textures and the small ornaments that papers, signs and walls share."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONTS = Path("/usr/share/fonts/opentype/noto")
SIMPLIFIED = 2  # face number of the simplified Chinese forms inside the Noto collections

Colour = tuple[int, int, int]


@cache
def font(size: int, serif: bool = False, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Fonts are opened once: opening a 20 MB collection per word would cost more than drawing it."""
    family = "Serif" if serif else "Sans"
    weight = "Bold" if bold else "Regular"
    return ImageFont.truetype(str(FONTS / f"Noto{family}CJK-{weight}.ttc"), size, index=SIMPLIFIED)


def spaced(
    draw: ImageDraw.ImageDraw,
    middle: tuple[float, float],
    text: str,
    face: ImageFont.FreeTypeFont,
    fill: Colour,
    gap: float = 0.0,
    stroke: int = 0,
) -> tuple[float, float]:
    """Centre a line with extra space between characters, the way titles and covers are set.

    `stroke` thickens a face that has no bold cut. Returns where the line begins and ends.
    """
    widths = [draw.textlength(character, font=face) for character in text]
    begins = x = middle[0] - (sum(widths) + gap * (len(text) - 1)) / 2
    for character, width in zip(text, widths, strict=True):
        draw.text((x, middle[1]), character, font=face, fill=fill, anchor="lm", stroke_width=stroke)
        x += width + gap
    return begins, x - gap


def mottle(rng: np.random.Generator, height: int, width: int, strength: float = 1.0, coarse: int = 64) -> np.ndarray:
    """A multiplicative texture around 1.0: stains at several sizes, which flat fills lack."""
    field = np.zeros((height, width), np.float32)
    for octave in range(4):
        cell = max(2, coarse >> (octave * 2))
        grid = rng.normal(0, 1, (height // cell + 2, width // cell + 2)).astype(np.float32)
        field += cv2.resize(grid, (width, height), interpolation=cv2.INTER_LINEAR) * (0.5**octave)
    return 1.0 + 0.05 * strength * field


def textured(image: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Multiply a picture with a texture and stay within bytes."""
    return np.clip(image.astype(np.float32) * factor[..., None], 0, 255).astype(np.uint8)


def seal(draw: ImageDraw.ImageDraw, canvas: Image.Image, middle: tuple[int, int], radius: int, text: str) -> None:
    """A round red official seal with its name set along the ring."""
    stamp = Image.new("RGBA", (radius * 2 + 8, radius * 2 + 8), (0, 0, 0, 0))
    pen = ImageDraw.Draw(stamp)
    red = (205, 30, 30, 190)
    centre = radius + 4
    pen.ellipse((4, 4, radius * 2 + 4, radius * 2 + 4), outline=red, width=max(2, radius // 16))
    star(pen, (centre, centre), radius * 0.3, red)
    face = font(max(8, radius * 2 // 7), serif=True)
    for number, character in enumerate(text):
        angle = 215 - 250 * number / max(1, len(text) - 1)
        glyph = Image.new("RGBA", (face.size * 2, face.size * 2), (0, 0, 0, 0))
        ImageDraw.Draw(glyph).text((face.size, face.size), character, font=face, fill=red, anchor="mm")
        glyph = glyph.rotate(angle - 90, resample=Image.Resampling.BILINEAR)
        x = centre + radius * 0.76 * np.cos(np.radians(angle)) - face.size
        y = centre - radius * 0.76 * np.sin(np.radians(angle)) - face.size
        stamp.alpha_composite(glyph, (max(0, int(x)), max(0, int(y))))
    canvas.paste(stamp, (middle[0] - centre, middle[1] - centre), stamp)


def star(pen: ImageDraw.ImageDraw, middle: tuple[float, float], radius: float, fill: tuple[int, ...]) -> None:
    """A five-pointed star, point up."""
    points = []
    for corner in range(10):
        reach = radius if corner % 2 == 0 else radius * 0.4
        angle = np.pi / 2 + corner * np.pi / 5
        points.append((middle[0] + reach * np.cos(angle), middle[1] - reach * np.sin(angle)))
    pen.polygon(points, fill=fill)


def emblem(pen: ImageDraw.ImageDraw, middle: tuple[int, int], radius: int, ground: Colour, metal: Colour) -> None:
    """A generic round badge: ring, star and beam. It copies no state emblem."""
    x, y = middle
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=metal)
    inner = int(radius * 0.78)
    pen.ellipse((x - inner, y - inner, x + inner, y + inner), fill=ground)
    star(pen, (x, y - radius * 0.2), radius * 0.36, metal)
    pen.rectangle((x - radius * 0.4, y + radius * 0.28, x + radius * 0.4, y + radius * 0.46), fill=metal)


def portrait(pen: ImageDraw.ImageDraw, box: tuple[int, int, int, int], rng: np.random.Generator) -> None:
    """A passport photo of nobody."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    backdrop = [(240, 244, 248), (70, 120, 190), (200, 60, 60)][rng.integers(3)]
    pen.rectangle(box, fill=backdrop, outline=(170, 170, 170))
    middle = left + width / 2
    coat = tuple(int(v) for v in rng.integers(20, 90, 3))
    pen.polygon(
        [
            (left + width * 0.14, bottom),
            (left + width * 0.24, top + height * 0.72),
            (middle, top + height * 0.64),
            (right - width * 0.24, top + height * 0.72),
            (right - width * 0.14, bottom),
        ],
        fill=coat,
    )
    pen.ellipse((middle - width * 0.21, top + height * 0.2, middle + width * 0.21, top + height * 0.7), fill=(222, 182, 152))
    pen.pieslice(
        (middle - width * 0.23, top + height * 0.14, middle + width * 0.23, top + height * 0.56), 180, 360, fill=(28, 24, 22)
    )


def code_square(pen: ImageDraw.ImageDraw, corner: tuple[int, int], side: int, rng: np.random.Generator) -> None:
    """Something that looks like a QR code and holds nothing."""
    cells = 25
    step = side / cells
    for row, column in zip(*np.nonzero(rng.random((cells, cells)) < 0.48), strict=True):
        x, y = corner[0] + column * step, corner[1] + row * step
        pen.rectangle((x, y, x + step, y + step), fill=(20, 20, 20))
    for dx, dy in ((0, 0), (cells - 7, 0), (0, cells - 7)):
        for inset, shade in ((0, 20), (1, 245), (2, 20)):
            x, y = corner[0] + (dx + inset) * step, corner[1] + (dy + inset) * step
            reach = (7 - 2 * inset) * step
            pen.rectangle((x, y, x + reach, y + reach), fill=(shade, shade, shade))


def digits(rng: np.random.Generator, count: int) -> str:
    """An invented number."""
    return "".join(str(v) for v in rng.integers(0, 10, count))
