"""The clock in the picture: which spellings count, where it is found, and what must never pass for a clock."""

from __future__ import annotations

from datetime import datetime, timedelta

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from avrecord.checks.overlay import APART_MS, MOST_KEPT, Overlay, moment_of
from avrecord.checks.reading import Reader
from avrecord.media.clipfile import ClipFile
from avrecord.model.moments import BEIJING

FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"
NINE = datetime(2026, 11, 16, 9, 0, 35, tzinfo=BEIJING)
SPELLINGS = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y年%m月%d日 %H:%M:%S")
RNG = np.random.default_rng(3)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def street() -> np.ndarray:
    """720p: facades, windows, noise; another one each time."""
    scene = np.full((720, 1280), 150, np.uint8)
    for x in range(0, 1280, 100):
        scene[int(RNG.integers(60, 200)) :, x : x + 90] = int(RNG.integers(50, 190))
    return (scene + RNG.normal(0, 4, scene.shape)).clip(16, 235).astype(np.uint8)


def drawn(text: str, at: tuple[int, int] = (20, 14), size: int = 28) -> np.ndarray:
    """A street with recorder lettering: white with a black rim."""
    picture = Image.fromarray(street())
    ImageDraw.Draw(picture).text(at, text, font=ImageFont.truetype(FONT, size, index=2), fill=235, stroke_width=2, stroke_fill=16)
    return np.asarray(picture)


def fed(pictures: dict[int, np.ndarray]) -> Overlay:
    check = Overlay()
    for at_ms, picture in pictures.items():
        check.look(at_ms, picture)
    return check


def going(form: str, seconds=range(0, 20, 2), jump: int = 0, **where) -> dict[int, np.ndarray]:
    """A clip whose clock leaps `jump` seconds half-way."""
    middle = len(seconds) // 2
    return {
        s * 1000: drawn((NINE + timedelta(seconds=s + (jump if n >= middle else 0))).strftime(form), **where)
        for n, s in enumerate(seconds)
    }


@pytest.mark.parametrize(
    "words",
    [
        "2026-11-16 09:00:35",
        "2026-11-1609:00:35",  # recognisers lose the space
        "2026/11/16 09:00:35",
        "2026年11月16日 09:00:35",
        "2026-11-16 星期一 09:00:35",
        "2026-11-16 09:00:35  Z3A0017  041007",
        "单位编号:330106 2026-11-16 09：00：35",
    ],
)
def test_the_usual_spellings_are_a_moment(words):
    assert moment_of(words) == NINE


@pytest.mark.parametrize(
    "words",
    [
        "2026年11月16日",  # the date below a notice
        "09:00:35",
        "2026-13-45 09:00:35",
        "2026-11-16 29:00:35",
        "2026-11-16 至 2027-11-16 有效 09:00:35",
        "2026-11-16 09:00",
        "330106202611160900",
        "警号:0012345 DSJ-A9",
        "",
    ],
)
def test_less_than_a_whole_moment_is_none(words):
    assert moment_of(words) is None


@pytest.mark.parametrize("form", SPELLINGS)
def test_a_clock_is_read_at_the_start_and_at_the_end_of_a_clip(form, reader):
    clock = fed(going(form + "  Z3A0017")).clock(reader)
    assert (clock.first.shown, clock.first.at_ms) == (NINE, 0)
    assert (clock.last.shown, clock.last.at_ms) == (NINE + timedelta(seconds=18), 18_000)
    assert (clock.reads, clock.last.leads(clock.first)) == (5, 0)


def test_a_clock_at_the_bottom_right_is_found(reader):
    clock = fed(going(SPELLINGS[0], range(0, 8, 2), at=(900, 675))).clock(reader)
    assert clock.first.shown == NINE


def test_date_and_time_far_apart_on_one_line_are_one_clock(reader):
    clock = fed(going("%Y-%m-%d      %H:%M:%S", range(0, 8, 2))).clock(reader)
    assert clock.first.shown == NINE


@pytest.mark.parametrize("jump", [-3600, 40])
def test_a_clock_that_was_set_during_the_clip_leaps_by_as_much(jump, reader):
    clock = fed(going(SPELLINGS[0], jump=jump)).clock(reader)
    assert clock.last.leads(clock.first) == jump * 1000


def test_one_misread_digit_agrees_with_nothing_and_accuses_nobody(reader):
    pictures = going(SPELLINGS[0])
    for wrong in (0, 18_000):
        pictures[wrong] = drawn("2026-11-18 09:00:35")
    clock = fed(pictures).clock(reader)
    assert (clock.first.shown, clock.first.at_ms) == (NINE + timedelta(seconds=2), 2000)
    assert clock.last.leads(clock.first) == 0


def test_a_printed_time_that_stands_still_is_no_clock(reader):
    still = {at: drawn("2026-11-16 09:00:35") for at in range(0, 12_000, 2000)}
    assert fed(still).clock(reader) is None


def test_one_frame_is_never_enough(reader):
    assert fed({0: drawn("2026-11-16 09:00:35")}).clock(reader) is None
    assert fed({0: drawn("2026-11-16 09:00:35"), APART_MS - 1: drawn("2026-11-16 09:00:36")}).clock(reader) is None


def test_print_in_the_middle_of_the_picture_is_not_searched(reader):
    assert fed(going(SPELLINGS[0], range(0, 8, 2), at=(300, 330))).clock(reader) is None


@pytest.mark.parametrize("luma", [16, 120, 235])
def test_a_plain_picture_never_wakes_the_reader(luma):
    class Asleep:
        def boxes(self, picture):
            raise AssertionError("read")

    assert fed({at: np.full((720, 1280), luma, np.uint8) for at in (0, 2000)}).clock(Asleep()) is None
    assert Overlay().clock(Asleep()) is None


def test_a_day_of_key_frames_keeps_a_handful_with_both_ends():
    check = Overlay()
    picture = np.zeros((240, 320), np.uint8)
    for at_ms in range(0, 3_600_000, 2000):
        check.look(at_ms, picture)
    kept = [at for at, _ in check._kept]
    assert len(kept) <= MOST_KEPT
    assert kept[:2] == [0, 2000]
    assert kept[-2:] == [3_596_000, 3_598_000]
    assert [at for at, _ in check._wanted()][2] == pytest.approx(1_800_000, rel=0.2)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("compliant_h264_g60", "2026-05-14 09:00:00"),
        ("distractors_h264_g60", "2026-05-14 09:00:00"),
        ("dev_mixed_1", "2026-05-14 10:12:00"),
        ("dev_mixed_2", "2026-05-14 15:40:30"),
    ],
)
def test_the_clock_of_the_labelled_clips_is_read_right_from_end_to_end(footage, reader, name, shown):
    check = Overlay()
    for frame in ClipFile(footage / "video" / f"{name}.mp4").key_frames(900):
        check.look(frame.at_ms, frame.luma)
    clock = check.clock(reader)
    assert f"{clock.first.shown:%Y-%m-%d %H:%M:%S}" == shown
    assert (clock.first.at_ms, clock.reads, clock.last.leads(clock.first)) == (0, 5, 0)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_picture_on_its_side_gives_no_clock_rather_than_a_wrong_one(reader, turns):
    turned = {at: np.ascontiguousarray(np.rot90(picture, turns)) for at, picture in going(SPELLINGS[0], range(0, 6, 2)).items()}
    clock = fed(turned).clock(reader)
    assert clock is None or clock.first.shown == NINE


def test_a_change_of_size_within_a_clip_breaks_nothing(reader):
    pictures = going(SPELLINGS[0], range(0, 10, 2))
    pictures[8000] = cv2.resize(pictures[8000], (640, 360))
    clock = fed(pictures).clock(reader)
    assert clock.first.shown == NINE
