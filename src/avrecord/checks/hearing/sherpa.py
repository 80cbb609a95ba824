"""SenseVoice, Paraformer and zipformer models by sherpa-onnx: offline recognisers that take no prompt at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from avrecord.checks.hearing.folder import CannotHear, Kind, onnx_model, part
from avrecord.checks.hearing.recogniser import Words, repeats

RATE = 16_000


class Sherpa:
    """See `recogniser.Recogniser`."""

    def __init__(self, folder: Path, kind: Kind, version: str) -> None:
        self.version = version
        self._recogniser: Any = _load(folder, kind)

    def recognise(self, samples: np.ndarray) -> Words:
        stream = self._recogniser.create_stream()
        stream.accept_waveform(RATE, samples)
        self._recogniser.decode_stream(stream)
        text = stream.result.text.strip()
        return Words(text, repeats(text))


def _load(folder: Path, kind: Kind) -> Any:
    from sherpa_onnx import OfflineRecognizer

    tokens, model = str(folder / "tokens.txt"), str(onnx_model(folder))
    match kind:
        case Kind.SENSE_VOICE:
            return OfflineRecognizer.from_sense_voice(model=model, tokens=tokens, num_threads=1, language="zh", use_itn=False)
        case Kind.PARAFORMER:
            return OfflineRecognizer.from_paraformer(paraformer=model, tokens=tokens, num_threads=1)
        case Kind.ZIPFORMER_CTC:
            return OfflineRecognizer.from_zipformer_ctc(model=model, tokens=tokens, num_threads=1)
        case Kind.TRANSDUCER:
            encoder, decoder, joiner = (str(part(folder, name)) for name in ("encoder", "decoder", "joiner"))
            return OfflineRecognizer.from_transducer(
                encoder=encoder, decoder=decoder, joiner=joiner, tokens=tokens, num_threads=1
            )
    raise CannotHear(f"语音引擎不认识 {kind}")
