"""Day, dim, night, backlit: what a word about the light may be drawn from, and what it must not."""

from __future__ import annotations

import numpy as np
import pytest

from avrecord.checks.light import Light, light_of
from avrecord.media.clipfile import ClipFile, thumbnail

RNG = np.random.default_rng(5)


def scene(brightness: float = 1.0) -> np.ndarray:
    """A thumbnail of a street: sky, facades, ground."""
    picture = np.vstack([np.full((10, 64), 190), np.full((14, 64), 95), np.full((12, 64), 120)]).astype(float)
    return ((picture - 16 + RNG.normal(0, 8, picture.shape)) * brightness + 16).clip(16, 235).astype(np.uint8)


def doorway() -> np.ndarray:
    """A person before an open door: the wall around is in the dark."""
    picture = scene(0.2)
    picture[:30, 20:44] = 232
    picture[8:30, 28:36] = 30
    return picture


def of(*thumbnails: np.ndarray) -> tuple[str | None, int | None]:
    check = Light()
    for each in thumbnails:
        check.look(each)
    return check.prevailing()


@pytest.mark.parametrize(("brightness", "word"), [(1.0, "day"), (0.7, "day"), (0.4, "dim"), (0.15, "night")])
def test_the_same_street_in_less_and_less_light(brightness, word):
    assert light_of(scene(brightness)) == word


def test_a_person_before_an_open_door_is_backlit_and_a_lamp_at_night_is_not():
    assert light_of(doorway()) == "backlit"
    lamp = scene(0.15)
    lamp[2:8, 5:14] = 235
    assert light_of(lamp) == "night"


def test_a_white_sheet_held_up_by_day_is_not_backlit():
    sheet = scene()
    sheet[8:34, 14:46] = 225
    assert light_of(sheet) == "day"


def test_the_word_of_most_frames_stands_with_its_share():
    assert of(*[scene()] * 3, scene(0.15)) == ("day", 750)
    assert of(scene(), scene(0.15)) == ("night", 500)


def test_a_clip_that_showed_nothing_has_no_light():
    assert of() == (None, None)


@pytest.mark.parametrize("name", ["compliant_h264_g60", "distractors_h264_g60"])
def test_daylight_clips_are_day_and_a_seventh_of_their_light_is_night(footage, name):
    frames = [frame.luma for frame in ClipFile(footage / "video" / f"{name}.mp4").key_frames(900)]
    assert of(*map(thumbnail, frames)) == ("day", 1000)
    dark = [thumbnail(((luma.astype(np.float32) - 16) * 0.14 + 16).clip(16, 235).astype(np.uint8)) for luma in frames]
    assert of(*dark) == ("night", 1000)
