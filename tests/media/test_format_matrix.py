"""What is read from each container, codec and quirk a recorder may use: times, pictures, sound, and what is not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from avrecord.media.clipfile import ClipFile, Packets
from avrecord.media.shape import Shape, shape_of
from media.rendering import AAC, CODECS, CORNER, DARKEST, HEIGHT, NONE, PCM, STEP, WIDTH, cut, ffmpeg, pictures, tone

EACH_SECOND = [0, 1000, 2000, 3000, 4000, 5000]
SOUNDS = {"avi": PCM}
MATRIX = [
    *((codec, ending) for codec in ("h264", "h264_b", "hevc") for ending in ("mp4", "mov", "mkv", "ts", "avi")),
    *(("mjpeg", ending) for ending in ("avi", "mov", "mkv", "mp4")),
]


@dataclass
class Reading:
    """All that one pass over a file gives."""

    packets: Packets
    shape: Shape
    times: list[int] = field(default_factory=list)
    brightness: list[int] = field(default_factory=list)
    corners: list[str] = field(default_factory=list)
    sizes: set[tuple[int, ...]] = field(default_factory=set)
    seconds: dict[int, int] = field(default_factory=dict)


def reading(path: Path, every_ms: int = 900) -> Reading:
    clip = ClipFile(path, photo=path.suffix == ".jpg")
    found = Reading(clip.packets, shape_of(path))

    def hear(second: int, samples: np.ndarray) -> None:
        found.seconds[second] = found.seconds.get(second, 0) + samples.size

    for frame in clip.key_frames(every_ms, hear=hear):
        found.times.append(frame.at_ms)
        found.sizes.add(frame.luma.shape)
        found.brightness.append(round(float(frame.luma[HEIGHT // 2 - 8 : HEIGHT // 2 + 8, -CORNER * 2 : -CORNER].mean())))
        places = {"ul": np.s_[:10, :10], "ur": np.s_[:10, -10:], "ll": np.s_[-10:, :10], "lr": np.s_[-10:, -10:]}
        found.corners.append(max(places, key=lambda name: frame.luma[places[name]].mean()))
        assert frame.bgr().shape[:2] == frame.luma.shape
    found.packets = clip.packets
    return found


@pytest.fixture(scope="module")
def make(tmp_path_factory) -> Callable[..., Path]:
    """Render a clip once per name; words are ffmpeg's, inputs first."""
    folder = tmp_path_factory.mktemp("matrix")

    def made(name: str, *words: str | Path) -> Path:
        if not (folder / name).exists():
            ffmpeg(*words, folder / name)
        return folder / name

    return made


@pytest.fixture(scope="module")
def plain(make) -> Path:
    return make("plain.mp4", *pictures(), *tone(), *CODECS["h264"], *AAC)


def is_whole(found: Reading) -> None:
    """Six seconds, a key frame at each, the picture of that second, sound beside it, nothing lacking."""
    assert found.packets.keys == found.times == EACH_SECOND
    assert found.brightness == pytest.approx([DARKEST + STEP * n for n in range(6)], abs=2)
    assert set(found.corners) == {"ul"}
    assert found.packets.last_ms == pytest.approx(6000, abs=41)
    assert found.packets.frames == 150
    assert (found.packets.errors, found.shape) == (0, Shape(None, False, found.shape.media_at))
    assert found.packets.claimed_ms == pytest.approx(6000, abs=70)
    assert [found.seconds[n] for n in range(5)] == [16_000] * 5


@pytest.mark.parametrize(("codec", "ending"), MATRIX)
def test_every_codec_in_every_container_gives_the_same_pictures_at_the_same_times(make, codec, ending):
    tag = ["-tag:v", "HEVC"] if (codec, ending) == ("hevc", "avi") else []  # ffmpeg names none by itself
    clip = make(f"{codec}.{ending}", *pictures(), *tone(), *CODECS[codec], *tag, *SOUNDS.get(ending, AAC))
    if codec != "mjpeg":
        is_whole(reading(clip))
        return
    found = reading(clip)  # every frame is a key frame, and a full-range one
    assert found.packets.keys == list(range(0, 6000, 40))
    assert found.times == [0, 920, 1840, 2760, 3680, 4600, 5520]
    seconds = [at // 1000 for at in found.times]
    assert found.brightness == pytest.approx([(DARKEST + STEP * n - 16) * 255 / 219 for n in seconds], abs=3)
    assert set(found.corners) == {"ul"}
    assert found.packets.errors == 0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("faststart.mp4", ["-movflags", "+faststart"]),
        ("fragmented.mp4", ["-movflags", "frag_keyframe+empty_moov+delay_moov"]),
        ("begins_later.mp4", ["-output_ts_offset", "10", "-avoid_negative_ts", "disabled"]),
        ("clock_wraps.ts", ["-output_ts_offset", "95440"]),  # 33 bits of 90 kHz end at 95443.7 s
    ],
)
def test_where_the_index_lies_and_when_the_clock_starts_changes_nothing(make, plain, name, words):
    is_whole(reading(make(name, "-i", plain, "-c", "copy", *words)))


def test_raw_streams_are_read_and_their_length_is_not_guessed(make, plain):
    found = reading(make("raw.h264", "-i", plain, "-an", "-c", "copy"))
    assert (found.times, found.packets.last_ms, found.packets.claimed_ms) == (EACH_SECOND, 6000, None)


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_times_count_from_the_first_picture_when_the_sound_begins_before_it(make, plain, ending):
    clip = make(f"late.{ending}", *tone(), "-itsoffset", "2", "-i", plain, "-map", "1:v", "-map", "0:a", "-c:v", "copy", *AAC)
    found = reading(clip)
    assert found.times == EACH_SECOND
    assert found.packets.claimed_ms == pytest.approx(6000, abs=70)
    assert found.packets.sound_ms == pytest.approx(4000, abs=70)
    assert {-2, -1, 0, 3} <= found.seconds.keys()
    assert 5 not in found.seconds


@pytest.mark.parametrize(
    ("degrees", "corner", "size"),
    [(90, "ll", (WIDTH, HEIGHT)), (180, "lr", (HEIGHT, WIDTH)), (270, "ur", (WIDTH, HEIGHT))],
)
def test_a_display_matrix_is_applied(make, plain, degrees, corner, size):
    found = reading(make(f"turned{degrees}.mp4", "-i", plain, "-c", "copy", "-metadata:s:v", f"rotate={degrees}"))
    assert (set(found.corners), found.sizes) == ({corner}, {size})


def test_a_variable_frame_rate_is_read_by_its_time_stamps(make):
    thinned = ["-vf", "select='not(mod(n,3))+gt(t,3)'", "-vsync", "vfr"]
    codec = [*CODECS["h264"], "-g", "10", "-keyint_min", "10"]
    found = reading(make("vfr.mp4", *pictures(), *thinned, *codec), every_ms=0)
    assert found.packets.frames == 100
    assert found.times == [0, 1200, 2400, *range(3200, 6000, 400)]  # by number and rate it would be 0, 400, 800 …
    assert found.brightness == pytest.approx([DARKEST + STEP * (at // 1000) for at in found.times], abs=2)


def test_among_several_streams_the_largest_picture_and_the_first_sound_are_read(make, plain):
    small = ["-f", "lavfi", "-i", "color=white:s=64x36:r=25:d=6"]
    loud = ["-f", "lavfi", "-i", "sine=880:r=16000:d=6"]
    streams = [word for stream in ("0:v", "1:v", "1:a", "2:a") for word in ("-map", stream)]
    is_whole(reading(make("several.mp4", *small, "-i", plain, *loud, *streams, *CODECS["h264"], *AAC)))


def test_a_cover_picture_is_never_taken_for_the_recording(make, plain):
    cover = make("cover.jpg", *pictures("128", "640x360"), "-frames:v", "1", "-pix_fmt", "yuvj420p")
    streams = ["-map", "1", "-map", "0", "-c", "copy", "-disposition:v:1", "attached_pic", "-disposition:v:0", "default"]
    clip = make("with_cover.mp4", "-i", cover, "-i", plain, *streams)
    is_whole(reading(clip))


def test_a_codec_that_no_decoder_knows_gives_nothing_and_the_rest_is_still_read(plain, tmp_path):
    strange = tmp_path / "strange.mp4"
    strange.write_bytes(plain.read_bytes().replace(b"avc1", b"zzz1"))
    found = reading(strange)
    assert (found.packets.video_codec, found.times, found.packets.audio_codec) == (None, [], "aac")
    assert [found.seconds[n] for n in range(5)] == [16_000] * 5


def test_a_clip_without_sound_and_one_without_pictures_are_told_apart(make):
    silent = reading(make("no_sound.mp4", *pictures(), *CODECS["h264"], *NONE))
    assert (silent.packets.audio_codec, silent.packets.sound_ms, silent.seconds) == (None, None, {})
    assert silent.times == EACH_SECOND
    for ending, words in {"mp4": AAC, "m4a": AAC, "wav": PCM, "aac": AAC, "mp3": ["-c:a", "libmp3lame"]}.items():
        heard = reading(make(f"sound.{ending}", *tone(), *words))
        assert (heard.packets.video_codec, heard.times) == (None, [])
        assert heard.packets.sound_ms == pytest.approx(6000, abs=100), ending
        assert [heard.seconds[n] for n in range(5)] == [16_000] * 5
        assert heard.packets.claimed_ms in (None, 6000), ending


@pytest.mark.parametrize(("codec", "ending"), [each for each in MATRIX if each[0] != "h264_b"])
def test_a_cut_clip_is_read_to_the_cut_and_what_it_lacks_is_known(make, codec, ending):
    words = ["-movflags", "+faststart"] if ending in ("mp4", "mov") else []
    tag = ["-tag:v", "HEVC"] if (codec, ending) == ("hevc", "avi") else []
    name = f"whole-{codec}.{ending}"
    clip = make(name, *pictures(), *tone(), *CODECS[codec], *words, *tag, *SOUNDS.get(ending, AAC))
    whole = clip.stat().st_size
    found = reading(cut(clip))
    wanted = [at for at in (range(0, 6000, 40) if codec == "mjpeg" else EACH_SECOND) if at < found.packets.last_ms]
    assert found.packets.keys in (wanted, wanted[:-1])  # a key frame that the cut went through is none
    assert 2500 < found.packets.last_ms < 4500
    assert found.brightness == sorted(found.brightness)
    assert found.brightness[0] < found.brightness[-1]
    if ending in ("mp4", "mov", "mkv"):
        assert found.packets.claimed_ms == pytest.approx(6000, abs=70)
    if ending == "ts":
        assert found.shape.lacking is None or found.shape.lacking < 188
    else:
        assert found.shape.lacking == whole - int(whole * 0.6)


def test_a_fragmented_clip_that_was_cut_gives_its_fragments(make, plain):
    clip = make("fragments.mp4", "-i", plain, "-c", "copy", "-movflags", "frag_keyframe+empty_moov+delay_moov")
    found = reading(cut(clip))
    assert found.times == [0, 1000, 2000, 3000]
    assert found.shape.lacking
    assert not found.shape.unindexed


@pytest.mark.parametrize("ending", ["wav", "mp3"])
def test_sound_that_was_cut_is_read_to_the_cut(make, ending):
    words = {"wav": PCM, "mp3": ["-c:a", "libmp3lame"]}[ending]
    found = reading(cut(make(f"sound.{ending}", *tone(), *words)))
    assert found.packets.sound_ms == pytest.approx(3600, abs=100)
    assert (found.shape.lacking is not None) == (ending == "wav")  # an MP3 says nothing of its length


def test_a_clip_whose_index_was_never_written_is_known_by_its_boxes(plain):
    found = shape_of(cut(plain))
    assert (found.unindexed, found.media_at) == (True, 48)
    assert 0 < found.lacking < plain.stat().st_size * 0.4  # the rest of the media data; nothing announces an index


def test_a_moov_box_at_the_end_of_sizes_of_64_bits_and_to_the_end_are_read(tmp_path):
    moov, media = b"\0\0\0\x08moov", b"x" * 1000
    cases = {
        b"\0\0\0\x01mdat" + (1016).to_bytes(8, "big") + media + moov: Shape(None, False, 16),
        b"\0\0\0\x01mdat" + (2 << 32).to_bytes(8, "big") + media: Shape((2 << 32) - 1016, True, 16),
        b"\0\0\0\0mdat" + media: Shape(0, True, 8),
        moov + b"\0\0\0\0mdat" + media: Shape(None, False, 16),
        (1008).to_bytes(4, "big") + b"mdat" + media + moov + bytes(512): Shape(None, False, 8),  # room kept in advance
        b"\0\0\0\x02mdat": Shape(),
        b"": Shape(),
        b"RIFF": Shape(),
        b"RIFF" + bytes(4) + b"AVI LIST": Shape(0),  # never filled in
        b"\x1a\x45\xdf\xa3\x81": Shape(),
        b"\x1a\x45\xdf\xa3\x81x\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff": Shape(),  # a live stream
        b"\xff\xd8\xff": Shape(0),
        b"\x89PNG": Shape(0),
        bytes(1000): Shape(),
    }
    for number, (content, shape) in enumerate(cases.items()):
        path = tmp_path / f"{number}"
        path.write_bytes(content)
        assert shape_of(path) == shape, content[:40]
