"""A model that sherpa-onnx loads like SenseVoice and that always says one sentence: loading and plumbing, not hearing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FEATURES = 560  # 80 mel bands × 7 stacked frames
FRAMES_PER_CHARACTER = 3
SIGNS = ("<|zh|>", "<|NEUTRAL|>", "<|Speech|>", "<|woitn|>")  # sherpa drops the first four tokens


def stub(folder: Path, sentence: str) -> Path:
    """Write `model.onnx` and `tokens.txt`; the sentence is spelt as far as the sound is long (0.18 s a character)."""
    folder.mkdir(parents=True, exist_ok=True)
    tokens = ["<blank>", *SIGNS, *dict.fromkeys(sentence)]
    (folder / "tokens.txt").write_text("".join(f"{token} {n}\n" for n, token in enumerate(tokens)), "utf-8")
    spelt = [tokens.index(sign) for sign in SIGNS]
    for character in sentence:
        spelt += [tokens.index(character)] * (FRAMES_PER_CHARACTER - 1) + [0]
    table = np.full((1, 600, len(tokens)), -10.0, np.float32)
    for frame, token in enumerate((spelt + [0] * 600)[:600]):
        table[0, frame, token] = 10.0
    (folder / "model.onnx").write_bytes(_model(table, len(tokens)).SerializeToString())
    return folder


def _model(table: np.ndarray, vocabulary: int) -> onnx.ModelProto:
    """The table's first frames, as many as the input has and four more; the input is used and changes nothing."""

    def constant(name: str, values: list[int]) -> onnx.TensorProto:
        return numpy_helper.from_array(np.array(values, np.int64), name)

    constants = [
        numpy_helper.from_array(table, "table"),
        numpy_helper.from_array(np.array(0.0, np.float32), "nothing"),
        constant("zero", [0]), constant("one", [1]), constant("two", [2]), constant("four", [4]),
    ]  # fmt: skip
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Slice", ["shape", "one", "two"], ["frames"]),
        helper.make_node("Add", ["frames", "four"], ["end"]),
        helper.make_node("Slice", ["table", "zero", "end", "one"], ["said"]),
        helper.make_node("ReduceSum", ["x"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "nothing"], ["still"]),
        helper.make_node("Add", ["said", "still"], ["logits"]),
    ]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", "T", FEATURES])]
    inputs += [helper.make_tensor_value_info(name, TensorProto.INT32, ["N"]) for name in ("x_length", "language", "text_norm")]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", "L", vocabulary])]
    graph = helper.make_graph(nodes, "stub", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    facts = {
        "model_type": "sense_voice_ctc", "lfr_window_size": 7, "lfr_window_shift": 6, "normalize_samples": 0,
        "vocab_size": vocabulary, "with_itn": 14, "without_itn": 15, "lang_auto": 0, "lang_zh": 3, "lang_en": 4,
        "lang_yue": 7, "lang_ja": 11, "lang_ko": 12, "lang_nospeech": 13,
        "neg_mean": ",".join(["0"] * FEATURES), "inv_stddev": ",".join(["1"] * FEATURES),
    }  # fmt: skip
    helper.set_model_props(model, {key: str(value) for key, value in facts.items()})
    return model
