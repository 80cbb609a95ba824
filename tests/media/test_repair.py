"""A recording whose index was never written: its pictures are found again in a derived copy, or it is said why not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from avrecord.errors import CannotRepair
from avrecord.media.clipfile import ClipFile
from avrecord.media.repair import repair
from avrecord.media.shape import shape_of
from avrecord.media.trial import in_force
from avrecord.media.worker import Limits, isolated
from media.rendering import ffmpeg

KEYS = ["-g", "25", "-sc_threshold", "0", "-pix_fmt", "yuv420p"]
X265 = "log-level=none:keyint=25:min-keyint=25:scenecut=0:pools=none"
CODECS = {
    "h264": ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", *KEYS],
    "h264_b_slices": ["-c:v", "libx264", "-preset", "medium", "-bf", "2", "-slices", "4", *KEYS],
    "hevc": ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", X265],
}


@pytest.fixture(scope="module")
def recorder(tmp_path_factory) -> Callable[..., Path]:
    """Clips of one recorder: moving pictures, and hissing sound between them that looks like anything."""
    folder = tmp_path_factory.mktemp("recorder")

    def record(codec: str = "h264", size: str = "320x180", start: float = 0, ending: str = "mp4") -> Path:
        path = folder / f"{codec}-{size}-{start}.{ending}"
        if not path.exists():
            pictures = ["-f", "lavfi", "-i", f"testsrc2=s={size}:r=25:d={start + 4}"]
            hiss = ["-f", "lavfi", "-i", f"anoisesrc=r=16000:d={start + 4}:seed=1"]
            ffmpeg(*pictures, *hiss, "-ss", str(start), *CODECS[codec], "-c:a", "aac", "-b:a", "32k", path)
        return path

    return record


def pictures_of(path: Path) -> list[bytes]:
    with av.open(str(path)) as box:
        return [bytes(packet) for packet in box.demux(box.streams.video[0]) if packet.size]


def without_index(clip: Path, out: Path, share: float = 0.7) -> Path:
    """As a power cut leaves it."""
    content = clip.read_bytes()
    out.write_bytes(content[: int(len(content) * share)])
    return out


@pytest.mark.parametrize("codec", CODECS)
def test_every_whole_picture_before_the_cut_is_found_bit_for_bit(recorder, tmp_path, codec):
    clip = recorder(codec)
    broken = without_index(clip, tmp_path / "broken.mp4")
    made = repair(broken, recorder(codec, start=2), tmp_path / "out.mp4")
    truth, found = pictures_of(clip), pictures_of(tmp_path / "out.mp4")
    if codec.startswith("h264"):  # the first picture is led by a note of the encoder, which no later packet has
        assert found[0] == truth[0] or truth[0].endswith(found[0])
        truth[0] = found[0]
    assert found[:-1] == truth[: len(found) - 1]
    assert truth[len(found) - 1].startswith(found[-1])  # of the last picture the slices before the cut
    assert 55 <= made.frames == len(found) < 100
    whole = sum(map(len, found))
    assert made.refused == broken.stat().st_size - shape_of(broken).media_at - whole
    assert (made.key_frames, made.nominal_fps, made.codec) == (3, 25, codec.partition("_")[0])


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_derived_copy_can_be_looked_at_at_nominal_times_and_has_no_sound(recorder, tmp_path, codec):
    broken = without_index(recorder(codec), tmp_path / "broken.mp4")
    made = repair(broken, recorder(codec, start=2), tmp_path / "out.mp4")
    clip = ClipFile(tmp_path / "out.mp4")
    assert [frame.at_ms for frame in clip.key_frames()] == [0, 1000, 2000]
    assert clip.packets.last_ms == made.frames * 40
    assert (clip.packets.errors, clip.packets.audio_codec) == (0, None)


@pytest.mark.parametrize(
    "head",
    [
        b"\0\0\0\1mdat" + (1 << 40).to_bytes(8, "big"),  # above 4 GiB
        b"\0\0\0\1mdat" + bytes(7) + b"\x10",  # never filled in
        b"\0\0\0\x08wide\0\0\0\0mdat",  # to the end of the file
        b"\0\0\0\x08free\0\0\0\x08mdat",  # kept in advance, never filled in
    ],
)
def test_whatever_the_size_of_the_media_data_claims_it_is_read_to_the_end(recorder, tmp_path, head):
    broken = without_index(recorder(), tmp_path / "broken.mp4")
    plain = repair(broken, recorder(start=2), tmp_path / "plain.mp4")
    content = broken.read_bytes()
    assert content[32:40] == b"\0\0\0\x08free"
    broken.write_bytes(content[:32] + head + content[48:])
    assert repair(broken, recorder(start=2), tmp_path / "out.mp4") == plain


def test_a_hole_in_the_media_data_costs_the_pictures_in_it_and_no_others(recorder, tmp_path):
    broken = without_index(recorder(), tmp_path / "broken.mp4")
    whole = repair(broken, recorder(start=2), tmp_path / "whole.mp4")
    content = bytearray(broken.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = np.random.default_rng(1).bytes(4000)
    broken.write_bytes(content)
    made = repair(broken, recorder(start=2), tmp_path / "out.mp4")
    assert whole.frames - 10 <= made.frames < whole.frames
    before = set(pictures_of(tmp_path / "whole.mp4"))
    assert len([picture for picture in pictures_of(tmp_path / "out.mp4") if picture not in before]) <= 1


def test_noise_behind_the_pictures_is_refused(recorder, tmp_path):
    broken = without_index(recorder(), tmp_path / "broken.mp4")
    plain = repair(broken, recorder(start=2), tmp_path / "plain.mp4")
    with broken.open("ab") as file:
        file.write(np.random.default_rng(2).bytes(3_000_000))
    made = repair(broken, recorder(start=2), tmp_path / "out.mp4")
    assert made.frames - plain.frames <= 3  # chance: a small unit that breaks no rule
    assert made.refused > plain.refused + 2_900_000


@pytest.mark.parametrize("codec", ["h264", "hevc"])
@pytest.mark.parametrize("size", ["640x360", "160x90", "320x240"])
def test_a_sibling_of_another_resolution_is_refused(recorder, tmp_path, codec, size):
    broken = without_index(recorder(codec), tmp_path / "broken.mp4")
    with pytest.raises(CannotRepair, match="参数解不出画面"):
        repair(broken, recorder(codec, size=size), tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize(("codec", "other"), [("h264", "hevc"), ("hevc", "h264")])
def test_a_sibling_of_another_codec_is_refused(recorder, tmp_path, codec, other):
    broken = without_index(recorder(codec), tmp_path / "broken.mp4")
    with pytest.raises(CannotRepair, match=r"没有找到关键帧|参数解不出画面"):
        repair(broken, recorder(other), tmp_path / "out.mp4")


def test_a_sibling_that_is_itself_unreadable_or_has_no_such_pictures_is_refused(recorder, tmp_path):
    broken = without_index(recorder(), tmp_path / "broken.mp4")
    sound, mjpeg, text = tmp_path / "sound.m4a", tmp_path / "mjpeg.mp4", tmp_path / "text.mp4"
    ffmpeg("-f", "lavfi", "-i", "sine=440:d=1", "-c:a", "aac", sound)
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=160x90:d=1", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", mjpeg)
    strange = tmp_path / "strange.mp4"
    strange.write_bytes(recorder().read_bytes().replace(b"avc1", b"zzz1"))
    text.write_text("ffconcat version 1.0\nfile broken.mp4\n")
    for sibling in (sound, mjpeg, text, strange, broken, recorder(ending="ts")):
        with pytest.raises(CannotRepair, match="同机片段"):
            repair(broken, sibling, tmp_path / "out.mp4")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\0\x18ftypisom" + bytes(12),
        b"\0\0\0\0mdat",
        b"\0\0\0\0mdat" + bytes(300_000),
        b"\0\0\0\0mdat" + np.random.default_rng(3).bytes(300_000),
        b"\0\0\0\0mdat" + b"\0\0\0\x20\x65" * 60_000,  # looks like units everywhere
    ],
    ids=["empty", "no media data", "no byte of it", "zeros", "noise", "false units"],
)
def test_media_data_without_pictures_gives_nothing(recorder, tmp_path, content):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(content)
    with pytest.raises(CannotRepair):
        repair(broken, recorder(), tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_neither_clip_is_changed_and_no_file_is_written_over(recorder, tmp_path):
    sibling = recorder(start=2)
    broken = without_index(recorder(), tmp_path / "broken.mp4")
    before = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (broken, sibling)]
    for out in (broken, sibling):
        with pytest.raises(FileExistsError):
            repair(broken, sibling, out)
    repair(broken, sibling, tmp_path / "out.mp4")
    assert [hashlib.sha256(path.read_bytes()).hexdigest() for path in (broken, sibling)] == before


def test_it_runs_in_the_isolated_child(recorder, tmp_path):
    broken = without_index(recorder(), tmp_path / "broken.mp4")
    sibling = recorder(start=2)
    request, reads = {"broken": str(broken), "sibling": str(sibling)}, [broken, sibling]
    alone = in_force("auto")
    with isolated("avrecord.media.repair:mend", request, Limits(), reads=reads, isolation=alone) as outcome:
        assert outcome.answer["nominal_mfps"] == 25_000
        assert (outcome.folder / "derived.mp4").stat().st_size > 10_000
    request |= {"sibling": str(broken)}
    with isolated("avrecord.media.repair:mend", request, Limits(), reads=reads, isolation=alone) as outcome:
        assert outcome.answer == {"impossible": "同机片段打不开"}


def test_the_footage_that_lost_its_index_gives_what_a_reader_of_the_whole_file_gives(footage, tmp_path):
    folder = footage / "malformed"
    made = repair(folder / "trunc_nomoov.mp4", folder / "ok_moov_end.mp4", tmp_path / "out.mp4")
    assert (made.frames, made.key_frames, made.nominal_fps) == (105, 3, 25)
    truth = pictures_of(folder / "ok_moov_end.mp4")
    assert pictures_of(tmp_path / "out.mp4")[1:] == truth[1:105]
