"""The sound of a clip, at its place: windows of 16 kHz mono, whatever the file is like."""

from __future__ import annotations

import subprocess
from pathlib import Path

import av
import numpy as np
import pytest

from avrecord.media.sound import RATE
from avrecord.media.windows import PER_MS, WINDOW_MS, SoundFile
from conftest import PROJECT

TONES = "aevalsrc='0.5*sin(2*PI*440*t)*between(t,2,3)+0.5*sin(2*PI*880*t)*between(t,5,6)':s=44100:d=8"


def made(path: Path, *options: str, sound: str = TONES, video: bool = True) -> Path:
    """A clip with a beep of 440 Hz from second 2 to 3 and of 880 Hz from 5 to 6."""
    picture = ["-f", "lavfi", "-i", "color=gray:s=160x90:r=10:d=8"] if video else []
    command = ["ffmpeg", "-v", "error", *picture, "-f", "lavfi", "-i", sound, *options, "-shortest", "-y", str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path


def loud(windows) -> list[tuple[float, float]]:
    """Seconds from and to which something can be heard, to a tenth."""
    marks: list[float] = []
    for window in windows:
        for at in range(0, len(window.samples) - 1600 + 1, 1600):
            if np.abs(window.samples[at : at + 1600]).mean() > 0.05:
                marks.append(round((window.from_ms + at // PER_MS) / 1000, 1))
    spans: list[tuple[float, float]] = []
    for mark in marks:
        if spans and mark - spans[-1][1] < 0.15:
            spans[-1] = (spans[-1][0], round(mark, 1))
        else:
            spans.append((mark, mark))
    return spans


def near(found, expected) -> bool:
    return len(found) == len(expected) and np.allclose(found, expected, atol=0.16)


BEEPS = [(2.0, 2.9), (5.0, 5.9)]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("aac.mp4", ("-c:a", "aac", "-ac", "2")),
        ("mulaw.avi", ("-c:a", "pcm_mulaw", "-ar", "8000", "-c:v", "mjpeg")),
        ("late.ts", ("-c:a", "aac", "-muxdelay", "5")),
        ("surround.mkv", ("-c:a", "flac", "-ac", "6")),
    ],
)
def test_sound_is_heard_at_its_second_whatever_codec_rate_and_container(tmp_path, name, options):
    windows = list(SoundFile(made(tmp_path / name, *options)).windows([(0, 60_000)]))
    assert near(loud(windows), BEEPS)
    assert all(window.samples.dtype == np.float32 for window in windows)


def test_only_the_asked_spans_are_given(tmp_path):
    file = SoundFile(made(tmp_path / "a.mp4"))
    windows = list(file.windows([(1500, 2500), (5500, 7000)]))
    assert [(w.from_ms, round(w.to_ms, -2)) for w in windows] == [(1500, 2500), (5500, 7000)]
    assert near(loud(windows), [(2.0, 2.4), (5.5, 5.9)])


def test_spans_that_touch_or_lie_past_the_end_give_what_there_is(tmp_path):
    file = SoundFile(made(tmp_path / "a.mp4"))
    windows = list(file.windows([(0, 1000), (1000, 2000), (7000, 9000), (20_000, 30_000)]))
    assert sum(len(window.samples) for window in windows) == pytest.approx(3 * RATE, abs=0.15 * RATE)
    assert list(file.windows([])) == list(file.windows([(50, 50)])) == []


def test_a_long_sound_comes_in_windows_that_join_without_a_seam(tmp_path):
    path = made(tmp_path / "a.wav", sound="aevalsrc='0.3*sin(2*PI*100*t)':s=16000:d=75", video=False)
    windows = list(SoundFile(path).windows([(0, 100_000)]))
    assert len(windows) == 3
    assert all(len(window.samples) <= WINDOW_MS * PER_MS + RATE for window in windows)
    assert [w.to_ms for w in windows][:-1] == [w.from_ms for w in windows][1:]
    whole = np.concatenate([window.samples for window in windows])
    assert len(whole) == pytest.approx(75 * RATE, abs=10)


def test_the_clips_time_begins_with_its_first_picture(tmp_path):
    """The sound of this one begins two seconds before the picture."""
    early = made(tmp_path / "a.mp4")
    late = tmp_path / "late.mkv"
    command = ["ffmpeg", "-v", "error", "-itsoffset", "2", "-i", str(early), "-i", str(early)]
    subprocess.run([*command, "-map", "0:v", "-map", "1:a", "-c", "copy", str(late)], check=True, timeout=60)
    assert near(loud(SoundFile(late).windows([(0, 9000)])), [(0.0, 0.9), (3.0, 3.9)])


def test_a_file_without_sound_gives_none(tmp_path):
    path = tmp_path / "a.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=gray:s=160x90:d=2", str(path)], check=True, timeout=60)
    assert list(SoundFile(path).windows([(0, 2000)])) == []


def test_bad_packets_are_counted_and_the_rest_is_heard(tmp_path):
    path = made(tmp_path / "a.mp4", "-c:a", "aac")
    content = bytearray(path.read_bytes())
    begin = content.find(b"mdat")
    for at in range(begin + 2000, begin + 6000, 7):
        content[at] ^= 0x5A
    path.write_bytes(content)
    file = SoundFile(path)
    windows = list(file.windows([(0, 8000)]))
    assert windows
    assert all(np.isfinite(window.samples).all() for window in windows)


@pytest.mark.parametrize(
    "content", [b"", b"ffconcat version 1.0\nfile /etc/hostname\n", b"#EXTM3U\n/etc/hostname\n", bytes(5000)]
)
def test_what_is_no_media_is_refused_and_opens_nothing_else(tmp_path, content):
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(av.error.FFmpegError):
        list(SoundFile(path).windows([(0, 1000)]))


def test_a_spoken_sentence_comes_out_whole():
    (window,) = SoundFile(PROJECT / "sample_media" / "speech" / "S1_zf_xiaoxiao.opus").windows([(0, 60_000)])
    assert 5 < len(window.samples) / RATE < 9
    assert 0.02 < float(np.abs(window.samples).mean()) < 0.5
