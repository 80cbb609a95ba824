"""Notices of the test half: another sheet, another face, forms with ruled boxes beside running text."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from sample_media.documents import GENERAL, REMEDY, Paper, pick
from sample_media.painting import digits, mottle, seal, spaced, textured

from evidence.lettering import face

BUREAU = "丰源市综合行政执法局"
PARTIES = ("丰源市老街烧烤店", "丰源市安达汽车修理厂", "丰源市新世纪装饰工程有限公司")
RED, BLACK = (190, 24, 28), (22, 22, 24)
FORMS = ("送达回证", "询问通知书", "现场检查通知书", "行政检查通知书")


def sheet(rng: np.random.Generator, title: str, kind: str = "notice", owner: str = BUREAU) -> Paper:
    """An A4 sheet: owner in red over a rule, title, number, then running text or a form."""
    width, height, key = 1000, 1414, pick(rng, (50, 56))
    tint = pick(rng, ((252, 252, 250), (240, 240, 238), (246, 248, 252)))
    image = Image.fromarray(textured(np.full((height, width, 3), tint, np.uint8), mottle(rng, height, width, 0.3, 80)))
    pen = ImageDraw.Draw(image)
    spaced(pen, (width / 2, 120), owner, face("song", 50), RED, 6, 2)
    pen.line((70, 172, width - 70, 172), fill=RED, width=5)
    span = spaced(pen, (width / 2, 262), title, face("song", key), BLACK, pick(rng, (0, 4, 10)), 2)
    pen.text((width - 90, 312), f"丰执〔2026〕{digits(rng, 4)}号", font=face("song", 28), fill=BLACK, anchor="ra")
    (form if title in FORMS else text)(pen, rng, width)
    pen.text((width - 120, 1140), owner, font=face("song", 30), fill=BLACK, anchor="ra")
    pen.text((width - 120, 1196), "2026年9月3日", font=face("song", 30), fill=BLACK, anchor="ra")
    seal(pen, image, (width - 290, 1150), 112, owner)
    return Paper(np.asarray(image), key, 262 / height, kind, title, span)


def text(pen: ImageDraw.ImageDraw, rng: np.random.Generator, width: int) -> None:
    pen.text((90, 386), f"{pick(rng, PARTIES)}：", font=face("song", 31), fill=BLACK)
    running, per_line = "　　" + GENERAL + REMEDY, (width - 180) // 31
    for number in range(0, len(running), per_line):
        y = 446 + number // per_line * 54
        pen.text((90, y), running[number : number + per_line], font=face("song", 31), fill=BLACK)


def form(pen: ImageDraw.ImageDraw, rng: np.random.Generator, width: int) -> None:
    rows = ("受送达人", "事    由", "地    点", "时    间", "承 办 人", "备    注")
    entries = (pick(rng, PARTIES), "占道经营", "东湖路一百二十八号", "2026年9月3日10时", "许文静、高建国", "")
    for number, (name, entry) in enumerate(zip(rows, entries, strict=True)):
        top = 380 + number * 112
        pen.rectangle((80, top, width - 80, top + 112), outline=BLACK, width=3)
        pen.line((290, top, 290, top + 112), fill=BLACK, width=3)
        pen.text((110, top + 38), name, font=face("song", 34), fill=BLACK)
        pen.text((320, top + 38), entry, font=face("song", 34), fill=BLACK)
