"""Copies for browsers: of what a browser cannot play, in the isolated child; the clip stays as it is."""

from __future__ import annotations

import hashlib
import json
import subprocess

import pytest

from avrecord.errors import CannotWrite, NoSpace
from avrecord.pipeline.proxies import make_proxy, proxy_at
from media.rendering import AAC, CODECS, NONE, PCM, cut, ffmpeg, pictures, tone


def probe(path) -> dict:
    command = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", path]
    return json.loads(subprocess.run(command, capture_output=True, check=True, timeout=30).stdout)


def clip_of(kit, dcam, dock, name: str, content: bytes):
    dock(dcam({f"VIDEO/{name}": content}))
    [found] = kit.records.clips()
    return found


@pytest.mark.parametrize(
    ("codec", "name", "sound"),
    [("hevc", "a.mp4", AAC), ("h264", "b.ts", AAC), ("mjpeg", "c.avi", PCM), ("h264", "d.mkv", NONE), ("hevc", "e.mov", PCM)],
)
def test_what_a_browser_cannot_play_becomes_h264_and_aac_of_the_same_length(kit, dcam, dock, tmp_path, codec, name, sound):
    source = tmp_path / name
    ffmpeg(*pictures(seconds=4), *(tone(4) if sound is not NONE else []), *CODECS[codec], *sound, source)
    clip = clip_of(kit, dcam, dock, name, source.read_bytes())
    stored = kit.vault.path(clip.stored)
    before = hashlib.sha256(stored.read_bytes()).hexdigest(), stored.stat().st_mtime_ns
    made = make_proxy(clip, kit)
    assert proxy_at(clip, kit) == made
    found = probe(made)
    kinds = {each["codec_type"]: each["codec_name"] for each in found["streams"]}
    assert kinds == {"video": "h264"} | ({"audio": "aac"} if sound is not NONE else {})
    assert float(found["format"]["duration"]) == pytest.approx(4, abs=0.3)
    assert "not evidence" in found["format"]["tags"]["comment"]
    assert made.read_bytes().index(b"moov") < made.read_bytes().index(b"mdat"), "plays before it is loaded whole"
    assert (hashlib.sha256(stored.read_bytes()).hexdigest(), stored.stat().st_mtime_ns) == before


@pytest.mark.parametrize("name", ["a.ts", "b.avi"])
def test_sound_that_begins_before_the_pictures_is_no_matter(kit, dcam, dock, tmp_path, name):
    source = tmp_path / name
    film = ["-itsoffset", "1", *pictures(seconds=3), *tone(4)]
    ffmpeg(*film, *CODECS["h264"], *(AAC if name.endswith("ts") else PCM), "-map", "0:v", "-map", "1:a", source)
    found = probe(make_proxy(clip_of(kit, dcam, dock, name, source.read_bytes()), kit))
    assert {each["codec_name"] for each in found["streams"]} == {"h264", "aac"}


def test_a_recording_of_sound_alone_is_copied(kit, dcam, dock, tmp_path):
    source = tmp_path / "a.amr.mkv"
    ffmpeg(*tone(4), "-c:a", "pcm_s16le", source)
    found = probe(make_proxy(clip_of(kit, dcam, dock, "a.mkv", source.read_bytes()), kit))
    assert [each["codec_name"] for each in found["streams"]] == ["aac"]


def test_a_clip_that_was_cut_off_gives_what_can_be_decoded(kit, dcam, dock, tmp_path):
    source = tmp_path / "a.ts"
    ffmpeg(*pictures(seconds=6), *CODECS["h264"], *NONE, source)
    clip = clip_of(kit, dcam, dock, "a.ts", cut(source).read_bytes())
    assert 2 < float(probe(make_proxy(clip, kit))["format"]["duration"]) < 5


@pytest.mark.parametrize("content", [b"", b"no film at all" * 100, b"\x00" * 5000])
def test_what_cannot_be_decoded_is_said_and_leaves_nothing(kit, dcam, dock, content):
    clip = clip_of(kit, dcam, dock, "a.avi", content)
    with pytest.raises(CannotWrite):
        make_proxy(clip, kit)
    assert proxy_at(clip, kit) is None


def test_a_full_disk_is_for_footage_not_for_copies(kit, dcam, dock, monkeypatch):
    clip = clip_of(kit, dcam, dock, "a.avi", b"x")
    monkeypatch.setattr(type(kit.vault), "free", lambda _: 1 << 29)
    with pytest.raises(NoSpace):
        make_proxy(clip, kit)
