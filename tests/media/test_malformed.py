"""Malformed media, as cards deliver it: what each file yields, none hurting, nothing else opened."""

from __future__ import annotations

import json
import shutil

import pytest

from avrecord.dock.volumes import volume_at
from avrecord.pipeline.examine import THOROUGH, examine_clips, examine_pending
from avrecord.pipeline.receive import receive

EXPECTED = {
    # file: (outcome, faults that must be among those found)
    "audio_only.mp4": ("unreadable", {"unreadable"}),
    "black_covered_silent.mp4": ("complete", {"dark", "mute"}),
    "corrupt_mdat_1pct.mp4": ("partial", {"damaged"}),
    "frozen.mp4": ("complete", {"frozen"}),
    "hole_zeroed_third.mp4": ("partial", {"damaged"}),
    "huge_16000.mp4": ("unreadable", {"unreadable"}),
    "lie_stts_count.mp4": (None, None),
    "mjpeg_noidx_trunc.avi": ("partial", {"damaged"}),
    "ok_hevc.mp4": ("complete", set()),
    "ok_moov_end.mp4": ("complete", set()),
    "playlist_concat.mp4": ("unreadable", {"unreadable"}),
    "playlist_hls.mp4": ("unreadable", {"unreadable"}),
    "png_bomb_30000.mp4": ("unreadable", {"unreadable"}),
    "rotated90.mp4": ("complete", set()),
    "sdp.mp4": ("unreadable", {"unreadable"}),
    "silent_after_3s.mp4": ("complete", {"mute"}),
    "trunc_60.ts": ("partial", {"damaged"}),
    "trunc_faststart_50.mp4": ("partial", {"damaged"}),
    "trunc_nomoov.mp4": ("unreadable", {"unreadable", "unindexed"}),
    "vfr.mp4": ("complete", set()),
    "video_only.mp4": ("complete", {"mute"}),
    "zero.mp4": ("unreadable", {"empty"}),
}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_malformed_file_is_sealed_examined_and_told_apart(kit, footage, tmp_path):
    card = tmp_path / "card"
    shutil.copytree(footage / "malformed", card, ignore=shutil.ignore_patterns("*.json"))
    assert receive(volume_at(card), kit).complete
    assert examine_pending(kit) == len(EXPECTED)
    found = {clip.name: kit.records.examination(clip.id) for clip in kit.records.clips()}
    assert set(found) == set(EXPECTED)
    for name, (outcome, faults) in EXPECTED.items():
        examination = found[name]
        if outcome is None:  # a table that claims 2^31 entries: refused or out of memory, never a hang
            assert examination.outcome in ("unreadable", "failed")
            continue
        kinds = {fault.kind for fault in examination.faults}
        assert (name, examination.outcome) == (name, outcome)
        assert faults <= kinds, (name, kinds)
        assert examination.observations == ()
    assert kit.records.clips(recorder="nobody") == []


@pytest.mark.slow
def test_the_same_clip_gives_the_same_examination_bit_for_bit(kit, footage, dcam, dock):
    dock(dcam({"VIDEO/090000.mp4": (footage / "video" / "distractors_h264_g60.mp4").read_bytes()}))
    examine_pending(kit)
    (clip,) = kit.records.clips()
    first = kit.store.row("examination", clip_id=clip.id.hex)["digest"]
    list(examine_clips([(clip, 1, THOROUGH)], kit))
    assert kit.store.row("examination", clip_id=clip.id.hex)["digest"] == first


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("compliant_h264_g60.mp4", {"id_shown"}),
        ("distractors_h264_g60.mp4", set()),
        ("dev_mixed_1.mp4", {"id_shown", "notice_given"}),
        ("dev_mixed_2.mp4", {"id_shown", "notice_given"}),
    ],
)
def test_what_the_labelled_clips_show_is_seen_and_no_distractor_is(kit, footage, dcam, dock, name, expected):
    dock(dcam({"VIDEO/090000.mp4": (footage / "video" / name).read_bytes()}))
    examine_pending(kit)
    (clip,) = kit.records.clips()
    examination = kit.records.full_examination(clip.id)
    assert {seen.segment for seen in examination.observations if not seen.doubtful} == expected
    # Docked as of November; their clocks say May.
    assert (examination.outcome, [fault.kind for fault in examination.faults]) == ("complete", ["clock_mismatch"])
    truth = json.loads((footage / "video" / name.replace(".mp4", ".json")).read_text("utf-8"))
    kinds = {"id_shown": "cert", "notice_given": "notice"}
    for seen in examination.observations:
        at = seen.at_ms / 1000
        during = [
            event
            for event in truth["events"]
            if event["kind"] == kinds[seen.segment] and event["t0"] - 0.6 <= at <= event["t1"] + 0.6
        ]
        assert during, f"{seen.segment} at {seen.at_ms} ms: nothing is shown then"
        assert kit.attachments.get(seen.evidence)[:3] == b"\xff\xd8\xff"
