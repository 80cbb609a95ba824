"""Papers, cards and covers in the same manner that must not count as a certificate or a notice."""

import numpy as np
from PIL import Image, ImageDraw

from sample_media.documents import PARTIES, Paper, body, guilloche, ink, leather, pick
from sample_media.painting import code_square, digits, emblem, font, mottle, portrait, seal, spaced, textured


def licence(rng: np.random.Generator, title: str, name: str) -> Paper:
    """A framed licence as it hangs in every shop."""
    width, height, key = 1240, 880, 88
    image = guilloche(rng, width, height)
    pen = ImageDraw.Draw(image)
    pen.rectangle((14, 14, width - 15, height - 15), outline=pick(rng, [(196, 160, 60), (60, 110, 170)]), width=14)
    emblem(pen, (width // 2, 110), 60, (190, 30, 34), (214, 170, 60))
    spaced(pen, (width / 2, 250), title, font(key, True, True), (24, 24, 24), 14)
    lines = (
        f"统一社会信用代码  91{digits(rng, 14)}XA",
        f"名    称  {pick(rng, PARTIES)}",
        "类    型  个体工商户",
        "经 营 者  黄洋红",
        "经营场所  丰源市东湖路一百二十八号",
        "经营范围  餐饮服务；食品销售",
    )
    for number, line in enumerate(lines):
        pen.text((110, 350 + number * 74), line, font=font(36, True), fill=(34, 34, 34))
    code_square(pen, (width - 300, 350), 150, rng)
    seal(pen, image, (width - 260, 690), 105, "丰源市市场监督管理局")
    return Paper(np.asarray(image), key, 250 / height, "neg", name)


def identity(rng: np.random.Generator) -> Paper:
    """Back of an identity card: badge, state line, title."""
    width, height, key = 860, 540, 76
    image = guilloche(rng, width, height)
    pen = ImageDraw.Draw(image)
    emblem(pen, (130, 150), 84, (190, 30, 34), (214, 170, 60))
    spaced(pen, (530, 110), "中华人民共和国", font(60, True, True), (26, 26, 32), 8)
    spaced(pen, (530, 220), "居民身份证", font(key, True, True), (26, 26, 32), 16)
    pen.text((250, 400), "签发机关  丰源市公安局", font=font(34), fill=(30, 30, 36))
    pen.text((250, 460), "有效期限  2019.05.12-2039.05.12", font=font(34), fill=(30, 30, 36))
    return Paper(np.asarray(image), key, 220 / height, "neg", "n_id")


def other_cover(rng: np.random.Generator) -> Paper:
    """A leather cover with gold letters that is something else: a dark cover alone must not count."""
    width, height, key = 620, 860, 88
    image = leather(rng, width, height)
    pen = ImageDraw.Draw(image)
    gold = pick(rng, [(222, 184, 92), (206, 176, 110), (232, 200, 120)])
    emblem(pen, (width // 2, 260), 120, (120, 96, 40), gold)
    spaced(pen, (width / 2, 470), pick(rng, ["中华人民共和国", "丰源市东湖物业"]), font(56, True, True), gold, 10)
    spaced(pen, (width / 2, 590), pick(rng, ["工作手册", "不动产权证书", "荣誉证书"]), font(key, True, True), gold, 8)
    return Paper(np.asarray(image), key, 590 / height, "neg", "n_cover")


def badge(rng: np.random.Generator) -> Paper:
    """The upright card of a property company's employee, in a case."""
    width, height, key = 560, 860, 84
    frame = Image.new("RGB", (width, height), pick(rng, [(30, 60, 130), (120, 26, 30), (40, 44, 50), (190, 200, 206)]))
    image = guilloche(rng, width - 56, height - 120)
    pen = ImageDraw.Draw(image)
    inner = width - 56
    spaced(pen, (inner / 2, 52), "东湖物业服务中心", font(38, True, True), (40, 40, 52), 2)
    spaced(pen, (inner / 2, 134), "工作证", font(key, True, True), ink(rng), 18)
    portrait(pen, (inner // 2 - 100, 200, inner // 2 + 100, 460), rng)
    for number, line in enumerate(("姓名  林小兵", "部门  秩序维护部", f"编号  {digits(rng, 5)}")):
        pen.text((84, 490 + number * 58), line, font=font(38), fill=(30, 30, 36))
    frame.paste(image, (28, 92))
    ImageDraw.Draw(frame).rounded_rectangle((width // 2 - 50, 30, width // 2 + 50, 58), 14, fill=(235, 235, 235))
    return Paper(np.asarray(frame), key, (92 + 134) / height, "neg", "n_badge")


def bill(rng: np.random.Generator) -> Paper:
    """An A4 sheet with title, body and seal that no law knows: a demand for the property fee."""
    width, height, key = 1050, 1485, 52
    sheet = textured(
        np.full((height, width, 3), pick(rng, [(250, 250, 247), (244, 244, 246), (250, 246, 236)]), np.uint8),
        mottle(rng, height, width, 0.25, 64),
    )
    image = Image.fromarray(sheet)
    pen = ImageDraw.Draw(image)
    spaced(pen, (width / 2, 150), "丰源市东湖物业服务有限公司", font(40, True, True), (24, 24, 24), 2)
    spaced(pen, (width / 2, 240), "物业服务费缴费单", font(key, True, True), (16, 16, 16), 8)
    pen.text((110, 380), "尊敬的业主：", font=font(30, True), fill=(30, 30, 30))
    text = (
        "　　您所在的房屋本年度下半年的物业服务费、公共照明分摊费和垃圾清运费共计人民币壹仟贰佰元，请于本月底以前到"
        "服务中心前台缴纳，也可以扫描右下方的图案在线缴纳。如有疑问请与管家联系，感谢您的支持与配合。"
    )
    body(pen, text, (110, 440), width - 220, 30)
    code_square(pen, (width - 340, 1130), 210, rng)
    seal(pen, image, (width - 330, 970), 100, "东湖物业服务有限公司")
    return Paper(np.asarray(image), key, 240 / height, "neg", "n_bill")


MAKERS = {
    "n_licence": lambda rng: licence(rng, "营业执照", "n_licence"),
    "n_permit": lambda rng: licence(rng, "食品经营许可证", "n_permit"),
    "n_id": identity,
    "n_cover": other_cover,
    "n_badge": badge,
    "n_bill": bill,
}


def distractor(rng: np.random.Generator, name: str) -> Paper:
    """A distractor by the name the plan uses."""
    return MAKERS[name](rng)
