"""Which frames are worth a reviewer's look, and how small they and the crops are kept."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from avrecord.checks.reviewable import SPANS_MS, Reviewable, worth_of
from avrecord.media.clipfile import ClipFile
from avrecord.pipeline.stills import MOST_BYTES, write_crop, write_offered

RNG = np.random.default_rng(9)


def person(brightness: float = 1.0, sigma: float = 0.0) -> np.ndarray:
    """A figure with a vest, buttons and a badge before a wall."""
    picture = np.full((720, 1280), 150, np.uint8)
    cv2.ellipse(picture, (640, 200), (70, 100), 0, 0, 360, 190, -1)
    cv2.rectangle(picture, (480, 310), (800, 720), 60, -1)
    for y in range(330, 720, 40):
        cv2.line(picture, (480, y), (800, y), 220, 6)
        cv2.circle(picture, (640, y + 20), 6, 200, -1)
    soft = cv2.GaussianBlur(picture, (0, 0), sigma) if sigma else picture
    return ((soft.astype(np.float32) - 16) * brightness + 16).clip(16, 235).astype(np.uint8)


@dataclass
class Still:
    """A decoded frame."""

    at_ms: int
    picture: np.ndarray

    def bgr(self) -> np.ndarray:
        return self.picture


@pytest.mark.parametrize(
    "worse",
    [person(sigma=5), person(brightness=0.1), np.full((720, 1280), 120, np.uint8), cv2.add(person(brightness=0.2), 205)],
    ids=["smeared", "night", "wall", "glare"],
)
def test_a_sharp_and_lit_frame_is_worth_more(worse):
    assert worth_of(person()) > 2 * worth_of(worse)


def test_each_span_of_the_first_minute_keeps_its_best_frame():
    check, kept = Reviewable(), {}
    sharpest = {2000, 10_000, 30_000}
    for at_ms in range(0, 120_000, 2000):
        span = check.look(at_ms, person(sigma=0 if at_ms in sharpest else 3))
        if span is not None:
            kept[span] = at_ms
    assert set(kept.values()) == sharpest


def test_what_comes_after_the_first_minute_is_not_looked_at():
    assert Reviewable().look(SPANS_MS[-1], person()) is None


def test_of_equal_frames_the_earliest_stays():
    check = Reviewable()
    assert check.look(0, person()) == 0
    assert check.look(2000, person()) is None


@pytest.mark.parametrize(
    "picture", [np.dstack([person()] * 3), RNG.integers(0, 255, (2160, 3840, 3), np.uint8)], ids=["plain", "snow"]
)
def test_even_a_picture_of_pure_noise_in_4k_stays_within_its_bytes(tmp_path, picture):
    name = write_offered(Still(2000, picture), tmp_path)
    assert name == "offered-2000.jpg"
    kept = cv2.imread(str(tmp_path / name))
    assert (tmp_path / name).stat().st_size <= MOST_BYTES
    assert max(kept.shape) <= 1280
    assert kept.shape[1] / kept.shape[0] == pytest.approx(16 / 9, rel=0.02)


@pytest.mark.parametrize("box", [(500, 300, 200, 30), (0, 0, 60, 20), (1240, 700, 40, 20), (0, 0, 1280, 720)])
def test_a_crop_is_the_box_with_a_margin_and_ends_at_the_picture(tmp_path, box):
    x, y, width, height = box
    picture = np.zeros((720, 1280, 3), np.uint8)
    picture[y : y + height, x : x + width] = 255
    assert write_crop(picture, box, tmp_path / "crop.jpg") == "crop.jpg"
    kept = cv2.imread(str(tmp_path / "crop.jpg"))
    assert height <= kept.shape[0] <= min(720, 2 * height + 16)
    assert width <= kept.shape[1] <= min(1280, width + height + 16)
    assert int((kept[..., 0] > 127).sum()) == pytest.approx(width * height, rel=0.01)


@pytest.mark.parametrize(
    ("name", "hidden"),
    [
        ("compliant_h264_g60", (14_000, 16_000)),  # a sheet of paper before the person
        ("distractors_h264_g60", (0, 6000, 8000, 18_000)),  # asphalt, a menu, a licence
        ("dev_mixed_1", (2000, 4000, 34_000, *range(48_000, 60_000, 2000))),  # signs, a licence, asphalt
    ],
)
def test_of_the_labelled_clips_people_are_offered_before_paper_and_asphalt(footage, name, hidden):
    check, best = Reviewable(), {}
    for frame in ClipFile(footage / "video" / f"{name}.mp4").key_frames(900):
        span = check.look(frame.at_ms, frame.luma)
        if span is not None:
            best[span] = frame.at_ms
    assert len(best) == 3
    assert not [at_ms for at_ms in best.values() if at_ms in hidden]
