"""A clip's own clock, its light, the frames for a reviewer and the crop: from a card to the command line."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from avrecord.media.worker import Outcome
from avrecord.model.observation import Facts
from avrecord.pipeline.examine import examine_pending, read_outcome
from avrecord.pipeline.link import link_all
from avrecord.pipeline.verify import verify
from cli.desk import Desk, cases_file, fleet_file
from conftest import PROJECT
from media.rendering import ffmpeg

FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"
SECONDS = 8
GOOD = {"OK_UNWITNESSED", "NO_EXTERNAL_REFERENCE"}


@pytest.fixture(scope="module")
def recording(tmp_path_factory) -> bytes:
    """Eight seconds from 09:00:35 by the clock in the picture; a certificate is held up from the third on."""
    folder = tmp_path_factory.mktemp("recording")
    sys.path.insert(0, str(PROJECT))
    try:
        from sample_media.documents import certificate
    finally:
        sys.path.remove(str(PROJECT))
    paper = cv2.cvtColor(certificate(np.random.default_rng(3), "card_back").picture, cv2.COLOR_RGB2BGR)
    paper = cv2.resize(paper, (560, round(560 * paper.shape[0] / paper.shape[1])))[:420]
    street = cv2.GaussianBlur(np.random.default_rng(1).normal(120, 60, (720, 1280, 3)), (0, 0), 4).clip(16, 235).astype(np.uint8)
    face = ImageFont.truetype(FONT, 28, index=2)
    for second in range(SECONDS):
        scene = street.copy()
        if second >= 3:
            scene[160 : 160 + paper.shape[0], 300 + 8 * second : 860 + 8 * second] = paper
        picture = Image.fromarray(scene)
        shown = datetime(2026, 11, 16, 9, 0, 35) + timedelta(seconds=second)
        text = f"{shown:%Y-%m-%d %H:%M:%S}  Z3A0017  041007"
        ImageDraw.Draw(picture).text((20, 12), text, font=face, fill="white", stroke_width=2, stroke_fill="black")
        cv2.imwrite(str(folder / f"{second}.png"), np.asarray(picture))
    codec = [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-g",
        "5",
        "-keyint_min",
        "5",
        "-sc_threshold",
        "0",
        "-pix_fmt",
        "yuv420p",
    ]
    noisy = ["-vf", "fps=5,noise=alls=6:allf=t:all_seed=1"]
    ffmpeg("-framerate", "1", "-start_number", "0", "-i", folder / "%d.png", *noisy, *codec, folder / "clip.mp4")
    return (folder / "clip.mp4").read_bytes()


@pytest.fixture
def docked(kit, dcam, dock, recording):
    """The clip under a name, examined."""

    def named(clock: str):
        dock(dcam({f"VIDEO/{clock}.mp4": recording}))
        examine_pending(kit)
        (clip,) = kit.records.clips()
        return clip, kit.records.full_examination(clip.id)

    return named


def test_the_clock_the_light_the_frames_and_the_crop_stand_in_the_document_and_are_verified(kit, docked):
    _, found = docked("090035")
    facts = found.facts
    assert (facts.overlay_start, facts.overlay_drift_ms, facts.light) == ("2026-11-16T01:00:35.000000Z", 0, "day")
    assert facts.overlay_reads >= 3
    assert not {"clock_mismatch", "clock_jump"} & {fault.kind for fault in found.faults}
    assert {"overlay@1", "light@1", "clocks@1"} <= set(found.checks)
    frames = [kit.attachments.get(each.digest) for each in found.offered]
    assert [each.at_ms < 4000 for each in found.offered] == [True, False]
    assert sum(map(len, frames)) < 400_000
    (seen,) = [each for each in found.observations if each.segment == "id_shown"]
    frame, crop = (
        cv2.imdecode(np.frombuffer(kit.attachments.get(d), np.uint8), cv2.IMREAD_COLOR) for d in (seen.evidence, seen.crop)
    )
    assert crop.shape[0] < frame.shape[0] / 3
    assert red(frame) > 100  # the box
    assert red(crop) < red(frame) / 20
    assert set(verify(kit).totals) == GOOD
    kit.attachments.path(found.offered[0].digest).unlink()
    kit.attachments.path(seen.crop).write_bytes(b"another picture")
    named = {finding.code: finding.expected for finding in verify(kit).findings}
    assert (named["MISSING"], named["ALTERED"]) == (found.offered[0].digest, seen.crop)


def red(picture: np.ndarray) -> int:
    blue, green, full = (picture[..., channel].astype(int) for channel in range(3))
    return int(((full > 200) & (blue < 60) & (green < 60)).sum())


def test_a_clip_under_another_time_is_told_so_and_its_marks_stand(kit, docked, tmp_path, monkeypatch, capsys):
    clip, found = docked("093000")
    (fault,) = [fault for fault in found.faults if fault.kind == "clock_mismatch"]
    assert "画面慢 29 分 25 秒" in fault.detail
    assert "id_shown" in {seen.segment for seen in found.observations}
    assert "id_shown" in found.looked
    desk = Desk(kit.root, monkeypatch, capsys)
    desk("devices", "import", fleet_file(tmp_path))
    desk("cases", "import", cases_file(tmp_path), "--apply")
    link_all(kit)
    shown = [(row["what"], row["value"]) for row in desk.rows("clips", "show", clip.id.hex)]
    assert ("画面时钟", f"片头 2026-11-16 09:00:35，到片尾与录像时间走得一致（读到 {found.facts.overlay_reads} 处）") in shown
    assert ("光线", "明亮（占关键帧 100 %）") in shown
    assert ("画面时钟与文件时间不符", f"0.0–8.0 秒 {fault.detail}") in shown
    offered = [value for what, value in shown if what == "供人工查看"]
    assert all(value.endswith(str(kit.attachments.path(each.digest))) for value, each in zip(offered, found.offered, strict=True))
    assert desk("clips", "show", clip.id.hex, "--json").json["offered"] == [
        {"at_ms": each.at_ms, "digest": each.digest} for each in found.offered
    ]


def test_a_case_lists_the_frames_for_whoever_marks_what_no_check_could(kit, docked, tmp_path, monkeypatch, capsys):
    clip, found = docked("090035")
    desk = Desk(kit.root, monkeypatch, capsys)
    desk("devices", "import", fleet_file(tmp_path))
    desk("cases", "import", cases_file(tmp_path), "--apply")
    link_all(kit)
    case = kit.records.links_of(clip.id)[0].case
    (row,) = [row for row in desk.rows("cases", "show", case) if row["item"] == "供人工查看"]
    assert [each["digest"] for each in row["offered"]] == [each.digest for each in found.offered]
    assert all(str(kit.attachments.path(each.digest)) in row["basis"] for each in found.offered)
    kit.attachments.path(kit.records.store.row("examination", clip_id=clip.id.hex)["digest"]).unlink()
    assert not [row for row in desk.rows("cases", "show", case) if row["item"] == "供人工查看"]


@pytest.mark.parametrize("hurt", ["four", "large", "link", "elsewhere", "time"])
def test_frames_that_a_child_was_made_to_offer_are_refused(tmp_path, hurt):
    secret = tmp_path / "secret"
    secret.write_bytes(b"key")
    folder = tmp_path / "child"
    folder.mkdir()
    (folder / "offered-0.jpg").write_bytes(b"x" * (200_000 if hurt == "large" else 10))
    (folder / "link.jpg").symlink_to(secret)
    row = {
        "at_ms": "0" if hurt == "time" else 0,
        "frame": {"link": "link.jpg", "elsewhere": "../secret"}.get(hurt, "offered-0.jpg"),
    }
    answer = {
        "tier": "",
        "outcome": "complete",
        "reason": None,
        "checks": [],
        "looked": [],
        "observations": [],
        "faults": [],
        "cost": {},
    }
    answer |= {
        "facts": {name: getattr(Facts(), name) for name in Facts.__slots__},
        "offered": [row] * (4 if hurt == "four" else 1),
    }
    kept: list[bytes] = []
    found = read_outcome("0" * 64, Outcome(answer, None, folder), lambda content: kept.append(content) or "")
    assert (found.outcome, kept) == ("failed", [])


def test_an_honest_answer_of_the_same_shape_is_taken(tmp_path):
    (tmp_path / "offered-0.jpg").write_bytes(b"x")
    answer = {
        "tier": "",
        "outcome": "complete",
        "reason": None,
        "checks": [],
        "looked": [],
        "observations": [],
        "faults": [],
        "cost": {},
    }
    answer |= {"facts": {name: getattr(Facts(), name) for name in Facts.__slots__}}
    answer |= {"offered": [{"at_ms": 0, "frame": "offered-0.jpg"}]}
    found = read_outcome("0" * 64, Outcome(answer, None, tmp_path), lambda content: "ab" * 32)
    assert [(each.at_ms, each.digest) for each in found.offered] == [(0, "ab" * 32)]
