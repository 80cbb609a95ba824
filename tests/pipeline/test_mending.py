"""A recording that lost its index is looked at through a derived copy: what it shows counts, its times are nominal."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from avrecord.model.case import MarkKind
from avrecord.pipeline import mending
from avrecord.pipeline.examine import THOROUGH, examine_clips, examine_pending
from avrecord.pipeline.missing import why_blind
from avrecord.pipeline.verify import verify
from avrecord.rules.judging import judge
from cli.desk import Desk
from conftest import PROJECT
from media.rendering import ffmpeg

WITH_CARD = ["-vf", "noise=alls=6:allf=t:all_seed=1,scale=960:540"]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory) -> dict[str, bytes]:
    """`shown`: a certificate held up for four seconds; `street` and `small`: other clips of the same make."""
    folder = tmp_path_factory.mktemp("recordings")
    sys.path.insert(0, str(PROJECT))
    try:
        from sample_media.documents import certificate
    finally:
        sys.path.remove(str(PROJECT))
    paper = cv2.cvtColor(certificate(np.random.default_rng(3), "card_back").picture, cv2.COLOR_RGB2BGR)
    paper = cv2.resize(paper, (560, round(560 * paper.shape[0] / paper.shape[1])))[:420]
    scene = cv2.GaussianBlur(np.random.default_rng(1).normal(110, 60, (540, 960, 3)), (0, 0), 4).clip(0, 255).astype(np.uint8)
    scene[60 : 60 + paper.shape[0], 200:760] = paper
    cv2.imwrite(str(folder / "scene.png"), scene)
    codec = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-bf", "0", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    hiss = ["-f", "lavfi", "-i", "anoisesrc=r=16000:d=4:seed=1"]
    ffmpeg("-loop", "1", "-r", "25", "-t", "4", "-i", folder / "scene.png", *hiss, *WITH_CARD, *codec, folder / "shown.mp4")
    for name, size in (("street", "960x540"), ("later", "960x540"), ("small", "320x180")):
        seconds = 3 if name == "later" else 2
        ffmpeg("-f", "lavfi", "-i", f"testsrc2=s={size}:r=25:d={seconds}", *hiss, "-shortest", *codec, folder / f"{name}.mp4")
    return {path.stem: path.read_bytes() for path in folder.glob("*.mp4")}


@pytest.fixture
def broken(recordings) -> bytes:
    return recordings["shown"][: int(len(recordings["shown"]) * 0.8)]


def clip_named(kit, ending: str):
    (found,) = [clip for clip in kit.records.clips() if clip.name.endswith(ending)]
    return found


def looked_at(kit, ending: str = "090000.mp4"):
    return kit.records.full_examination(clip_named(kit, ending).id)


def test_a_certificate_in_a_recording_without_index_is_seen_in_a_derived_copy(kit, dcam, dock, recordings, broken):
    dock(dcam({"VIDEO/090000.mp4": broken, "VIDEO/091000.mp4": recordings["street"]}))
    assert examine_pending(kit) == 2
    clip, found = clip_named(kit, "090000.mp4"), looked_at(kit)
    assert found.outcome == "partial"
    assert found.facts.derived_from == clip_named(kit, "091000.mp4").id.hex
    assert (found.facts.nominal_mfps, found.facts.duration_ms, found.facts.audio_codec) == (25_000, None, None)
    assert 60 < found.facts.frames < 100
    assert {fault.kind for fault in found.faults} >= {"unindexed", "damaged"}
    assert not {fault.kind for fault in found.faults} & {"mute", "unreadable"}
    assert "推算" in found.reason
    assert "repair@1" in found.checks
    (seen,) = [o for o in found.observations if o.segment == "id_shown"]
    assert kit.attachments.get(seen.evidence)[:3] == b"\xff\xd8\xff"
    assert kit.attachments.get(found.facts.derived_copy)[4:8] == b"ftyp"
    why = why_blind(kit)
    examinations = {clip.id.hex: kit.records.examination(clip.id)}
    assert judge("id_shown", [clip], examinations, why).mark is MarkKind.SEEN
    assert judge("notice_given", [clip], examinations, why).mark is MarkKind.CANNOT_TELL
    assert clip_named(kit, "090000.mp4").duration_ms is None
    assert hashlib.sha256(kit.vault.path(clip.stored).read_bytes()).hexdigest() == clip.id.hex
    assert verify(kit).totals == {"NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": 2}


def test_looking_again_gives_the_same_examination_and_the_same_copy(kit, dcam, dock, recordings, broken):
    dock(dcam({"VIDEO/090000.mp4": broken, "VIDEO/091000.mp4": recordings["street"]}))
    examine_pending(kit)
    first = looked_at(kit)
    assert list(examine_clips([(clip_named(kit, "090000.mp4"), 1, THOROUGH)], kit)) == [first]


def test_without_a_sibling_it_stays_unreadable_and_says_so(kit, dcam, dock, broken):
    dock(dcam({"VIDEO/090000.mp4": broken}))
    examine_pending(kit)
    found = looked_at(kit)
    assert found.outcome == "unreadable"
    assert {fault.kind for fault in found.faults} == {"unreadable", "unindexed"}
    assert "没有可借用参数的同机片段" in found.reason


def test_no_other_recorder_lends_its_parameters(kit, dcam, dock, recordings, broken):
    dock(dcam({"VIDEO/090000.mp4": broken}))
    dock(dcam({"VIDEO/091000.mp4": recordings["street"]}, serial="Z3A0018", name="slot2"))
    examine_pending(kit)
    assert looked_at(kit).outcome == "unreadable"


def test_a_sibling_of_another_resolution_is_passed_over_for_one_that_fits(kit, dcam, dock, recordings, broken):
    dock(dcam({"VIDEO/090000.mp4": broken, "VIDEO/090100.mp4": recordings["small"]}))
    examine_pending(kit)
    assert "参数解不出画面" in looked_at(kit).reason
    files = {"VIDEO/090000.mp4": broken, "VIDEO/090100.mp4": recordings["small"], "VIDEO/093000.mp4": recordings["street"]}
    dock(dcam(files, name="slot2"))
    (again,) = examine_clips([(clip_named(kit, "090000.mp4"), 1, THOROUGH)], kit)
    assert again.facts.derived_from == clip_named(kit, "093000.mp4").id.hex


def test_the_nearest_healthy_sibling_is_asked_first_and_never_a_damaged_one(kit, dcam, dock, recordings, broken):
    files = {"VIDEO/090000.mp4": broken, "VIDEO/080000.mp4": recordings["street"], "VIDEO/091500.mp4": recordings["later"]}
    dock(dcam(files | {"VIDEO/090500.mp4": recordings["street"][:20_000], "VIDEO/090600.avi": b"x", "PHOTO/090100.jpg": b"y"}))
    clip = clip_named(kit, "090000.mp4")
    assert [other.name[-10:-4] for other in mending.siblings(clip, kit)] == ["090500", "091500", "080000"]
    examine_pending(kit)
    assert [other.name[-10:-4] for other in mending.siblings(clip, kit)] == ["091500", "080000"]


def test_a_large_copy_is_not_kept(kit, dcam, dock, recordings, broken, monkeypatch):
    monkeypatch.setattr(mending, "LARGEST_KEPT", 1000)
    dock(dcam({"VIDEO/090000.mp4": broken, "VIDEO/091000.mp4": recordings["street"]}))
    examine_pending(kit)
    found = looked_at(kit)
    assert (found.outcome, found.facts.derived_copy) == ("partial", None)


def test_no_repair_is_begun_on_a_full_disk(kit, dcam, dock, recordings, broken, monkeypatch):
    monkeypatch.setattr(mending, "SPARE", 1 << 60)
    dock(dcam({"VIDEO/090000.mp4": broken, "VIDEO/091000.mp4": recordings["street"]}))
    examine_pending(kit)
    assert "空间不足" in looked_at(kit).reason


def test_the_person_at_the_desk_is_told_that_times_are_nominal(
    kit, dcam, dock, recordings, broken, root: Path, monkeypatch, capsys
):
    dock(dcam({"VIDEO/090000.mp4": broken, "VIDEO/091000.mp4": recordings["street"]}))
    examine_pending(kit)
    said = Desk(root, monkeypatch, capsys)("clips", "show", clip_named(kit, "090000.mp4").id.short)
    assert said.code == 0
    assert "派生副本" in said.out
    assert "推算" in said.out
