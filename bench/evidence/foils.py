"""What must not count: signs, banners, vests, licences, identity cards, covers, letters with another title.

The halves use other words of the same kinds: a rule made on one half has to hold on the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from PIL.ImageFont import FreeTypeFont
from sample_media.distractors import MAKERS
from sample_media.documents import Paper, pick
from sample_media.documents import notice as noto_notice
from sample_media.painting import digits, emblem, font, mottle, portrait, spaced, textured

from evidence import notices
from evidence.certificates import hide
from evidence.lettering import face


@dataclass(frozen=True)
class Foil:
    """A distractor. `hung`: it is a sign, a banner or a vest and no hand holds it."""

    paper: Paper
    hung: bool = False


Maker = Callable[[np.random.Generator], Foil]


def board(words: str, type_: str, letters: Callable[[int], FreeTypeFont], tints: tuple, fill: tuple[int, int, int]) -> Maker:
    """A sign, banner or poster with one line (`|` parts two)."""

    def make(rng: np.random.Generator) -> Foil:
        lines, key = words.split("|"), 100
        longest = max(map(len, lines))
        width, height = longest * 116 + 120, 190 * len(lines) + 40
        flat = np.full((height, width, 3), pick(rng, tints), np.uint8)
        image = Image.fromarray(textured(flat, mottle(rng, height, width, 0.5, 60)))
        pen = ImageDraw.Draw(image)
        for number, line in enumerate(lines):
            spaced(pen, (width / 2, 115 + 190 * number), line, letters(key), fill, 8, 2)
        return Foil(Paper(np.asarray(image), key, 115 / height, "neg", type_), hung=True)

    return make


def sans(size: int) -> FreeTypeFont:
    return font(size, bold=True)


def hei(size: int) -> FreeTypeFont:
    return face("hei", size)


def letter(title: str) -> Maker:
    """A sheet with a title that no list of ours names, in the dress of the test half."""
    return lambda rng: Foil(notices.sheet(rng, title, "neg", pick(rng, ("丰源市安居物业管理有限公司", "丰源市行政审批服务局"))))


def retitled(title: str) -> Maker:
    """The sample's own sheet under another title."""

    def make(rng: np.random.Generator) -> Foil:
        paper = noto_notice(rng, title, 2026)
        return Foil(Paper(paper.picture, paper.key, paper.key_at, "neg", title, paper.span))

    return make


def ground(rng: np.random.Generator, width: int, height: int, tint: tuple[int, int, int]) -> Image.Image:
    """Printed stock."""
    return Image.fromarray(textured(np.full((height, width, 3), tint, np.uint8), mottle(rng, height, width, 0.3, 40)))


def licence(title: str) -> Maker:
    """An upright licence with a blue rim."""

    def make(rng: np.random.Generator) -> Foil:
        width, height, key = 900, 1240, 84
        image = ground(rng, width, height, (250, 248, 238))
        pen = ImageDraw.Draw(image)
        pen.rectangle((20, 20, width - 20, height - 20), outline=(40, 90, 160), width=16)
        emblem(pen, (width // 2, 130), 66, (190, 30, 34), (214, 170, 60))
        span = spaced(pen, (width / 2, 270), title, face("song", key), (20, 20, 24), 8, 2)
        lines = (f"编    号  {digits(rng, 12)}", "单位名称  丰源市老街烧烤店", "负 责 人  黄洋红", "有效期至  2028年5月")
        for number, line in enumerate(lines):
            pen.text((110, 390 + 84 * number), line, font=face("song", 40), fill=(30, 30, 34))
        return Foil(Paper(np.asarray(image), key, 270 / height, "neg", title, span, 210))

    return make


def identity(rng: np.random.Generator) -> Foil:
    """The side of an identity card with the title, in another face."""
    width, height, key = 860, 540, 80
    image = ground(rng, width, height, (226, 236, 240))
    pen = ImageDraw.Draw(image)
    emblem(pen, (140, 150), 90, (190, 30, 34), (214, 170, 60))
    spaced(pen, (540, 110), "中华人民共和国", face("hei", 60), (26, 26, 32), 6)
    span = spaced(pen, (540, 225), "居民身份证", face("hei", key), (26, 26, 32), 20)
    pen.text((250, 400), "签发机关  丰源市公安局老街分局", font=face("hei", 34), fill=(30, 30, 36))
    return Foil(Paper(np.asarray(image), key, 225 / height, "neg", "居民身份证", span, 86))


def other_cover(words: str) -> Maker:
    """A leather cover that is something else."""

    def make(rng: np.random.Generator) -> Foil:
        width, height, key = 600, 880, 84
        image = hide(rng, width, height, (26, 26, 30))
        pen = ImageDraw.Draw(image)
        emblem(pen, (width // 2, 560), 120, (96, 70, 34), (226, 190, 96))
        span = spaced(pen, (width / 2, 280), words, face("kai", key), (226, 190, 96), 8, 1)
        return Foil(Paper(np.asarray(image), key, 280 / height, "neg", words, span, 90))

    return make


def staff_card(words: str) -> Maker:
    """A plastic card with portrait that is no certificate."""

    def make(rng: np.random.Generator) -> Foil:
        width, height, key = 900, 560, 84
        image = ground(rng, width, height, (240, 240, 246))
        pen = ImageDraw.Draw(image)
        portrait(pen, (60, 130, 260, 400), rng)
        spaced(pen, (580, 110), "丰源市综合行政执法局", face("hei", 44), (40, 40, 50), 2)
        span = spaced(pen, (580, 220), words, face("hei", key), (30, 60, 120), 4)
        pen.text((330, 300), f"编  号：{digits(rng, 9)}", font=face("hei", 38), fill=(30, 30, 36))
        return Foil(Paper(np.asarray(image), key, 220 / height, "neg", words, span, 90))

    return make


WHITE, YELLOW, NAVY = (250, 250, 250), (250, 226, 60), (24, 34, 70)
REDS, BLUES, VEST = ((180, 24, 28), (196, 36, 30)), ((24, 60, 130), (30, 90, 150)), ((190, 210, 40), (236, 120, 30))


def named(name: str) -> Maker:
    return lambda rng: Foil(MAKERS[name](rng))


FIT: tuple[Maker, ...] = (
    *(named(name) for name in MAKERS),
    board("综合行政执法局", "sign", sans, BLUES, WHITE),
    board("规范行政执法|优化营商环境", "banner", sans, REDS, YELLOW),
    board("行政执法", "vest", sans, VEST, NAVY),
    board("请查验执法证件", "poster", sans, REDS, WHITE),
    board("行政处罚公示栏", "sign", sans, BLUES, WHITE),
    board("好味道餐饮|营业中", "shop", sans, REDS, YELLOW),
    board("执法监督电话|12345678", "sign", sans, BLUES, WHITE),
    retitled("环境影响报告书"),
    retitled("行政许可决定书"),
    retitled("消防检查通知书"),
    retitled("物业催费通知书"),
)
TEST: tuple[Maker, ...] = (
    licence("营业执照"),
    licence("卫生许可证"),
    licence("烟草专卖零售许可证"),
    licence("道路运输证"),
    identity,
    other_cover("不动产权证"),
    other_cover("行政执法手册"),
    staff_card("工作证"),
    staff_card("协管员证"),
    board("丰源市综合行政执法局", "sign", hei, BLUES, WHITE),
    board("行政执法|文明规范", "banner", hei, REDS, YELLOW),
    board("严格行政执法 接受群众监督", "banner", hei, REDS, YELLOW),
    board("综合执法", "vest", hei, VEST, NAVY),
    board("行政执法|PB20410", "vest", hei, VEST, NAVY),
    board("无执法证件可拒绝检查", "poster", hei, REDS, WHITE),
    board("行政执法证件管理办法", "poster", hei, BLUES, WHITE),
    board("主动出示行政执法证", "poster", hei, BLUES, WHITE),
    board("行政执法公示", "sign", hei, BLUES, WHITE),
    board("老街烧烤|啤酒饮料", "shop", hei, REDS, YELLOW),
    letter("检测报告书"),
    letter("安全评估报告书"),
    letter("行政复议决定书"),
    letter("行政许可告知书"),
    letter("安全检查通知书"),
    letter("装修整改通知书"),
    letter("停水通知书"),
)
FOILS = {"fit": FIT, "test": TEST}
