"""Overexposed, blurred, dark and covered pictures, and those that only look so: night, fog, snow, paper."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from avrecord.checks.blurred import BLURRED, Blurred, sharpness
from avrecord.checks.obscured import Obscured
from avrecord.checks.overexposed import Overexposed
from avrecord.media.clipfile import ClipFile, thumbnail

RNG = np.random.default_rng(11)


def street(seed: int, noise: float = 2.0) -> np.ndarray:
    """A 1080p scene: sky, facades with windows and signs, pavement with joints, sensor noise."""
    rng = np.random.default_rng(seed)
    scene = np.full((1080, 1920), 120, np.uint8)
    scene[:400] = np.linspace(200, 170, 400, dtype=np.uint8)[:, None]
    for x in range(0, 1920, 160):
        top = int(rng.integers(150, 400))
        scene[top:800, x : x + 150] = int(rng.integers(60, 160))
        for y in range(top + 30, 760, 90):
            cv2.rectangle(scene, (x + 30, y), (x + 110, y + 50), float(rng.integers(20, 60)), -1)
        cv2.putText(scene, f"SHOP {x}", (x + 10, 780), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 230, 3)
    for x in range(0, 1920, 60):
        cv2.line(scene, (x, 1079), (960 + (x - 960) // 3, 800), 90, 2)
    return (
        (cv2.GaussianBlur(scene, (0, 0), 0.8).astype(np.float32) + rng.normal(0, noise, scene.shape))
        .clip(16, 235)
        .astype(np.uint8)
    )


def changed(picture: np.ndarray, gain: float = 1.0, lift: float = 0.0, sigma: float = 0.0, noise: float = 0.0) -> np.ndarray:
    soft = (cv2.GaussianBlur(picture, (0, 0), sigma) if sigma else picture).astype(np.float32)
    return (soft * gain + lift + (RNG.normal(0, noise, picture.shape) if noise else 0)).clip(0, 255).astype(np.uint8)


def looked(check, pictures, every_ms: int = 2000):
    for n, picture in enumerate(pictures):
        check.look(n * every_ms, thumbnail(picture))
    return check


def blurred(pictures) -> list[str]:
    check = Blurred()
    for picture in pictures:
        check.look(picture)
    return [fault.kind for fault in check.faults(10_000)]


NOT_BLURRED = {
    "sharp": {},
    "fog": {"gain": 0.25, "lift": 140},
    "night": {"gain": 0.15, "lift": 16, "noise": 3},
    "night without noise": {"gain": 0.15, "lift": 16},
    "slightly soft": {"sigma": 2},
}


@pytest.mark.parametrize("name", NOT_BLURRED)
def test_fog_night_and_a_little_softness_are_not_blur(name):
    assert blurred(changed(street(n), **NOT_BLURRED[name]) for n in range(4)) == []


@pytest.mark.parametrize("sigma", [8, 12, 20])
def test_a_picture_without_focus_from_beginning_to_end_is_blurred(sigma):
    assert blurred(changed(street(n), sigma=sigma) for n in range(4)) == ["blurred"]


def test_one_sharp_moment_is_enough_for_a_clip_not_to_be_blurred_throughout():
    assert blurred([changed(street(n), sigma=12) for n in range(4)] + [street(5)]) == []


def test_motion_that_smears_some_frames_is_no_blur_throughout():
    smear = np.zeros((61, 61), np.float32)
    smear[30] = 1 / 61
    assert blurred([cv2.filter2D(street(n), -1, smear) if n % 2 else street(n) for n in range(4)]) == []


@pytest.mark.parametrize("picture", [np.full((1080, 1920), 120, np.uint8), np.full((1080, 1920), 16, np.uint8)])
def test_a_blank_wall_has_nothing_to_be_sharp_and_is_not_judged(picture):
    assert sharpness(picture) is None
    assert blurred([picture] * 5) == []


def test_the_recorders_own_sharp_lettering_does_not_make_a_blurred_picture_sharp():
    pictures = [changed(street(n), sigma=12) for n in range(3)]
    for picture in pictures:
        cv2.putText(picture, "2026-11-16 09:00:00 Z3A0017", (40, 70), cv2.FONT_HERSHEY_SIMPLEX, 2, 235, 4)
        cv2.putText(picture, "041007", (40, 1050), cv2.FONT_HERSHEY_SIMPLEX, 2, 235, 4)
    assert blurred(pictures) == ["blurred"]


def test_too_much_light_is_overexposed_and_not_a_covered_lens():
    white = [np.full((1080, 1920), 254, np.uint8)] * 4
    assert [(f.kind, f.from_ms, f.to_ms) for f in looked(Overexposed(), white).faults(8000)] == [("overexposed", 0, 8000)]
    assert looked(Obscured(), white).faults(8000) == []


def test_a_span_of_glare_is_overexposed_for_as_long_as_it_lasts():
    pictures = [street(1), *(changed(street(n), 1.5, 170) for n in (2, 3, 4)), street(5)]
    assert [(f.from_ms, f.to_ms) for f in looked(Overexposed(), pictures).faults(10_000)] == [(2000, 8000)]


@pytest.mark.parametrize(
    "picture",
    [
        street(1),
        changed(street(2), 0.25, 140),  # fog
        np.full((1080, 1920), 212, np.uint8),  # a sheet of paper, rightly exposed, that fills the picture
        np.where(np.arange(1080)[:, None] < 500, 255, street(3)).astype(np.uint8),  # a burnt sky above a street
    ],
    ids=["street", "fog", "paper", "sky"],
)
def test_bright_pictures_in_which_things_can_be_seen_are_not_overexposed(picture):
    assert looked(Overexposed(), [picture] * 4).faults(8000) == []


def test_night_and_fog_in_which_things_can_be_told_apart_are_not_dark():
    for words in ({"gain": 0.25, "lift": 140}, {"gain": 0.3, "lift": 8, "noise": 3}):
        assert looked(Obscured(), [changed(street(n), **words) for n in range(4)]).faults(8000) == []


def test_a_jacket_over_the_lens_and_a_fogged_one_are():
    for picture in (np.full((1080, 1920), 19, np.uint8), changed(np.full((1080, 1920), 120, np.uint8), noise=2)):
        assert [fault.kind for fault in looked(Obscured(), [picture] * 4).faults(8000)] == ["dark"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["compliant_h264_g60", "distractors_h264_g60", "dev_mixed_1", "dev_mixed_2"])
def test_good_street_clips_have_no_fault_and_the_same_out_of_focus_have(footage, name):
    technical = {"good": [Obscured(), Overexposed(), Blurred()], "soft": [Obscured(), Overexposed(), Blurred()]}
    frames = list(ClipFile(footage / "video" / f"{name}.mp4").key_frames(5000))
    for frame in frames:
        soft = cv2.resize(cv2.GaussianBlur(cv2.resize(frame.luma, (960, 540)), (0, 0), 4), (1920, 1080))
        for kind, luma in (("good", frame.luma), ("soft", soft)):
            dark, light, blur = technical[kind]
            dark.look(frame.at_ms, thumbnail(luma))
            light.look(frame.at_ms, thumbnail(luma))
            blur.look(luma)
    assert len(frames) >= 4
    assert [fault for check in technical["good"] for fault in check.faults(20_000)] == []
    assert [fault.kind for check in technical["soft"] for fault in check.faults(20_000)] == ["blurred"]
    assert min(found for frame in frames if (found := sharpness(frame.luma))) > 3 * BLURRED
