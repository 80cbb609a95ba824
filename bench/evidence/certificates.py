"""Certificates of the test half. Layouts follow public descriptions; all names and numbers are invented."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from sample_media.documents import Paper, pick
from sample_media.painting import digits, emblem, mottle, portrait, seal, spaced, textured

from evidence.lettering import face

OFFICERS = ("许文静", "高建国", "罗晓东", "蒋美琳")
PHRASES = ("行政执法证", "行政执法证", "行政执法证", "综合行政执法证", "执法证件")
GOLD = ((226, 190, 96), (198, 164, 92), (238, 210, 140))
SILVER = ((176, 180, 186), (150, 154, 160))


def hide(rng: np.random.Generator, width: int, height: int, ground: tuple[int, int, int]) -> Image.Image:
    """Coarse artificial leather with a stitched rim."""
    flat = np.full((height, width, 3), ground, np.uint8)
    image = Image.fromarray(textured(flat, mottle(rng, height, width, 3.4, 10)))
    pen = ImageDraw.Draw(image)
    stitch = tuple(min(255, v + 26) for v in ground)
    for at in range(16, width - 24, 22):
        pen.line((at, 14, at + 12, 14), fill=stitch, width=3)
        pen.line((at, height - 15, at + 12, height - 15), fill=stitch, width=3)
    return image


def black_cover(rng: np.random.Generator) -> Paper:
    """Black leather, gold letters above a badge."""
    width, height, key = 600, 880, 80
    image = hide(rng, width, height, pick(rng, ((20, 20, 22), (30, 26, 26))))
    pen, gold = ImageDraw.Draw(image), pick(rng, GOLD)
    spaced(pen, (width / 2, 170), "丰源省", face("kai", 60), gold, 12, 1)
    span = spaced(pen, (width / 2, 280), "行政执法证", face("kai", key), gold, pick(rng, (4, 16)), 1)
    emblem(pen, (width // 2, 540), 130, (96, 70, 34), gold)
    spaced(pen, (width / 2, 770), "丰源省人民政府监制", face("kai", 40), gold, 2, 1)
    return Paper(np.asarray(image), key, 280 / height, "cert", "black_cover", span, 80)


def dark_cover(rng: np.random.Generator) -> Paper:
    """Dark cover with letters pressed in silver: the least contrast of all."""
    width, height, key = 860, 600, 84
    image = hide(rng, width, height, pick(rng, ((24, 30, 56), (44, 26, 24), (24, 42, 38))))
    pen, silver = ImageDraw.Draw(image), pick(rng, SILVER)
    emblem(pen, (width // 2, 170), 96, (70, 70, 76), silver)
    spaced(pen, (width / 2, 340), "中华人民共和国", face("hei", 50), silver, 6)
    span = spaced(pen, (width / 2, 450), "行政执法证", face("hei", key), silver, pick(rng, (6, 18)))
    return Paper(np.asarray(image), key, 450 / height, "cert", "dark_cover", span, 105)


def plastic(rng: np.random.Generator) -> Paper:
    """An upright plastic card: the phrase white on a coloured band, portrait, three lines."""
    width, height, key = 580, 900, 78
    tint = pick(rng, ((236, 240, 246), (248, 246, 240), (232, 242, 240)))
    image = Image.fromarray(textured(np.full((height, width, 3), tint, np.uint8), mottle(rng, height, width, 0.2, 40)))
    pen = ImageDraw.Draw(image)
    band = pick(rng, ((20, 70, 150), (150, 24, 30), (16, 92, 84)))
    pen.rectangle((0, 0, width, 210), fill=band)
    emblem(pen, (70, 62), 40, (190, 30, 34), (222, 186, 96))
    spaced(pen, (width / 2 + 40, 62), "丰源省人民政府", face("hei", 38), (240, 240, 240), 2)
    span = spaced(pen, (width / 2, 150), pick(rng, PHRASES[:3]), face("hei", key), (252, 252, 252), 8)
    portrait(pen, (width // 2 - 105, 250, width // 2 + 105, 530), rng)
    lines = (f"姓名 {pick(rng, OFFICERS)}", "单位 丰源市综合行政执法局", f"证号 {digits(rng, 11)}", "有效期至 2029.06.30")
    for number, line in enumerate(lines):
        pen.text((60, 570 + number * 72), line, font=face("hei", 36), fill=(24, 26, 34))
    return Paper(np.asarray(image), key, 150 / height, "cert", "plastic", span, 62)


def open_card(rng: np.random.Generator) -> Paper:
    """A card unfolded upwards: badge above, below it the page with portrait, phrase and particulars."""
    width, height, key = 720, 1120, 72
    image = hide(rng, width, height, (22, 22, 26))
    pen = ImageDraw.Draw(image)
    emblem(pen, (width // 2, 280), 150, (170, 30, 34), (214, 176, 84))
    page = textured(np.full((500, 640, 3), (244, 246, 240), np.uint8), mottle(rng, 500, 640, 0.25, 30))
    image.paste(Image.fromarray(page), (40, 580))
    ink = pick(rng, ((170, 20, 26), (24, 26, 40)))
    span = spaced(pen, (width / 2, 650), pick(rng, PHRASES[:4]), face("song", key), ink, 6, 2)
    portrait(pen, (70, 730, 230, 950), rng)
    lines = (f"姓  名  {pick(rng, OFFICERS)}", "职  务  执法员", f"编  号  {digits(rng, 9)}", "发证机关  丰源省人民政府")
    for number, line in enumerate(lines):
        pen.text((262, 736 + number * 62), line, font=face("song", 36), fill=(30, 30, 36), stroke_width=1)
    seal(pen, image, (510, 960), 88, "丰源省人民政府")
    return Paper(np.asarray(image), key, 650 / height, "cert", "open_card", span, 92)


def plain_card(rng: np.random.Generator) -> Paper:
    """A landscape card with the phrase beside the portrait."""
    width, height, key = 900, 560, 80
    tint = pick(rng, ((226, 236, 248), (246, 240, 228)))
    image = Image.fromarray(textured(np.full((height, width, 3), tint, np.uint8), mottle(rng, height, width, 0.3, 24)))
    pen = ImageDraw.Draw(image)
    portrait(pen, (60, 130, 260, 400), rng)
    spaced(pen, (580, 110), "中华人民共和国", face("hei", 50), (40, 40, 50), 4)
    span = spaced(pen, (580, 220), pick(rng, PHRASES), face("hei", key), pick(rng, ((176, 24, 30), (30, 60, 120))), 4)
    for number, line in enumerate((f"姓  名：{pick(rng, OFFICERS)}", f"证件编号：FY{digits(rng, 9)}", "执法领域：城市管理")):
        pen.text((330, 300 + number * 66), line, font=face("hei", 38), fill=(30, 30, 36))
    return Paper(np.asarray(image), key, 220 / height, "cert", "plain_card", span, 90)


MAKERS = (black_cover, dark_cover, plastic, open_card, plain_card)


def certificate(rng: np.random.Generator, number: int) -> Paper:
    """The designs in turn, so that each is met equally often."""
    return MAKERS[number % len(MAKERS)](rng)
