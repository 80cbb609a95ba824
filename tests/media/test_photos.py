"""Photos are examined like clips of one frame: upright as EXIF says, hostile ones bounded and told apart."""

from __future__ import annotations

import contextlib
import struct
import sys
import tomllib
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from avrecord.media.clipfile import LONGEST_SIDE, ClipFile
from avrecord.media.trial import in_force
from avrecord.media.worker import Limits, isolated
from avrecord.pipeline.examine import TASK, examine_pending
from conftest import PROJECT

PLAIN = np.full((108, 192, 3), 60, np.uint8)
PLAIN[:30, :30] = 255
TURNED = {1: 0, 3: 2, 6: 1, 8: 3}  # EXIF orientation → quarter turns anticlockwise that the sensor's picture was given


def jpeg(picture: np.ndarray, orientation: int | None = None, big_endian: bool = False) -> bytes:
    """A JPEG, with an EXIF block that holds nothing but the orientation (tag 0x0112)."""
    content = cv2.imencode(".jpg", picture)[1].tobytes()
    if orientation is None:
        return content
    order = ">" if big_endian else "<"
    tiff = (b"MM" if big_endian else b"II") + struct.pack(f"{order}HIHHHIHHI", 42, 8, 1, 0x112, 3, 1, orientation, 0, 0)
    block = b"Exif\0\0" + tiff
    return content[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + content[2:]


def looked_at(path: Path, segments: dict | None = None) -> dict:
    request = {
        "path": str(path),
        "media": "photo",
        "segments": segments or {},
        "gate": 0.08,
        "every_ms": 900,
        "tier": "thorough",
        "dense_seconds": 180,
        "full_size_frames": 40,
    }
    with isolated(TASK, request, Limits(), reads=[path], isolation=in_force("auto")) as outcome:
        assert outcome.answer is not None, outcome.reason
        return outcome.answer


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("orientation", TURNED)
def test_a_photo_stands_upright_as_its_exif_says(tmp_path, orientation, big_endian):
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(np.rot90(PLAIN, TURNED[orientation]), orientation, big_endian))
    (frame,) = ClipFile(path, photo=True).key_frames()
    assert frame.luma.shape == (108, 192)
    assert frame.luma[:20, :20].min() > 200
    assert frame.luma[40:, 40:].max() < 100
    assert frame.bgr()[:20, :20].min() > 200


def test_a_certificate_in_a_photo_that_lies_on_its_side_is_seen(tmp_path):
    sys.path.insert(0, str(PROJECT))
    try:
        from sample_media.documents import certificate
    finally:
        sys.path.remove(str(PROJECT))
    paper = cv2.cvtColor(certificate(np.random.default_rng(3), "card_back").picture, cv2.COLOR_RGB2BGR)
    paper = cv2.resize(paper, (700, round(700 * paper.shape[0] / paper.shape[1])))
    scene = np.random.default_rng(1).normal(110, 6, (900, 1200, 3)).clip(0, 255).astype(np.uint8)
    scene[100 : 100 + paper.shape[0], 250:950] = paper[: 900 - 100]
    path = tmp_path / "DCIM.JPG"
    path.write_bytes(jpeg(np.rot90(scene), 6))
    segments = tomllib.loads((PROJECT / "config" / "segments.toml").read_text("utf-8"))
    answer = looked_at(path, segments)
    (seen,) = [found for found in answer["observations"] if found["segment"] == "id_shown"]
    assert (seen["at_ms"], seen["doubtful"]) == (0, False)
    assert 250 <= seen["box"][0] <= 950
    assert answer["outcome"] == "complete"
    assert (answer["facts"]["duration_ms"], answer["facts"]["key_frames"]) == (None, 1)


def test_a_photo_larger_than_any_screen_is_reduced_and_one_larger_still_refused(tmp_path):
    large, refused = tmp_path / "large.jpg", tmp_path / "refused.jpg"
    large.write_bytes(jpeg(np.full((6000, 8000, 3), 90, np.uint8)))
    (frame,) = ClipFile(large, photo=True).key_frames()
    assert frame.luma.shape == frame.bgr().shape[:2] == (3072, LONGEST_SIDE)
    refused.write_bytes(jpeg(np.full((8100, 8000, 3), 90, np.uint8)))
    with pytest.raises(ValueError, match="8000×8100"):
        list(ClipFile(refused, photo=True).key_frames())


def test_a_photo_that_claims_a_huge_size_is_unreadable_within_the_limits(tmp_path):
    content = bytearray(jpeg(PLAIN))
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", 65_500, 65_500)
    (tmp_path / "huge.jpg").write_bytes(content)
    answer = looked_at(tmp_path / "huge.jpg")
    assert answer["outcome"] == "unreadable"
    assert {fault["kind"] for fault in answer["faults"]} == {"damaged", "unreadable"}


def test_a_png_that_would_fill_the_memory_is_refused(footage, tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes((footage / "malformed" / "png_bomb_30000.mp4").read_bytes())
    assert looked_at(path)["outcome"] == "unreadable"


def test_a_photo_that_was_cut_shows_its_upper_part_and_is_said_to_be_damaged(tmp_path):
    scene = np.random.default_rng(2).normal(120, 30, (400, 600, 3)).clip(0, 255).astype(np.uint8)
    content = jpeg(scene)
    (tmp_path / "cut.jpg").write_bytes(content[: len(content) * 2 // 3])
    answer = looked_at(tmp_path / "cut.jpg")
    assert answer["outcome"] == "partial"
    assert {fault["kind"] for fault in answer["faults"]} == {"damaged"}
    assert answer["cost"]["key_frames_decoded"] == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xd8\xff", b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40, jpeg(PLAIN)[:100], b"#EXTM3U\n#EXTINF:1,\nother.ts\n"],
    ids=["empty", "three bytes", "noise", "no scan", "playlist"],
)
def test_what_is_no_photo_gives_no_picture(tmp_path, content):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with contextlib.suppress(av.error.FFmpegError, ValueError):
        assert list(ClipFile(path, photo=True).key_frames()) == []


def test_photos_of_a_card_are_sealed_and_examined(kit, dcam, dock):
    dock(dcam({"PHOTO/090000.jpg": jpeg(PLAIN), "PHOTO/090100.jpg": jpeg(np.full((90, 160, 3), 8, np.uint8))}))
    assert examine_pending(kit) == 2
    plain, dark = (kit.records.full_examination(clip.id) for clip in kit.records.clips())
    assert (plain.outcome, plain.faults, plain.facts.width) == ("complete", (), 192)
    assert [fault.kind for fault in dark.faults] == ["dark"]


def test_a_sheet_of_paper_that_fills_a_photo_is_not_overexposed_but_a_white_photo_is(tmp_path):
    sheet = np.full((900, 1200, 3), 250, np.uint8)
    for line in range(100, 800, 60):
        cv2.putText(sheet, "NOTICE OF CORRECTION 2026", (100, line), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (20, 20, 20), 3)
    (tmp_path / "sheet.jpg").write_bytes(jpeg(sheet))
    (tmp_path / "white.jpg").write_bytes(jpeg(np.full((900, 1200, 3), 253, np.uint8)))
    assert looked_at(tmp_path / "sheet.jpg")["faults"] == []
    assert [fault["kind"] for fault in looked_at(tmp_path / "white.jpg")["faults"]] == ["overexposed"]
