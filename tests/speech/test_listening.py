"""Sound is listened to where an item is open, in a child of its own, and what was not heard is said."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avrecord.checks.hearing.recogniser import Words
from avrecord.checks.hearing.voice import RATE
from avrecord.media.windows import PER_MS, Window
from avrecord.media.worker import Outcome
from avrecord.model.observation import Examination, Facts, Observation
from avrecord.pipeline import listening, speech
from avrecord.pipeline.examine import THOROUGH, examine_clips, examine_pending
from avrecord.pipeline.listening import merged, stretches, without
from avrecord.pipeline.missing import mark_of, why_blind
from avrecord.words import NO_SPEECH_MODEL
from cli.desk import Desk, cases_file, fleet_file
from conftest import pattern
from speech.clips import clip
from speech.saying import SEGMENTS
from speech.stub_model import stub

OFFICER = "我们是综合行政执法局的这是我们的执法证件请过目"
SEEN = Examination("0" * 64, "complete", None, (), (), Facts(duration_ms=60_000, audio_codec="aac"))
SPANS = st.lists(st.tuples(st.integers(0, 500), st.integers(1, 200)).map(lambda s: (s[0] * 100, (s[0] + s[1]) * 100)), max_size=6)


def covered(spans) -> set[int]:
    return {at for first, last in spans for at in range(first // 100, last // 100)}


@given(SPANS, SPANS)
@settings(max_examples=100)
def test_what_was_heard_is_not_heard_again_and_nothing_is_left_out(wanted, heard):
    left = without(wanted, heard)
    assert covered(left) | covered(merged(heard)) >= covered(wanted)
    # Spans that nearly meet are made one; beyond that nothing is heard twice.
    assert len(covered(left) & covered(heard)) <= len(wanted)


@given(SPANS)
@settings(max_examples=50)
def test_merged_spans_are_in_order_and_apart(spans):
    found = merged(spans)
    assert all(one[1] < other[0] for one, other in pairwise(found))
    assert covered(found) >= covered(spans)


def voice(seconds: float) -> np.ndarray:
    return (0.2 * np.sin(np.arange(int(seconds * RATE)) * 0.3)).astype(np.float32)


def test_speech_at_a_seam_of_two_windows_is_one_utterance(monkeypatch):
    monkeypatch.setattr("avrecord.checks.hearing.voice.find_spec", lambda package: None)
    quiet = np.zeros(2 * RATE, np.float32)
    whole = np.concatenate([quiet, voice(2), quiet])
    cut = 3 * RATE
    windows = [Window(1000, whole[:cut]), Window(1000 + cut // PER_MS, whole[cut:])]
    spoken = [s for s in stretches(windows) if s.samples is not None]
    assert [(round(s.from_ms, -2), round(s.to_ms, -2)) for s in spoken] == [(2800, 5300)]


def test_stretches_cover_the_windows_without_holes(monkeypatch):
    monkeypatch.setattr("avrecord.checks.hearing.voice.find_spec", lambda package: None)
    quiet = np.zeros(RATE, np.float32)
    windows = [Window(0, np.concatenate([quiet, voice(1), quiet])), Window(3000, quiet), Window(90_000, voice(40))]
    found = list(stretches(windows))
    assert merged((s.from_ms, s.to_ms) for s in found) == [(0, 4000), (90_000, 130_000)]
    assert all(one.to_ms <= other.from_ms for one, other in pairwise(found))


def test_what_the_picture_proved_is_not_listened_for():
    shown = replace(SEEN, observations=(Observation("id_shown", "id_shown@1", 0, 900, "行政执法证", None),))
    half = replace(SEEN, observations=(Observation("id_shown", "id_shown@1", 0, 400, "法证", None, doubtful=True),))
    assert "id_shown" not in speech.open_segments(shown, SEGMENTS)
    assert "id_shown" in speech.open_segments(half, SEGMENTS)
    assert "notice_given" in speech.open_segments(shown, SEGMENTS)


def test_words_that_must_not_be_used_open_nothing():
    assert "forbidden_wording" not in speech.open_segments(SEEN, SEGMENTS)


def test_stages_come_first_then_the_beginning_then_all():
    assert speech.passes(1_800_000, [900_000], 5) == [[(840_000, 1_200_000)], [(0, 300_000)], [(0, 1_800_000)]]
    assert speech.passes(60_000, [], 5) == [[], [(0, 60_000)], [(0, 60_000)]]
    assert speech.passes(60_000, [-400_000, -10_000], 0) == [[(0, 60_000)], [(0, 0)], [(0, 60_000)]]


GOOD = {
    "observations": [],
    "listened": ["id_shown"],
    "heard": [[0, 5000]],
    "checks": ["hearing@x-1+0"],
    "cost": {"utterances": 1},
    "unheard": None,
}
HEARD = {
    "segment": "id_shown", "check": "id_shown.spoken@1", "at_ms": 5, "score": 900, "words": "执" * 900,
    "evidence": None, "box": [], "doubtful": False, "crop": None,
}  # fmt: skip


def test_an_answer_of_the_child_is_put_beside_what_was_seen(tmp_path):
    found = speech.added(SEEN, Outcome(GOOD | {"observations": [HEARD]}, None, tmp_path), SEGMENTS)
    assert (found.listened, found.heard, found.unheard) == (("id_shown",), ((0, 5000),), None)
    assert len(found.observations[0].words) == speech.LONGEST_WORDS


@pytest.mark.parametrize(
    "wrong",
    [
        {"heard": [[5, 1]]},
        {"heard": [[-5, 1]]},
        {"heard": [["a", 1]]},
        {"listened": "id_shown"},
        {"unheard": 5},
        {"observations": [HEARD | {"evidence": "../../etc/passwd"}]},
        {"observations": [HEARD | {"segment": "nothing"}]},
        {"observations": [HEARD | {"check": "id_shown@1"}]},
        {"observations": [HEARD | {"score": "900"}]},
        {"observations": [{}]},
        {"cost": {"utterances": 1.5}},
    ],
)
def test_an_answer_that_is_not_what_a_child_says_is_not_taken(wrong, tmp_path):
    found = speech.added(SEEN, Outcome(GOOD | wrong, None, tmp_path), SEGMENTS)
    assert (found.observations, found.listened, found.heard) == ((), (), ())
    assert "语音进程的结果不可用" in found.unheard


@pytest.fixture
def hearing(kit, dcam, dock, tmp_path):
    """Dock one clip, examine it with a model, and give its examination back."""

    def examined(path, model, **check) -> Examination:
        dock(dcam({"VIDEO/090000.mp4": path.read_bytes()}))
        table = kit.settings.check.model_copy(update={"speech_model": str(model or ""), "workers": 1} | check)
        with_model = replace(kit, settings=kit.settings.model_copy(update={"check": table}))
        assert examine_pending(with_model) == 1
        (sealed,) = kit.records.clips()
        found = kit.records.examination(sealed.id)
        again = kit.records.full_examination(sealed.id)
        assert (found.listened, found.heard, found.unheard) == (again.listened, again.heard, again.unheard)
        return found

    return examined


def mark(kit, segment: str):
    clips = kit.records.clips()
    return mark_of(segment, clips, kit.records.examinations(clips), why_blind(kit), kit)


def test_without_a_model_what_is_spoken_cannot_be_told(kit, hearing, tmp_path):
    found = hearing(clip(tmp_path / "a.mp4", 10, ("S1_zf_xiaoxiao", 1)), None)
    assert (found.unheard, found.listened, found.observations) == (NO_SPEECH_MODEL, (), ())
    for segment in ("rights_notice", "recording_notice", "notice_given", "standard_wording"):
        assert mark(kit, segment).mark.value == "cannot_tell"
        assert NO_SPEECH_MODEL in mark(kit, segment).reason


def test_what_an_engine_hears_is_an_observation_with_its_second_and_words(kit, hearing, tmp_path):
    found = hearing(clip(tmp_path / "a.mp4", 10, ("S1_zf_xiaoxiao", 2)), stub(tmp_path / "model", OFFICER))
    (heard,) = [seen for seen in found.observations if seen.segment == "id_shown"]
    assert (heard.check, heard.doubtful, heard.evidence, heard.heard) == ("id_shown.spoken@1", False, None, True)
    assert 1500 < heard.at_ms < 6000
    assert OFFICER.startswith(heard.words)
    assert merged(found.heard)[0][1] >= 9500
    assert any(check.startswith("hearing@sherpa-onnx-") for check in found.checks)
    assert mark(kit, "id_shown").reason.startswith("听到“我们是综合行政执法局的")
    assert mark(kit, "id_shown").mark.value == "seen"


def test_an_engine_that_dies_takes_nothing_of_the_picture_with_it(kit, hearing, tmp_path):
    folder = stub(tmp_path / "sense-voice", OFFICER)
    (folder / "model.onnx").write_bytes(b"\x08\x07" + bytes(5000))
    found = hearing(clip(tmp_path / "a.mp4", 4, ("X2_zf_xiaoxiao", 0)), folder)
    assert (found.outcome, "id_shown" in found.looked, found.listened) == ("complete", True, ())
    assert found.unheard.startswith("未检测（")
    assert mark(kit, "recording_notice").mark.value == "cannot_tell"


def test_a_folder_without_a_model_is_told_in_the_mark(kit, hearing, tmp_path):
    found = hearing(clip(tmp_path / "a.mp4", 3), tmp_path / "nowhere")
    assert found.unheard == "未检测（语音模型目录不存在）"
    assert mark(kit, "rights_notice").reason == "未检测（语音模型目录不存在）"


def test_a_budget_that_is_used_up_leaves_everything_unheard_and_nothing_is_called_not_seen(kit, hearing, tmp_path):
    talk = clip(tmp_path / "a.mp4", 10, ("X2_zf_xiaoxiao", 1))
    hearing(talk, stub(tmp_path / "model", "今天天气不错"), speech_cpu_seconds=0)
    assert mark(kit, "rights_notice").mark.value == "cannot_tell"
    assert "只听了 0/" in mark(kit, "rights_notice").reason
    assert mark(kit, "notice_given").reason.startswith("画面中未见；声音只听了 0/")


def test_a_budget_ends_after_the_utterance_at_which_it_is_used_up(monkeypatch, tmp_path):
    """An engine that costs ten seconds each time, and a budget of fifteen: two utterances of three are heard."""
    spent = [0.0]

    class Slow:
        version = "hearing@slow-1+0"

        def recognise(self, samples):
            spent[0] += 10
            return Words("今天天气不错")

    monkeypatch.setattr(listening, "load", lambda folder: Slow())
    monkeypatch.setattr(listening.time, "process_time", lambda: spent[0])
    talk = clip(tmp_path / "a.mp4", 40, ("X2_zf_xiaoxiao", 1), ("X2_zf_xiaoxiao", 13), ("X2_zf_xiaoxiao", 26))
    request = {"path": str(talk), "model": "", "segments": SEGMENTS, "open": ["rights_notice"], "cpu_seconds": 15}
    answer = listening.listen(request | {"passes": [[], [(0, 40_000)]]}, tmp_path)
    assert answer["cost"]["utterances"] == 2
    ((first, last),) = answer["heard"]
    assert first < 200
    assert 15_000 < last < 22_000


def test_what_is_heard_early_ends_the_listening(monkeypatch, tmp_path):
    class Ready:
        version = "hearing@ready-1+0"

        def recognise(self, samples):
            return Words("你有权陈述和申辩")

    monkeypatch.setattr(listening, "load", lambda folder: Ready())
    talk = clip(tmp_path / "a.mp4", 30, ("X2_zf_xiaoxiao", 1), ("X2_zf_xiaoxiao", 20))
    request = {"path": str(talk), "model": "", "segments": SEGMENTS, "open": ["rights_notice"], "cpu_seconds": 900}
    answer = listening.listen(request | {"passes": [[(18_000, 28_000)], [(0, 30_000)]]}, tmp_path)
    assert answer["cost"]["utterances"] == 1
    assert answer["heard"][0][0] >= 17_900
    assert [row["segment"] for row in answer["observations"]] == ["rights_notice"]


def test_a_stage_is_awaited_in_the_clips_of_its_officers_recorder(kit, dcam, dock, tmp_path, monkeypatch, capsys):
    desk = Desk(kit.root, monkeypatch, capsys)
    dock(dcam({"VIDEO/085000.mp4": pattern(3000), "VIDEO/120000.mp4": pattern(3000, 2)}))
    desk("devices", "import", fleet_file(tmp_path))
    desk("cases", "import", cases_file(tmp_path), "--apply")
    early, late = sorted(kit.records.clips(), key=lambda found: found.name)
    assert speech.starts_in(early, kit)[:2] == [10 * 60_000, 70 * 60_000]
    assert speech.starts_in(late, kit) == []
    assert speech.starts_in(replace(early, recorder="Z3A0021"), kit) == [10 * 60_000]  # its officer was at the first only
    assert speech.starts_in(replace(early, recorder=None), kit) == []


def test_what_was_heard_through_without_the_words_is_not_seen(kit, hearing, tmp_path):
    hearing(clip(tmp_path / "a.mp4", 10, ("X2_zf_xiaoxiao", 1)), stub(tmp_path / "model", "今天天气不错"))
    assert (mark(kit, "rights_notice").mark.value, mark(kit, "notice_given").mark.value) == ("not_seen", "not_seen")
    assert mark(kit, "notice_given").reason == "看过 1 个片段的全部关键帧，画面中未见；听过 1 个片段的全部声音，未听到"


def test_a_forbidden_word_makes_the_standard_wording_a_persons_matter(kit, hearing, tmp_path):
    found = hearing(clip(tmp_path / "a.mp4", 10, ("S1_zf_xiaoxiao", 1)), stub(tmp_path / "model", "请予以配合就罚你了怎么着"))
    assert {seen.segment for seen in found.observations} >= {"standard_wording", "forbidden_wording"}
    told = mark(kit, "standard_wording")
    assert (told.mark.value, told.reason[:8]) == ("cannot_tell", "听到疑似禁用语“")


def test_sound_alone_is_listened_to_and_speaks_for_no_picture(kit, dcam, dock, tmp_path):
    sound = clip(tmp_path / "a.wav", 10, ("S1_zf_xiaoxiao", 1), picture=False)
    dock(dcam({"AUDIO/090000.wav": sound.read_bytes()}))
    table = kit.settings.check.model_copy(update={"speech_model": str(stub(tmp_path / "model", OFFICER))})
    examine_pending(replace(kit, settings=kit.settings.model_copy(update={"check": table})))
    (sealed,) = kit.records.clips()
    assert {seen.segment for seen in kit.records.examination(sealed.id).observations} >= {"id_shown"}


def test_the_real_model_hears_certificate_notice_rights_and_recording_at_their_seconds(kit, hearing, speech_model, tmp_path):
    said = (("X1_zm_yunjian", 1), ("S1_zf_xiaoxiao", 9), ("N2_zm_yunxi", 20), ("X2_zf_xiaoxiao", 32))
    found = hearing(clip(tmp_path / "a.mp4", 40, *said), speech_model)
    heard = {seen.segment: seen.at_ms / 1000 for seen in found.observations if not seen.doubtful}
    assert heard.keys() == {"id_shown", "notice_given", "rights_notice", "recording_notice", "standard_wording"}
    assert 9 <= heard["id_shown"] <= 15
    assert all(20 <= heard[segment] <= 29 for segment in ("notice_given", "rights_notice", "recording_notice"))
    for segment in heard:
        assert mark(kit, segment).mark.value == "seen"


def test_the_real_model_hears_nothing_in_other_talk_the_same_each_time(kit, hearing, speech_model, tmp_path):
    found = hearing(clip(tmp_path / "a.mp4", 16, ("X1_zm_yunjian", 1), ("X2_zf_xiaoxiao", 9)), speech_model)
    assert found.observations == ()
    assert mark(kit, "rights_notice").mark.value == "not_seen"
    (sealed,) = kit.records.clips()
    first = kit.store.row("examination", clip_id=sealed.id.hex)["digest"]
    table = kit.settings.check.model_copy(update={"speech_model": str(speech_model)})
    list(examine_clips([(sealed, 1, THOROUGH)], replace(kit, settings=kit.settings.model_copy(update={"check": table}))))
    assert kit.store.row("examination", clip_id=sealed.id.hex)["digest"] == first
