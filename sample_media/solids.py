"""Shapes with volume: limbs, hands and heads that are lighter in the middle than at the rim."""

import cv2
import numpy as np

Point = tuple[float, float]


class Cutting:
    """A transparent sheet to draw people and hands on."""

    def __init__(self, width: int, height: int) -> None:
        self.rgb = np.zeros((height, width, 3), np.uint8)
        self.alpha = np.zeros((height, width), np.uint8)

    def limb(self, start: Point, end: Point, wide: float, narrow: float, colour) -> None:
        """A tapered capsule from one joint to the next."""
        mask = np.zeros_like(self.alpha)
        a, b = np.array(start, float), np.array(end, float)
        along = (b - a) / max(1e-6, float(np.linalg.norm(b - a)))
        across = np.array([-along[1], along[0]])
        quad = np.array([a + across * wide, b + across * narrow, b - across * narrow, a - across * wide])
        cv2.fillConvexPoly(mask, np.round(quad * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
        for centre, radius in ((a, wide), (b, narrow)):
            x, y = np.round(centre * 16).astype(int).tolist()
            cv2.circle(mask, (x, y), int(radius * 16), 255, -1, cv2.LINE_AA, 4)
        self.fill(mask, colour)

    def blob(self, middle: Point, radii: Point, colour, angle: float = 0.0) -> None:
        """An ellipse."""
        mask = np.zeros_like(self.alpha)
        cv2.ellipse(mask, (tuple(middle), (radii[0] * 2, radii[1] * 2), angle), 255, -1, cv2.LINE_AA)
        self.fill(mask, colour)

    def shape(self, points, colour) -> None:
        """A polygon."""
        mask = np.zeros_like(self.alpha)
        cv2.fillPoly(mask, [np.round(np.array(points) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        self.fill(mask, colour)

    def fill(self, mask: np.ndarray, colour) -> None:
        """Lay a mask in one colour, shaded by the distance to its rim and a little from the left."""
        box = cv2.boundingRect(mask)
        if not box[2] or not box[3]:
            return
        part = np.s_[box[1] : box[1] + box[3], box[0] : box[0] + box[2]]
        inside = mask[part]
        depth = cv2.distanceTransform((inside > 127).astype(np.uint8), cv2.DIST_L2, 3)
        depth /= max(1.0, float(depth.max()))
        side = np.linspace(1.06, 0.9, box[2], dtype=np.float32)[None]
        shade = (0.62 + 0.42 * np.sqrt(depth)) * side
        paint = np.clip(shade[..., None] * np.array(colour, np.float32), 0, 255)
        weight = (inside.astype(np.float32) / 255)[..., None]
        self.rgb[part] = (self.rgb[part] * (1 - weight) + paint * weight).astype(np.uint8)
        self.alpha[part] = np.maximum(self.alpha[part], inside)


def skin(rng: np.random.Generator) -> tuple[int, int, int]:
    """A skin colour."""
    tones = [(226, 182, 150), (206, 158, 124), (188, 140, 106), (168, 118, 86)]
    return tones[int(rng.integers(len(tones)))]
