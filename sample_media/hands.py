"""A paper in somebody's hand."""

from dataclasses import dataclass

import cv2
import numpy as np

from sample_media.documents import Paper
from sample_media.planes import HEIGHT, WIDTH, Layer, cut_out
from sample_media.solids import Cutting, skin

REAL_WIDTH = {
    "card_back": 86,
    "n_id": 86,
    "card_case": 78,
    "n_badge": 78,
    "cover": 92,
    "n_cover": 112,
    "booklet": 168,
    "n_licence": 260,
    "n_permit": 260,
}  # mm; anything else is A4
A4 = 210
THUMB = 9.5  # mm, half its width at the tip
SLEEVES = ((44, 58, 92), (30, 32, 38), (90, 96, 84), (128, 40, 46), (186, 190, 196), (70, 88, 120))


@dataclass(frozen=True)
class Grip:
    """Where the thumb meets the paper's edge, where the arm goes from there, and how far, in pixels."""

    edge: np.ndarray
    away: np.ndarray
    reach: float
    mm: float


def held(
    paper: Paper, key_px: float, spot: np.ndarray, side: str, defocus: float, rng: np.random.Generator, cover: float = 0.0
) -> tuple[Layer, tuple[float, float], float]:
    """The paper at its final size with hand and forearm, its middle on the sheet, and the share of the key phrase covered.

    The hand is sized after the real width of the document, so a card fills the palm and a
    sheet does not. `side` tells where the arm comes from: b(elow), l(eft) or r(ight); it is
    drawn long enough to leave the picture from where the paper is. `cover` asks for a finger over
    about that share of the key phrase; what it came to is measured.
    """
    scale = key_px / paper.key
    flat = cv2.resize(paper.picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    flat = lit(flat, rng)
    height, width = flat.shape[:2]
    grip = grasp(paper, width, height, spot, side, rng)
    ends = np.array([(0, 0), (width, height), grip.edge + grip.away * grip.reach])
    pad = 60 * grip.mm
    low = np.minimum(ends[:2].min(0) - 8, ends[2] - pad)
    high = np.maximum(ends[:2].max(0) + 8, ends[2] + pad)
    low, high = np.minimum(low, grip.edge - pad), np.maximum(high, grip.edge + pad)
    corner = -np.floor(low).astype(int)
    sheet = Cutting(*(np.ceil(high).astype(int) + corner).tolist())
    grip = Grip(grip.edge + corner, grip.away, grip.reach, grip.mm)
    colour = skin(rng)
    arm(sheet, grip, colour, SLEEVES[int(rng.integers(len(SLEEVES)))])
    box = np.s_[corner[1] : corner[1] + height, corner[0] : corner[0] + width]
    sheet.rgb[box] = flat
    sheet.alpha[box] = 255
    thumb(sheet, grip, colour)
    covered = finger(sheet, paper, scale, corner, colour, cover, rng) if cover else 0.0
    layer = cut_out(*soft(sheet.rgb, sheet.alpha, defocus))
    return layer, (corner[0] + width / 2, corner[1] + height / 2), covered


def grasp(paper: Paper, width: int, height: int, spot: np.ndarray, side: str, rng: np.random.Generator) -> Grip:
    """A grip that leaves the key phrase free: from the side below it, from below past its ends."""
    mm = width / (paper.wide_mm or REAL_WIDTH.get(paper.type, A4))
    clear = paper.key_at + (0.6 * paper.key / paper.picture.shape[0]) + (THUMB + 2) * mm / height
    if side == "b":
        free = clear + 13 * mm / height < 1.0
        across = rng.uniform(0.25, 0.75) if free else rng.choice([rng.uniform(0.04, 0.1), rng.uniform(0.9, 0.96)])
        edge, away = np.array([width * across, float(height)]), unit(rng.uniform(-0.35, 0.35), 1.0)
    else:
        low = min(0.99, max(clear, 0.6)) if clear > 0.85 else rng.uniform(max(clear, 0.6), 0.92)
        edge = np.array([0.0 if side == "l" else float(width), height * low])
        away = unit(-1.0 if side == "l" else 1.0, rng.uniform(0.3, 0.8))
    start = spot + edge - (width / 2, height / 2)
    borders = [
        (limit - at) / step
        for at, step, limit in ((start[0], away[0], WIDTH if away[0] > 0 else 0), (start[1], away[1], HEIGHT))
        if abs(step) > 1e-3
    ]
    return Grip(edge, away, max(180 * mm, min(borders) * 1.2 + 320), mm)


def lit(flat: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Uneven light: a slope over the paper and now and then a pale reflection."""
    height, width = flat.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 + rng.uniform(0.02, 0.14) * (np.cos(angle) * x + np.sin(angle) * y)
    bright = flat * light[..., None]
    if rng.random() < 0.4:
        spot = np.exp(-((x - rng.uniform(-1, 1)) ** 2 * 5 + (y - rng.uniform(-1, 1)) ** 2 * 5))
        bright += 46 * spot[..., None]
    return np.clip(bright, 0, 255).astype(np.uint8)


def unit(x: float, y: float) -> np.ndarray:
    """A direction."""
    return np.array([x, y]) / np.hypot(x, y)


def arm(sheet: Cutting, grip: Grip, colour, sleeve) -> None:
    """Forearm, sleeve, palm and the fingers behind the paper."""
    edge, away, mm = grip.edge, grip.away, grip.mm
    across = np.array([-away[1], away[0]])
    wrist = edge + away * 95 * mm
    sheet.limb(wrist, edge + away * 240 * mm, 27 * mm, 36 * mm, colour)
    sheet.limb(wrist + away * 60 * mm, edge + away * max(grip.reach, 200 * mm), 39 * mm, 54 * mm, sleeve)
    sheet.limb(wrist, edge + away * 34 * mm, 28 * mm, 38 * mm, colour)
    for number in range(4):
        root = edge + away * 30 * mm + across * (number - 1.5) * 19 * mm
        sheet.limb(root, root - away * 62 * mm, 10 * mm, 8.5 * mm, colour)


def thumb(sheet: Cutting, grip: Grip, colour) -> None:
    """The thumb in front of the paper, with its nail."""
    edge, away, mm = grip.edge, grip.away, grip.mm
    across = np.array([-away[1], away[0]])
    root, tip = edge + away * 46 * mm + across * 16 * mm, edge - away * 8 * mm
    sheet.limb(root, tip, 13 * mm, THUMB * mm, colour)
    nail = tuple(min(255, int(v * 1.12) + 6) for v in colour)
    angle = float(np.degrees(np.arctan2(away[1], away[0]))) + 90
    sheet.blob(tuple(tip - away * 2 * mm), (5.5 * mm, 7.5 * mm), nail, angle)


def finger(
    sheet: Cutting, paper: Paper, scale: float, corner: np.ndarray, colour, cover: float, rng: np.random.Generator
) -> float:
    """A fingertip laid on the key phrase from one of its ends; returns the share of the phrase's box under it."""
    mm = paper.picture.shape[1] * scale / (paper.wide_mm or REAL_WIDTH.get(paper.type, A4))
    left, right = (corner[0] + at * scale for at in paper.span)
    line, high = corner[1] + paper.key_at * paper.picture.shape[0] * scale, paper.key * scale
    ends, inward = ((left, 1.0), (right, -1.0))[int(rng.integers(2))]
    lean = rng.uniform(-0.25, 0.5)
    radius = max(THUMB * mm, 0.62 * high)
    tip = np.array([ends + inward * (cover * (right - left) - 0.85 * radius), line + rng.uniform(-0.1, 0.1) * high])
    root = tip + np.array([-inward, lean]) * 62 * mm
    before = sheet.alpha.copy()
    sheet.alpha[...] = 0
    sheet.limb(root, tip, 11.5 * mm, radius, colour)
    box = np.s_[int(line - high / 2) : int(line + high / 2), int(left) : int(right)]
    share = float((sheet.alpha[box] > 127).mean())
    sheet.alpha = np.maximum(before, sheet.alpha)
    return share


def soft(rgb: np.ndarray, alpha: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Out of focus; colours are weighted with the mask so that the rim does not turn dark."""
    weight = alpha.astype(np.float32)[..., None] / 255
    blurred = cv2.GaussianBlur(rgb * weight, (0, 0), sigma)
    cover = cv2.GaussianBlur(weight, (0, 0), sigma)[..., None]
    return np.clip(blurred / np.maximum(cover, 1e-3), 0, 255).astype(np.uint8), (cover[..., 0] * 255).astype(np.uint8)
