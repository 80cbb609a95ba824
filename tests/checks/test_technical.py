"""What is a fault of the record, and what only looks like one: damage, silence, clipping and wind."""

from __future__ import annotations

import numpy as np
import pytest

from avrecord.checks.clipped import Clipped
from avrecord.checks.damaged import Read, damaged
from avrecord.checks.silence import Silence
from avrecord.checks.wind import Wind
from avrecord.media.clipfile import ClipFile

RATE = 16_000
RNG = np.random.default_rng(7)
WIND_MODEL = (2.4804, -2.0032, 0.5610, -0.0794, 0.0392)  # AR(5) at 16 kHz of public wind generators


def heard(check, sound: np.ndarray, first: int = 0):
    for second in range(-(-len(sound) // RATE)):
        check.hear(first + second, sound[second * RATE : (second + 1) * RATE].astype(np.float32))
    return check


def at_level(sound: np.ndarray, dbfs: float) -> np.ndarray:
    return sound * (10 ** (dbfs / 20) / sound.std())


def wind(seconds: int, dbfs: float = -15) -> np.ndarray:
    """Gusts: the model's filter over noise, swelling four times a second."""
    noise, sound = RNG.standard_normal(seconds * RATE), np.zeros(seconds * RATE + 5)
    for at in range(seconds * RATE):
        sound[at + 5] = noise[at] + np.dot(WIND_MODEL, sound[at + 4 : at - 1 if at else None : -1])
    gusts = np.interp(np.arange(seconds * RATE), np.arange(0, seconds * RATE, RATE // 4), RNG.uniform(0.3, 1, seconds * 4))
    return at_level(sound[5:] * gusts, dbfs)


def voice(seconds: int, dbfs: float = -20) -> np.ndarray:
    """Syllables of a male voice: a 120 Hz pulse train through two formants, on and off four times a second."""
    t = np.arange(seconds * RATE) / RATE
    partials = np.arange(120, 3600, 120)
    weights = sum(np.exp(-(((partials - formant) / 250) ** 2)) for formant in (600, 1500)) + 0.02
    sound = sum(weight * np.sin(2 * np.pi * hertz * t) for weight, hertz in zip(weights, partials, strict=True))
    return at_level(sound * (np.sin(2 * np.pi * 4 * t) > -0.2), dbfs)


def kinds(read: Read) -> list[tuple[str, int, int]]:
    return [(fault.kind, fault.from_ms, fault.to_ms) for fault in damaged(read)]


def test_a_whole_clip_has_no_fault():
    assert kinds(Read(0, 6000, 6016, 6064, None, 3, 3)) == []


def test_a_clip_that_was_not_written_to_its_end_says_what_was_not_read():
    (fault,) = damaged(Read(0, 4000, 3900, 6000, 173_149, 2, 2))
    assert (fault.kind, fault.from_ms, fault.to_ms) == ("damaged", 4000, 6000)
    assert "173149" in fault.detail
    assert "2.0 秒" in fault.detail
    assert kinds(Read(0, 3560, 3539, 3600, 84_344, 4, 4)) == [("damaged", 3560, 3600)]


def test_pictures_that_stop_before_the_sound_are_a_fault_and_sound_that_stops_is_left_to_another_check():
    assert kinds(Read(0, 3000, 6000, 6000, None, 2, 2)) == [("damaged", 3000, 6000)]
    assert kinds(Read(0, 6000, 3000, 6000, None, 2, 2)) == []


def test_sound_alone_has_no_pictures_to_lack():
    assert kinds(Read(0, None, 6000, 6000, None, 0, 0)) == []
    assert kinds(Read(0, None, 3600, 6000, 76_832, 0, 0)) == [("damaged", 3600, 6000)]


def test_key_frames_of_which_none_decodes_make_a_clip_unreadable():
    assert kinds(Read(7, 6000, 6000, 6000, None, 3, 0)) == [("damaged", 0, 6000), ("unreadable", 0, 6000)]


def test_silence_is_found_where_it_is_and_a_hole_in_the_sound_counts_as_silence():
    check = heard(Silence(), at_level(RNG.standard_normal(3 * RATE), -30))
    heard(check, at_level(RNG.standard_normal(2 * RATE), -75), first=3)
    heard(check, at_level(RNG.standard_normal(2 * RATE), -30), first=9)
    assert [(fault.from_ms, fault.to_ms) for fault in check.faults(15_000, has_audio=True)] == [(3000, 9000), (11_000, 15_000)]


def test_a_quiet_office_is_not_silence():
    assert heard(Silence(), at_level(RNG.standard_normal(20 * RATE), -58)).faults(20_000, has_audio=True) == []


def test_no_stream_and_a_stream_that_gives_nothing_are_told_apart():
    assert Silence().faults(6000, has_audio=False)[0].detail != Silence().faults(6000, has_audio=True)[0].detail


def test_sound_before_the_first_picture_is_left_out():
    check = heard(Silence(), np.zeros(4 * RATE), first=-4)
    assert heard(check, at_level(RNG.standard_normal(6 * RATE), -30)).faults(6000, has_audio=True) == []


@pytest.mark.parametrize("gain_db", [12, 24])
def test_an_overdriven_microphone_is_clipped(gain_db):
    sound = np.clip(voice(12) / np.abs(voice(12)).max() * 10 ** (gain_db / 20), -1, 1)
    (fault,) = heard(Clipped(), sound).faults()
    assert (fault.from_ms, fault.to_ms) == (0, 12_000)


@pytest.mark.parametrize("sound", [voice(12) / np.abs(voice(12)).max(), at_level(voice(12), -3) * 0.3, np.zeros(RATE)])
def test_loud_speech_that_just_reaches_full_scale_is_not_clipped(sound):
    assert heard(Clipped(), sound).faults() == []


def test_one_shout_into_the_microphone_is_no_fault_of_the_clip():
    sound = at_level(voice(20), -25)
    sound[5 * RATE : 7 * RATE] = np.clip(voice(2, -3) * 4, -1, 1)
    assert heard(Clipped(), sound).faults() == []


def test_wind_alone_is_found_and_ends_where_somebody_speaks():
    sound = np.concatenate([wind(12), wind(3) + voice(3, -22), wind(12)])
    found = heard(Wind(), sound).faults()
    assert [(fault.from_ms, fault.to_ms) for fault in found] == [(0, 12_000), (15_000, 27_000)]


@pytest.mark.parametrize(
    "sound",
    [
        voice(15),
        wind(15) + voice(15, -25),
        at_level(RNG.standard_normal(15 * RATE), -30),  # rain, a fan
        0.003 * np.sin(2 * np.pi * 50 * np.arange(15 * RATE) / RATE),  # mains hum in a quiet office
        wind(15, -45),  # a breeze that does not push the microphone
        np.zeros(15 * RATE),
        wind(8),
    ],
    ids=["voice", "voice in wind", "hiss", "hum", "breeze", "nothing", "short"],
)
def test_what_is_not_wind_alone_is_not_called_so(sound):
    assert heard(Wind(), sound).faults() == []


def test_no_sentence_of_the_labelled_speech_is_called_wind_or_clipped_however_loud(footage):
    paths = sorted((footage / "speech").glob("*.opus"))
    assert len(paths) == 79
    for path in paths:
        sound: list[np.ndarray] = []
        assert list(ClipFile(path).key_frames(hear=lambda second, samples, sound=sound: sound.append(samples))) == []
        voice = np.concatenate(sound)
        loudest = np.concatenate([voice / np.abs(voice).max()] * 4)
        assert heard(Wind(), loudest).faults() == heard(Clipped(), loudest).faults() == [], path.name
