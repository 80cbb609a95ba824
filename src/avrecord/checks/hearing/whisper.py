"""Whisper by faster-whisper (CTranslate2): one utterance, greedy, the same text every time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from avrecord.checks.hearing.recogniser import Words, repeats

PROMPT = "以下是普通话的句子。"
"""Neutral: it only asks for Mandarin in sentences. Without any, noise becomes invented text (4 clips of 5)."""
NO_SPEECH = 0.6  # of 286 clips of speech one lay above; noise lay at .84-.89 and invented text at .74


class Whisper:
    """See `recogniser.Recogniser`."""

    def __init__(self, folder: Path, version: str) -> None:
        from faster_whisper import WhisperModel

        self.version = version
        self._model: Any = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True)

    def recognise(self, samples: np.ndarray) -> Words:
        segments, _ = self._model.transcribe(
            samples,
            language="zh",
            beam_size=1,
            temperature=[0.0],  # higher ones sample: another text each time
            initial_prompt=PROMPT,
            condition_on_previous_text=False,
            without_timestamps=True,
            vad_filter=False,  # it packs utterances into one window and loses seven of eight
        )
        said = list(segments)
        text = "".join(segment.text for segment in said).strip()
        unsure = any(segment.no_speech_prob > NO_SPEECH for segment in said)
        return Words(text, unsure or repeats(text))
