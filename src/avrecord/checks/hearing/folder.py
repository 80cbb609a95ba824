"""Which engine a model folder is for, told by its files, and why it cannot be used. Loads no engine."""

from __future__ import annotations

import re
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

MODEL_TYPE = re.compile(rb"\x0a\x0amodel_type\x12([\x01-\x7f])")
TAIL = 1 << 20  # an ONNX file ends with its metadata


class Kind(StrEnum):
    """The loaders there are."""

    WHISPER = "faster-whisper"
    SENSE_VOICE = "sense_voice"
    PARAFORMER = "paraformer"
    ZIPFORMER_CTC = "zipformer_ctc"
    TRANSDUCER = "transducer"


PACKAGE = {Kind.WHISPER: ("faster_whisper", "speech")}
SHERPA = ("sherpa_onnx", "sherpa")
WHISPER_FILES = ("model.bin", "config.json", "tokenizer.json")
NAMES = {"sense": Kind.SENSE_VOICE, "paraformer": Kind.PARAFORMER, "zipformer": Kind.ZIPFORMER_CTC}


class CannotHear(Exception):
    """Why a folder cannot be listened with, in words for people."""


def kind_of(folder: Path) -> Kind:
    """The loader for a folder. Raises CannotHear when it holds no model, or only a part of one."""
    if not folder.is_dir():
        raise CannotHear("语音模型目录不存在")
    if (folder / "model.bin").exists():
        missing = [name for name in WHISPER_FILES if not (folder / name).exists()]
        if not list(folder.glob("vocabulary.*")):
            missing.append("vocabulary.txt")
        if missing:
            raise CannotHear(f"语音模型目录缺少 {'、'.join(missing)}")
        return Kind.WHISPER
    if not (folder / "tokens.txt").exists():
        raise CannotHear("语音模型目录中没有认得的模型文件")
    if all(part(folder, name) for name in ("encoder", "decoder", "joiner")):
        return Kind.TRANSDUCER
    model = onnx_model(folder)
    if model is None:
        raise CannotHear("语音模型目录中没有认得的模型文件")
    return _by_metadata(model) or _by_name(folder)


def engine_problem(folder: Path) -> str | None:
    """Why nothing can be heard with this folder, or None. Cheap: no model is loaded."""
    try:
        package, extra = PACKAGE.get(kind_of(folder), SHERPA)
    except CannotHear as error:
        return str(error)
    return None if find_spec(package) else f"未安装语音引擎，请安装 avrecord[{extra}]"


def onnx_model(folder: Path) -> Path | None:
    """The single model file, the smaller form first."""
    return next((path for name in ("model.int8.onnx", "model.onnx") if (path := folder / name).exists()), None)


def part(folder: Path, name: str) -> Path | None:
    """One of the three files of a transducer; the int8 form first."""
    found = sorted(folder.glob(f"{name}*.onnx"), key=lambda path: ("int8" not in path.name, path.name))
    return found[0] if found else None


def _by_metadata(model: Path) -> Kind | None:
    with model.open("rb") as file:
        file.seek(max(0, model.stat().st_size - TAIL))
        tail = file.read()
    found = MODEL_TYPE.search(tail)
    if found is None:
        return None
    name = tail[found.end() : found.end() + found[1][0]].decode("ascii", "replace")
    return next((kind for word, kind in NAMES.items() if word in name.lower()), None)


def _by_name(folder: Path) -> Kind:
    for word, kind in NAMES.items():
        if word in folder.name.lower().replace("-", "_"):
            return kind
    raise CannotHear("看不出语音模型的种类，请在目录名中写明 sense-voice、paraformer 或 zipformer")
