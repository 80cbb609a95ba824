"""Loading the engine that a folder is for. In the isolated child only: a native library may end the process."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

from avrecord.checks.hearing.folder import CannotHear, Kind, engine_problem, kind_of, onnx_model, part
from avrecord.checks.hearing.recogniser import Recogniser
from avrecord.checks.hearing.sherpa import Sherpa
from avrecord.checks.hearing.whisper import Whisper


def load(folder: Path) -> Recogniser:
    """The recogniser of a model folder. Raises CannotHear with the reason in words."""
    kind = kind_of(folder)
    if reason := engine_problem(folder):
        raise CannotHear(reason)
    package = "faster-whisper" if kind is Kind.WHISPER else "sherpa-onnx"
    stamp = f"hearing@{package}-{version(package)}+{_digest(folder)}"
    try:
        return Whisper(folder, stamp) if kind is Kind.WHISPER else Sherpa(folder, kind, stamp)
    except (RuntimeError, ValueError, OSError, ImportError, MemoryError) as error:
        raise CannotHear(f"语音模型装载失败（{type(error).__name__}）") from error


def _digest(folder: Path) -> str:
    """Which model it was: twelve digits of the SHA-256 of its largest part."""
    whole = folder / "model.bin"
    model = whole if whole.exists() else onnx_model(folder) or part(folder, "encoder")
    assert model is not None
    with model.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]
