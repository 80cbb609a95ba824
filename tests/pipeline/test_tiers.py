"""The fast tier first, the thorough one when nothing new waits; what was not looked at is never called not seen."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from avrecord.checks.segments import read as read_segments
from avrecord.model.case import MarkKind
from avrecord.model.observation import Examination
from avrecord.pipeline import examine, looking
from avrecord.pipeline.examine import FAST, THOROUGH, examine_pending, request_for, waiting
from avrecord.rules.judging import judge
from avrecord.seal.codec import decode
from avrecord.settings import CheckTable
from conftest import PROJECT, avrecord
from unit.making import clip as noun

WIDTH, HEIGHT, FPS = 960, 540, 10
DOUBT = "法证"  # what a thumb leaves of the words
FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
SEGMENTS = {"id_shown": read_segments(PROJECT / "config" / "segments.toml")["id_shown"]}
pytestmark = pytest.mark.skipif(not FONT.exists(), reason="!!! fonts-noto-cjk is not installed: nothing can be drawn !!!")


def street(n: int) -> np.ndarray:
    """A grey picture that changes from frame to frame, without anything like letters."""
    shade = np.linspace(70, 150, WIDTH, dtype=np.float32)[None, :].repeat(HEIGHT, 0) + (n % 40)
    return np.clip(shade, 0, 255).astype(np.uint8)


def card(n: int, words: str = "行政执法证", ink: int = 20, paper: int = 235) -> np.ndarray:
    """The same picture with a card on it."""
    picture = Image.fromarray(street(n))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((330, 180, 640, 330), fill=paper)
    draw.text((370, 225), words, font=ImageFont.truetype(FONT, 34), fill=ink)
    return np.array(picture)


def clip(path: Path, seconds: int, shown: dict[int, np.ndarray], group: int) -> Path:
    """A clip of `seconds`; `shown` replaces single frames; a key frame each `group` frames."""
    command = [
        "ffmpeg", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(FPS),
        "-i", "-", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p", "-bf", "0",
        "-g", str(group), "-keyint_min", str(group), "-sc_threshold", "0", path,
    ]  # fmt: skip
    frames = b"".join(shown.get(n, street(n)).tobytes() for n in range(seconds * FPS))
    subprocess.run(command, input=frames, check=True, timeout=60)
    return path


def looked(path: Path, tmp_path: Path, tier: str = THOROUGH, **changes) -> dict:
    request = request_for(path, "video", SEGMENTS, CheckTable(**changes), tier)
    return looking.look(request, tmp_path)


def certain(answer: dict) -> list[int]:
    return [o["at_ms"] for o in answer["observations"] if not o["doubtful"]]


@pytest.fixture(scope="module")
def long(tmp_path_factory) -> Path:
    """Eighty seconds with a key frame each, more than are read at once; a pale certificate stands in second 60: no strokes for
    the map, words for the detector, as gold letters on dark leather are."""
    shown = {n: card(n, ink=112, paper=128) for n in range(600, 620)}
    return clip(tmp_path_factory.mktemp("long") / "long.mp4", 80, shown, 10)


def test_a_long_clip_is_left_to_the_thorough_tier_and_says_so(long, tmp_path):
    fast = looked(long, tmp_path, FAST)
    assert (fast["tier"], fast["looked"]) == ("fast", [])
    assert fast["cost"]["key_frames_decoded"] == 80
    assert fast["cost"].get("thorough_frames", 0) == 0
    assert certain(fast) == []
    thorough = looked(long, tmp_path)
    assert (thorough["tier"], thorough["looked"]) == ("", ["id_shown"])
    assert 60_000 <= certain(thorough)[0] < 62_000


def test_what_is_proved_in_the_fast_tier_needs_no_other(tmp_path):
    path = clip(tmp_path / "c.mp4", 100, {n: card(n) for n in range(200, 230)}, 10)
    answer = looked(path, tmp_path, FAST)
    assert (answer["tier"], answer["looked"]) == ("", ["id_shown"])
    assert 20_000 <= certain(answer)[0] < 23_000
    assert answer["cost"]["stroke_maps"] < 30  # nothing is looked for after it was found


def test_a_short_clip_is_gone_through_at_once(tmp_path):
    answer = looked(clip(tmp_path / "c.mp4", 20, {}, 10), tmp_path, FAST)
    assert (answer["tier"], answer["looked"]) == ("", ["id_shown"])


def test_the_same_clip_gives_the_same_answer_bit_for_bit(tmp_path):
    path = clip(tmp_path / "c.mp4", 20, {n: card(n) for n in range(100, 120)}, 10)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert looked(path, tmp_path / "a") == looked(path, tmp_path / "b")
    frames = [sorted(p.read_bytes() for p in (tmp_path / name).iterdir()) for name in "ab"]
    assert frames[0] == frames[1]


def test_a_card_between_far_key_frames_is_found_second_by_second(tmp_path):
    """A key frame each ten seconds: two seconds of certificate lie between two of them."""
    path = clip(tmp_path / "c.mp4", 30, {n: card(n) for n in range(130, 150)}, 100)
    blind = looked(path, tmp_path, dense_seconds=0)
    assert certain(blind) == []
    found = looked(path, tmp_path)
    assert 13_000 <= certain(found)[0] < 15_000
    assert found["cost"]["dense_decoded"] >= 140


def test_a_clip_gone_through_to_its_end_may_be_called_not_seen_and_one_that_was_not_may_not(tmp_path, kit):
    path = clip(tmp_path / "c.mp4", 30, {}, 100)
    for seconds, expected in ((180, MarkKind.NOT_SEEN), (10, MarkKind.CANNOT_TELL)):
        answer = looked(path, tmp_path, dense_seconds=seconds)
        facts = examine.Facts(**answer["facts"])
        one = noun("c", seconds=30)
        seen = Examination(one.id.hex, "complete", None, (), ("id_shown",), facts)
        assert judge("id_shown", [one], {one.id.hex: seen}, {}).mark is expected


def test_a_doubt_is_looked_at_again_in_the_sharpest_frames_of_its_group(tmp_path):
    """On the key frame the card is read in part only; half a second later it is held so that all of it is seen."""
    part = {n: card(n, DOUBT) for n in range(50, 56)}
    whole = {n: card(n) for n in range(56, 62)}
    answer = looked(clip(tmp_path / "c.mp4", 20, part | whole, 50), tmp_path, dense_seconds=0)
    assert answer["cost"]["closer_frames"] >= 1
    assert 5_600 <= certain(answer)[0] < 6_200
    alone = looked(clip(tmp_path / "d.mp4", 20, part, 50), tmp_path, dense_seconds=0)
    assert (certain(alone), [o["doubtful"] for o in alone["observations"]]) == ([], [True] * len(alone["observations"]))
    assert alone["observations"]


def test_a_clip_is_first_judged_cannot_tell_then_thoroughly(kit, dcam, dock, long):
    dock(dcam({"VIDEO/090000.mp4": long.read_bytes()}))
    (task,) = [next(iter(waiting(kit)))]
    assert task[2] == FAST
    (first,) = examine.examine_clips([task], kit)
    assert first.tier == FAST
    (sealed,) = kit.records.clips()
    found = kit.records.examination(sealed.id)
    mark = judge("id_shown", [sealed], {sealed.id.hex: found}, {"fast": "只快速看过"})
    assert (mark.mark, "只快速看过" in mark.reason) == (MarkKind.CANNOT_TELL, True)
    assert examine_pending(kit) == 1
    assert kit.records.examination(sealed.id).tier == ""
    assert list(waiting(kit)) == []
    bodies = [decode(entry, index).body for index, entry in kit.log.entries()]
    assert sum(body.kind == "clip.examined" for body in bodies) == 2


def test_new_arrivals_go_before_the_thorough_look_at_what_came_before(kit, dcam, dock, long):
    dock(dcam({"VIDEO/090000.mp4": long.read_bytes()}))
    list(examine.examine_clips([next(iter(waiting(kit)))], kit))
    assert next(iter(waiting(kit)))[2] == THOROUGH
    dock(dcam({"VIDEO/100000.mp4": b"x" * 100}, name="slot2"))
    order = [(clip.name[-10:-4], tier) for clip, _, tier in waiting(kit)]
    assert order == [("100000", FAST), ("090000", THOROUGH)]


def test_a_backlog_neither_keeps_todays_clips_waiting_nor_is_left_for_ever(kit, dcam, dock):
    for n in range(6):
        dock(dcam({f"VIDEO/09{n:02d}00.mp4": b"%d" % n * 10}, name=f"slot{n}"))
    order = [clip.name[-8:-6] for clip, _, _ in waiting(kit)]
    assert sorted(order) == ["00", "01", "02", "03", "04", "05"]
    assert order[:4] == ["05", "00", "04", "01"]


def test_a_thorough_look_that_dies_keeps_what_the_fast_one_saw_and_is_not_tried_for_ever(kit, dcam, dock, long, monkeypatch):
    dock(dcam({"VIDEO/090000.mp4": long.read_bytes()}))
    list(examine.examine_clips([next(iter(waiting(kit)))], kit))
    table = kit.settings.check.model_copy(update={"cpu_seconds": 1})
    poor = replace(kit, settings=kit.settings.model_copy(update={"check": table}))
    monkeypatch.setattr(examine, "limits", lambda kit: examine.Limits(memory=64 << 20, cpu_s=1, wall_s=5))
    (found,) = examine.examine_clips([next(iter(waiting(poor)))], poor)
    assert (found.outcome, found.tier, found.looked) == ("partial", "", ())
    assert "细看未完成" in found.reason
    assert found.facts.key_frames == 80
    assert list(waiting(kit)) == []


def test_the_command_explains_each_stage_in_words(tmp_path):
    said = avrecord("check", "--file", clip(tmp_path / "c.mp4", 20, {}, 10), "--explain")
    assert "解码关键帧 20" in said.stdout
    assert "没有像文字的笔画，留待细看" in said.stdout
