"""Pictures as luma and half-size chroma, the form the encoder takes.

Warping one full plane and one quarter-size plane costs half of what warping three full colour
channels costs, and the conversion at the end falls away.
"""

from dataclasses import dataclass
from typing import BinaryIO

import cv2
import numpy as np

WIDTH, HEIGHT = 1920, 1080
HALF = np.diag([0.5, 0.5, 1.0])
DOUBLE = np.diag([2.0, 2.0, 1.0])


@dataclass
class Planes:
    """One picture: `y` full size, `u` and `v` half size, each apart (one channel warps fastest)."""

    y: np.ndarray
    u: np.ndarray
    v: np.ndarray

    def write(self, stream: BinaryIO) -> None:
        """Hand a yuv420p frame over, plane by plane, without copying it first."""
        stream.writelines(part.data for part in (self.y, self.u, self.v))

    def bgr(self) -> np.ndarray:
        """The picture as OpenCV wants it."""
        flat = np.concatenate([part.ravel() for part in (self.y, self.u, self.v)])
        return cv2.cvtColor(flat.reshape(-1, self.y.shape[1]), cv2.COLOR_YUV2BGR_I420)


@dataclass
class Layer:
    """A cut-out to be laid over a picture; colours are premultiplied with its mask.

    The mask is kept at half size only: a lens is never sharper than that at a rim, and warping
    a second full plane would cost as much as the picture itself.
    """

    y: np.ndarray
    u: np.ndarray
    v: np.ndarray
    mask: np.ndarray

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.y.shape[1], self.y.shape[0]


def split(rgb: np.ndarray) -> Planes:
    """RGB with even sides to planes."""
    height, width = rgb.shape[:2]
    flat = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420)
    u, v = flat[height:].reshape(2, height // 2, width // 2)
    return Planes(flat[:height].copy(), u.copy(), v.copy())


def cut_out(rgb: np.ndarray, alpha: np.ndarray) -> Layer:
    """RGB and a mask (0-255) to a layer; odd sides lose their last line."""
    height, width = rgb.shape[0] // 2 * 2, rgb.shape[1] // 2 * 2
    picture = split(np.ascontiguousarray(rgb[:height, :width]))
    half = cv2.resize(alpha[:height, :width], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    full = cv2.resize(half, (width, height))
    colour = (cv2.multiply(part, mask, scale=1 / 255) for part, mask in ((picture.y, full), (picture.u, half), (picture.v, half)))
    return Layer(*colour, half)


def lay(frame: Planes, layer: Layer, matrix: np.ndarray, gain: float = 1.0, smear: tuple[int, int] = (1, 1)) -> None:
    """Warp a layer by a 3x3 matrix (layer to frame pixels) and put it over the frame, touching only its box.

    `smear` is the size of a box blur in x and y: what a hand in motion leaves during one exposure.
    """
    width, height = layer.size
    corners = np.array([[[0, 0]], [[width, 0]], [[width, height]], [[0, height]]], np.float32)
    around = cv2.perspectiveTransform(corners, matrix)[:, 0]
    low = np.floor(around.min(0)).astype(int) - smear
    high = np.ceil(around.max(0)).astype(int) + smear
    left, top = max(0, low[0] // 2 * 2), max(0, low[1] // 2 * 2)
    right, bottom = min(WIDTH, -(-high[0] // 2) * 2), min(HEIGHT, -(-high[1] // 2) * 2)
    if right - left < 4 or bottom - top < 4:
        return
    shift = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1]], float)
    full, half = shift @ matrix, HALF @ shift @ matrix @ DOUBLE
    size, size2 = (right - left, bottom - top), ((right - left) // 2, (bottom - top) // 2)
    y = warp(layer.y, full, size)
    u, v, mask = (warp(part, half, size2) for part in (layer.u, layer.v, layer.mask))
    wide_mask = cv2.resize(mask, size)
    if max(smear) > 1:
        y, wide_mask = cv2.blur(y, smear), cv2.blur(wide_mask, smear)
    if gain != 1.0:
        y = cv2.convertScaleAbs(y, alpha=gain)
    blend(frame.y[top:bottom, left:right], y, wide_mask)
    box = np.s_[top // 2 : bottom // 2, left // 2 : right // 2]
    blend(frame.u[box], u, mask)
    blend(frame.v[box], v, mask)


def warp(part: np.ndarray, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The cheaper affine warp where there is no perspective, as with all figures."""
    if matrix[2, 0] == 0 and matrix[2, 1] == 0:
        return cv2.warpAffine(part, matrix[:2] / matrix[2, 2], size)
    return cv2.warpPerspective(part, matrix, size)


def blend(target: np.ndarray, colour: np.ndarray, alpha: np.ndarray) -> None:
    """Premultiplied "over", in place."""
    cv2.multiply(target, cv2.bitwise_not(alpha), dst=target, scale=1 / 255)
    cv2.add(target, colour, dst=target)
