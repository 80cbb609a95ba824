"""Certificates and notices: what the sampling check is meant to find.

Layouts follow public descriptions only. All persons, firms and numbers are invented.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from sample_media.painting import (
    Colour,
    code_square,
    digits,
    emblem,
    font,
    mottle,
    portrait,
    seal,
    spaced,
    textured,
)

BUREAU = "丰源市城市管理综合行政执法局"
OFFICERS = ("陈立新", "周敏", "赵海峰", "孙晓岚", "何志远")
PARTIES = ("丰源市好味道餐饮店", "丰源市东湖建材经营部", "丰源市鸿顺商贸有限公司", "丰源市绿叶水果店")


@dataclass(frozen=True)
class Paper:
    """A flat document, large, with the height of one character of its key phrase and where that phrase lies."""

    picture: np.ndarray  # RGB
    key: float
    key_at: float  # height of the key phrase as a share of the picture's height
    kind: str
    type: str
    span: tuple[float, float] = (0.0, 0.0)  # where the key phrase begins and ends, pixels of the picture
    wide_mm: float = 0.0  # real width; 0 where it follows from the type


def pick(rng: np.random.Generator, choices):
    """One of them; keeps call sites short and the choice in the hands of the seed."""
    return choices[int(rng.integers(len(choices)))]


def leather(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Cover material. Its colour is drawn at random so that no colour tells a certificate from another cover."""
    ground = pick(rng, [(26, 32, 66), (22, 22, 26), (92, 24, 28), (70, 44, 28), (20, 52, 46)])
    flat = np.full((height, width, 3), ground, np.uint8)
    grain = mottle(rng, height, width, 2.4, 16)
    return Image.fromarray(textured(flat, grain))


def guilloche(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """The pale patterned ground of a printed card."""
    ground = pick(rng, [(232, 238, 250), (246, 242, 232), (236, 246, 238), (250, 250, 250), (240, 234, 246)])
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = np.sin(x / 23 + 3 * np.sin(y / 71)) + np.sin(y / 19 + 2 * np.sin(x / 57))
    return Image.fromarray(textured(np.full((height, width, 3), ground, np.uint8), 1 + 0.012 * waves))


def ink(rng: np.random.Generator) -> Colour:
    """Red or near black, both are in use."""
    return pick(rng, [(186, 22, 26), (150, 20, 40), (28, 28, 40), (24, 40, 110)])


def card(rng: np.random.Generator, phrase: str, name: str) -> Paper:
    """A landscape plastic card with badge, state line and the phrase."""
    width, height, key = 860, 540, 92
    image = guilloche(rng, width, height)
    pen = ImageDraw.Draw(image)
    metal = pick(rng, [(214, 170, 60), (190, 150, 70)])
    emblem(pen, (width // 2, 120), 74, (190, 30, 34), metal)
    spaced(pen, (width / 2, 246), "中华人民共和国", font(52, True, True), (30, 30, 40), 8)
    span = spaced(pen, (width / 2, 346), phrase, font(key, True, True), ink(rng), pick(rng, [4, 12, 20]))
    spaced(pen, (width / 2, 440), f"NO.{digits(rng, 8)}", font(36), (60, 60, 70))
    spaced(pen, (width / 2, 494), "丰源市人民政府制", font(30, True), (80, 80, 90))
    return Paper(np.asarray(image), key, 346 / height, "cert", name, span)


def lanyard(rng: np.random.Generator) -> Paper:
    """An upright card in a transparent case, phrase above the portrait."""
    width, height, key = 560, 860, 76
    frame = Image.new("RGB", (width, height), pick(rng, [(30, 60, 130), (120, 26, 30), (40, 44, 50), (190, 200, 206)]))
    image = guilloche(rng, width - 56, height - 120)
    pen = ImageDraw.Draw(image)
    inner = width - 56
    spaced(pen, (inner / 2, 52), "丰源市", font(38, True, True), (40, 40, 52), 6)
    span = spaced(pen, (inner / 2, 134), pick(rng, ["执法证件", "行政执法证"]), font(key, True, True), ink(rng), 6)
    portrait(pen, (inner // 2 - 100, 200, inner // 2 + 100, 460), rng)
    lines = (f"姓名  {pick(rng, OFFICERS)}", "单位  市城管执法局", f"编号  {digits(rng, 8)}")
    for number, line in enumerate(lines):
        pen.text((84, 490 + number * 58), line, font=font(38), fill=(30, 30, 36))
    frame.paste(image, (28, 92))
    ImageDraw.Draw(frame).rounded_rectangle((width // 2 - 50, 30, width // 2 + 50, 58), 14, fill=(235, 235, 235))
    return Paper(np.asarray(frame), key, (92 + 134) / height, "cert", "card_case", (28 + span[0], 28 + span[1]))


def cover(rng: np.random.Generator) -> Paper:
    """A leather cover with gold letters: the hard case, dark and with little contrast."""
    width, height, key = 620, 860, 84
    image = leather(rng, width, height)
    pen = ImageDraw.Draw(image)
    gold = pick(rng, [(222, 184, 92), (206, 176, 110), (232, 200, 120)])
    emblem(pen, (width // 2, 260), 120, (120, 96, 40), gold)
    spaced(pen, (width / 2, 470), "中华人民共和国", font(56, True, True), gold, 10)
    span = spaced(pen, (width / 2, 590), "行政执法证", font(key, True, True), gold, 14)
    return Paper(np.asarray(image), key, 590 / height, "cert", "cover", span)


def booklet(rng: np.random.Generator) -> Paper:
    """The certificate opened: portrait and phrase on the left, particulars on the right."""
    width, height, key = 1160, 800, 66
    image = leather(rng, width, height)
    left, right = guilloche(rng, 520, 720), guilloche(rng, 520, 720)
    pen = ImageDraw.Draw(left)
    portrait(pen, (170, 50, 350, 300), rng)
    spaced(pen, (260, 370), "中华人民共和国", font(44, True, True), (30, 30, 44), 4)
    span = spaced(pen, (260, 460), "行政执法证", font(key, True, True), ink(rng), 8)
    spaced(pen, (260, 560), f"NO.{digits(rng, 8)}", font(34), (50, 50, 60))
    pen = ImageDraw.Draw(right)
    lines = (
        f"姓    名：{pick(rng, OFFICERS)}",
        "性    别：" + pick(rng, ["男", "女"]),
        "执法单位：市城管执法局",
        "执法类型：综合执法",
        "执法区域：丰源市",
        f"证    号：{digits(rng, 11)}",
        "发证机关：丰源市人民政府",
    )
    for number, line in enumerate(lines):
        pen.text((34, 60 + number * 84), line, font=font(32), fill=(26, 26, 34))
    image.paste(left, (40, 40))
    image.paste(right, (600, 40))
    return Paper(np.asarray(image), key, 500 / height, "cert", "booklet", (40 + span[0], 40 + span[1]))


BODIES = {
    "责令改正通知书": "经查，你单位在人行道上堆放货物、占道经营，影响市容和通行，涉嫌违反了《城市市容和环境卫生管理条例》第十四条的规定。"
    "现责令你单位于收到本通知之日起立即停止上述行为，清除堆放的货物，恢复道路原状。",
    "查封（扣押）决定书": "因你单位擅自占用城市道路堆放建筑材料，经责令改正后仍不清除，依据《中华人民共和国行政强制法》第二十二条、"
    "第二十三条的规定，本机关决定对附件清单所列物品予以处理，期限为三十日。",
    "行政处罚决定书": "经查明，你单位于本月九日在东湖路沿线超出门窗外墙摆卖商品，以上事实有现场照片、询问材料为证。依据有关规定，"
    "本机关决定对你单位处以人民币伍佰元的处理。你单位应当自收到之日起十五日内缴款。",
    "送达回证": "受送达人：见抬头。送达地点：东湖路一百二十八号。送达方式：直接送达。收件人签名并注明收到的日期，"
    "见证人可以在备注栏签名。",
}
GENERAL = (
    "经查，你单位在东湖路沿线的经营活动涉嫌违反城市市容和环境卫生管理的有关规定，现依照法定程序向你单位发出本文书，"
    "请按照本文书载明的事项和期限办理，并妥善保管有关材料。"
)
REMEDY = (
    "如对本文书有异议，可以依法进行陈述和申辩，也可以自收到之日起六十日内申请复议，或者在六个月内向人民法院"
    "提起诉讼。逾期不改正的，本机关将依法作进一步处理。"
)


def notice(rng: np.random.Generator, title: str, year: int) -> Paper:
    """An A4 document with bureau line, title, number, body, seal."""
    width, height, key = 1050, 1485, 52
    sheet = textured(
        np.full((height, width, 3), pick(rng, [(250, 250, 247), (244, 244, 246), (250, 246, 236)]), np.uint8),
        mottle(rng, height, width, 0.25, 64),
    )
    image = Image.fromarray(sheet)
    pen = ImageDraw.Draw(image)
    spaced(pen, (width / 2, 150), BUREAU, font(40, True, True), (24, 24, 24), 2)
    span = spaced(pen, (width / 2, 240), title, font(key, True, True), (16, 16, 16), pick(rng, [2, 8, 14]))
    number = f"丰综执字〔{year}〕第{digits(rng, 3)}号"
    pen.text((width - 110, 310), number, font=font(28, True), fill=(30, 30, 30), anchor="ra")
    pen.text((110, 380), f"{pick(rng, PARTIES)}：", font=font(30, True), fill=(30, 30, 30))
    below = body(pen, "　　" + BODIES.get(title, GENERAL), (110, 440), width - 220, 30)
    body(pen, "　　" + REMEDY, (110, below), width - 220, 30)
    pen.text((width - 150, 960), BUREAU, font=font(30, True), fill=(30, 30, 30), anchor="ra")
    seal(pen, image, (width - 330, 970), 110, BUREAU)
    return Paper(np.asarray(image), key, 240 / height, "notice", title, span)


def body(pen: ImageDraw.ImageDraw, text: str, corner: tuple[int, int], width: int, size: int) -> float:
    """Running text broken after as many characters as fit (Chinese needs no hyphens); returns where it ends."""
    per_line = width // size
    for number in range(0, len(text), per_line):
        y = corner[1] + (number // per_line) * size * 1.65
        pen.text((corner[0], y), text[number : number + per_line], font=font(size, True), fill=(34, 34, 34))
    return corner[1] + -(-len(text) // per_line) * size * 1.65


def certificate(rng: np.random.Generator, name: str) -> Paper:
    """A certificate by the name the plan uses."""
    makers = {"cover": cover, "booklet": booklet, "card_case": lanyard, "card_back": lambda r: card(r, "行政执法证", "card_back")}
    return makers[name](rng)


__all__ = ["BUREAU", "Paper", "body", "certificate", "code_square", "guilloche", "leather", "notice", "pick"]
