"""Engines behind one seam: told by the files of a folder, given nothing but sound, and doubted where they invent."""

from __future__ import annotations

import inspect
from itertools import pairwise

import numpy as np
import pytest

from avrecord.checks.hearing import whisper
from avrecord.checks.hearing.engines import load
from avrecord.checks.hearing.folder import CannotHear, Kind, engine_problem, kind_of
from avrecord.checks.hearing.recogniser import Recogniser, repeats
from avrecord.checks.hearing.voice import FRAME, LONGEST_S, RATE, by_energy, utterances
from avrecord.checks.pinyin import syllables
from avrecord.media.windows import SoundFile
from conftest import PROJECT
from speech.saying import RULES
from speech.stub_model import stub

SPEECH = PROJECT / "sample_media" / "speech"
SENTENCE = "这是我们的执法证件请过目"


def sound(name: str) -> np.ndarray:
    (window,) = SoundFile(SPEECH / f"{name}.opus").windows([(0, 30_000)])
    return window.samples


def street(seed: int, seconds: float = 6.0) -> np.ndarray:
    """Rumble and hiss that swell: noise of a road, without anybody in it."""
    chance = np.random.default_rng(seed)
    count = int(seconds * RATE)
    hertz = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20)
    noise = np.fft.irfft(np.fft.rfft(chance.standard_normal(count)) / (1 + (hertz / 300) ** 1.2), count)
    swell = 1 + 0.8 * np.sin(2 * np.pi * np.arange(count) / count * chance.uniform(1, 4))
    return (0.1 * noise / noise.std() * swell).astype(np.float32)


def crowd(seed: int, seconds: float = 6.0) -> np.ndarray:
    """A road with many people talking at once: speech played backwards, so that nobody says anything."""
    chance = np.random.default_rng(seed)
    noise = 0.3 * street(seed, seconds)
    for name in ("X1_zm_yunjian", "X2_zf_xiaoxiao", "S1_zf_xiaoxiao", "N4_zf_xiaoyi"):
        noise += 0.5 * np.roll(np.resize(sound(name)[::-1], len(noise)), chance.integers(len(noise)))
    return noise


def names_a_phrase(text: str) -> bool:
    heard = syllables(text)
    return any(phrase.find(heard) for rule in RULES.values() for _, phrases in rule.parts for phrase in phrases)


def touched(folder, *names):
    for name in names:
        (folder / name).write_bytes(b"")
    return folder


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (("model.bin", "config.json", "tokenizer.json", "vocabulary.txt"), Kind.WHISPER),
        (("encoder-epoch-99.int8.onnx", "decoder.onnx", "joiner.onnx", "tokens.txt"), Kind.TRANSDUCER),
    ],
)
def test_a_folder_is_told_by_its_files(tmp_path, files, kind):
    assert kind_of(touched(tmp_path, *files)) is kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sherpa-onnx-sense-voice-zh-en-ja-ko-yue-int8-2024-07-17", Kind.SENSE_VOICE),
        ("sherpa-onnx-paraformer-zh-2023-09-14", Kind.PARAFORMER),
        ("sherpa-onnx-zipformer-ctc-zh-int8-2025-07-03", Kind.ZIPFORMER_CTC),
    ],
)
def test_a_model_without_metadata_is_told_by_the_name_of_its_archive(tmp_path, name, kind):
    folder = tmp_path / name
    folder.mkdir()
    assert kind_of(touched(folder, "model.int8.onnx", "tokens.txt")) is kind


def test_the_metadata_of_a_model_is_believed_before_the_name_of_its_folder(tmp_path):
    assert kind_of(stub(tmp_path / "paraformer", SENTENCE)) is Kind.SENSE_VOICE


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ((), "没有认得的模型文件"),
        (("tokens.txt",), "没有认得的模型文件"),
        (("model.onnx",), "没有认得的模型文件"),
        (("model.bin", "config.json"), "缺少 tokenizer.json、vocabulary.txt"),
        (("model.onnx", "tokens.txt"), "看不出语音模型的种类"),
        (("encoder.onnx", "decoder.onnx", "tokens.txt"), "没有认得的模型文件"),
    ],
)
def test_a_folder_that_cannot_be_used_is_told_why(tmp_path, files, reason):
    assert reason in engine_problem(touched(tmp_path, *files))
    with pytest.raises(CannotHear, match=reason):
        load(tmp_path)


def test_a_folder_that_is_not_there_and_an_engine_that_is_not_installed_are_told(tmp_path, monkeypatch):
    assert engine_problem(tmp_path / "nowhere") == "语音模型目录不存在"
    monkeypatch.setattr("avrecord.checks.hearing.folder.find_spec", lambda package: None)
    assert engine_problem(stub(tmp_path, SENTENCE)) == "未安装语音引擎，请安装 avrecord[sherpa]"


def test_a_broken_model_is_told_and_not_raised_as_it_comes(tmp_path):
    touched(tmp_path, "config.json", "tokenizer.json", "vocabulary.txt")
    (tmp_path / "model.bin").write_bytes(bytes(1000))
    with pytest.raises(CannotHear, match="装载失败"):
        load(tmp_path)


def test_sherpa_loads_a_sense_voice_folder_and_gives_its_words(tmp_path):
    engine = load(stub(tmp_path, SENTENCE))
    assert engine.version.startswith("hearing@sherpa-onnx-")
    assert engine.recognise(street(1, 4.0)).text == SENTENCE
    assert engine.recognise(street(1, 4.0)).doubtful is False


def test_no_phrase_that_is_looked_for_stands_in_the_prompt():
    """The prompt trap: what stands there is heard in noise. Nor may part of one."""
    prompt = syllables(whisper.PROMPT)
    for rule in RULES.values():
        for phrase in (*rule.demands, *(phrase for _, phrases in rule.parts for phrase in phrases)):
            assert phrase.find(prompt) is None, phrase
            assert not set(zip(phrase.syllables, phrase.syllables[1:], phrase.syllables[2:], strict=False)) & set(
                zip(prompt, prompt[1:], prompt[2:], strict=False)
            ), phrase


def test_the_engine_is_given_nothing_but_the_sound():
    """No way in for hints: neither the seam nor the call of Whisper takes words."""
    assert list(inspect.signature(whisper.Whisper.recognise).parameters) == ["self", "samples"]
    given = []

    class Model:
        def transcribe(self, samples, **options):
            given.append(options)
            return [], None

    engine = whisper.Whisper.__new__(whisper.Whisper)
    engine._model = Model()
    engine.recognise(np.zeros(RATE, np.float32))
    assert given[0]["initial_prompt"] == whisper.PROMPT
    assert given[0]["temperature"] == [0.0]
    assert given[0].keys() & {"hotwords", "prefix"} == set()


def test_whisper_hears_a_sentence_by_its_sound_the_same_each_time(engine):
    first, second = engine.recognise(sound("S1_zf_xiaoxiao")), engine.recognise(sound("S1_zf_xiaoxiao"))
    assert first == second
    assert first.doubtful is False
    places = [phrase.find(syllables(first.text)) for _, phrases in RULES["id_shown"].parts for phrase in phrases]
    assert sum(place is not None for place in places) >= 3
    assert engine.version == f"hearing@faster-whisper-{engine.version.split('-')[2].split('+')[0]}+d01c3014881c"


@pytest.fixture(scope="module")
def engine(speech_model) -> Recogniser:
    return load(speech_model)


NOISES = [street(0), street(1), *(crowd(seed) for seed in (3, 4, 5))]


@pytest.mark.parametrize("noise", NOISES, ids=["road 0", "road 1", "crowd 3", "crowd 4", "crowd 5"])
def test_nothing_that_is_looked_for_is_heard_where_nobody_says_anything(engine, noise):
    """With the neutral prompt, and without voice activity to help."""
    words = engine.recognise(noise)
    assert not names_a_phrase(words.text), words


def test_a_prompt_with_the_phrases_makes_it_hear_them_where_nobody_says_anything(engine):
    """The prompt trap is real: in the same noise as above. This is why the prompt is neutral and stays so."""
    trap = "以下是城管执法的录音：这是我们的执法证件，请您过目。你依法享有陈述申辩的权利，本次执法全程录音录像。"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whisper, "PROMPT", trap)
        heard = [engine.recognise(noise).text for noise in NOISES[2:]]
    assert any(names_a_phrase(text) for text in heard), heard


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("谢谢谢谢谢谢谢谢", True),
        ("请不吝点赞请不吝点赞请不吝点赞", True),
        ("啊啊啊啊啊啊", True),
        ("陈述申辩", False),
        ("你依法享有陈述、申辩的权利", False),
        ("好好好", False),
        ("", False),
    ],
)
def test_one_thing_said_over_and_over_is_not_believed(text, expected):
    assert repeats(text) is expected


@pytest.mark.parametrize("find", [utterances, by_energy])
def test_sentences_between_pauses_are_found_and_quiet_is_not(find):
    quiet = 0.001 * np.random.default_rng(3).standard_normal(3 * RATE).astype(np.float32)
    voice = sound("X2_zf_xiaoxiao")
    places = find(np.concatenate([quiet, voice, quiet, voice, quiet]))
    assert places
    assert all(first < last <= first + (LONGEST_S + 1) * RATE for first, last in places)
    spoken = np.zeros(3 * len(quiet) + 2 * len(voice), bool)
    for first, last in places:
        spoken[first:last] = True
    one, two = len(quiet), 2 * len(quiet) + len(voice)
    assert spoken[one + RATE : one + 4 * RATE].mean() > 0.9
    assert spoken[two + RATE : two + 4 * RATE].mean() > 0.9
    assert spoken[: 2 * RATE].mean() < 0.1


def test_without_sound_there_are_no_utterances():
    for count in (0, FRAME - 1, 10 * RATE):
        assert by_energy(np.zeros(count, np.float32)) == []


def test_a_long_talk_is_cut_into_pieces_that_join():
    talk = np.concatenate([sound("S1_zf_xiaoxiao")[: 5 * RATE]] * 8)
    places = by_energy(np.concatenate([np.zeros(RATE, np.float32), talk, np.zeros(RATE, np.float32)]))
    assert len(places) >= 3
    assert all(one[1] <= other[0] for one, other in pairwise(places))
