"""Writes a Whisper model of CTranslate2 as Optimum exports it: an encoder and a decoder in ONNX files.

The decoder keeps nothing between two tokens, so it is slow; the text is the same.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.support.checkpoints.graph_writer import GraphWriter

OPERATORS = 17
HEAD = 64
"""Width of an attention head, in every Whisper model."""
MELS, FRAMES = 80, 3_000
_TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
"""CTranslate2's numbers of element types."""

Weights = dict[str, npt.NDArray[np.float32]]


def write_whisper_export(source: Path, folder: Path) -> Path:
    """Write the multilingual model in `source` to `folder`."""
    (folder / "onnx").mkdir(parents=True)
    weights = _read_weights((source / "model.bin").read_bytes())
    tokenizer = json.loads((source / "tokenizer.json").read_text("utf-8"))
    added = {entry["content"]: entry["id"] for entry in tokenizer["added_tokens"]}
    vocabulary = tokenizer["model"]["vocab"]
    (folder / "vocab.json").write_text(json.dumps(vocabulary), "utf-8")
    (folder / "added_tokens.json").write_text(json.dumps(added), "utf-8")
    rows, width = weights["decoder/embeddings/weight"].shape
    config = {"model_type": "whisper", "num_mel_bins": MELS, "vocab_size": rows, "d_model": width}
    (folder / "config.json").write_text(json.dumps(config))
    _Transformer(weights, "encoder").write_encoder(folder / "onnx" / "encoder_model.onnx")
    _Transformer(weights, "decoder").write_decoder(folder / "onnx" / "decoder_model_merged.onnx")
    return folder


def _read_weights(data: bytes) -> Weights:
    """Read CTranslate2's file: a header, and the tensors with their names."""
    at = 4
    (length,) = struct.unpack_from("<H", data, at)
    at += 2 + length + 4
    (count,) = struct.unpack_from("<I", data, at)
    at += 4
    found: Weights = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 1 + length].decode()
        at += 2 + length
        rank = data[at]
        shape = struct.unpack_from(f"<{rank}I", data, at + 1)
        at += 1 + 4 * rank
        kind, size = struct.unpack_from("<BI", data, at)
        at += 5
        values = np.frombuffer(data[at : at + size], _TYPES[kind])
        found[name] = values.reshape(shape).astype(np.float32)
        at += size
    return found


class _Transformer(GraphWriter):
    """One half of Whisper; methods return the names of their outputs."""

    def __init__(self, weights: Weights, half: str) -> None:
        super().__init__()
        self._weights = weights
        self._half = half
        self.width = weights["decoder/embeddings/weight"].shape[1]
        self.layers = len({name.split("/")[1] for name in weights if f"{half}/layer_" in name})
        self.layers -= f"{half}/layer_norm/gamma" in weights
        self.constant("from_heads", [0, 0, self.width])
        self.constant("to_heads", [0, 0, self.width // HEAD, HEAD])
        self.constant("scale", HEAD**-0.5, "float32")
        for name, value in {"root_half": 0.5**0.5, "half": 0.5, "unit": 1.0}.items():
            self.constant(name, value, "float32")

    def write_encoder(self, path: Path) -> None:
        self.interface(11, "input_features", "float32", "batch", MELS, FRAMES)
        first = self.gelu(self._convolution("input_features", "conv1", stride=1))
        second = self.gelu(self._convolution(first, "conv2", stride=2))
        self.node("Transpose", second, "in_time", perm=[0, 2, 1])
        x = self.node("Add", f"in_time {self.stored('position_encodings/encodings')}", "placed")
        for number in range(self.layers):
            x = self.attention(x, x, f"layer_{number}/self_attention")
            x = self.forward(x, f"layer_{number}/ffn")
        self.norm(x, "layer_norm", "last_hidden_state")
        self.interface(12, "last_hidden_state", "float32", "batch", FRAMES // 2, self.width)
        self.save(path, OPERATORS)

    def write_decoder(self, path: Path) -> None:
        self.interface(11, "input_ids", "int64", "batch", "tokens")
        encoded = "encoder_hidden_states"
        self.constant("zero", [0])
        self.constant("one", [1])
        self.interface(11, encoded, "float32", "batch", "positions", self.width)
        table, places = self.stored("embeddings/weight"), self.stored(
            "position_encodings/encodings"
        )
        self.node("Gather", f"{table} input_ids", "embedded")
        self.node("Shape", "input_ids", "shape")
        self.node("Gather", "shape one", "count")
        self.node("Slice", f"{places} zero count zero", "places")
        x = self.node("Add", "embedded places", "placed")
        self._mask()
        for number in range(self.layers):
            x = self.attention(x, x, f"layer_{number}/self_attention", mask="mask")
            x = self.attention(x, encoded, f"layer_{number}/attention")
            x = self.forward(x, f"layer_{number}/ffn")
        x = self.norm(x, "layer_norm", "normal")
        self.node("Transpose", table, "projection", perm=[1, 0])
        self.node("MatMul", f"{x} projection", "logits")
        rows = self._weights["decoder/embeddings/weight"].shape[0]
        self.interface(12, "logits", "float32", "batch", "tokens", rows)
        self.save(path, OPERATORS)

    def stored(self, name: str, part: slice | None = None, *, turned: bool = False) -> str:
        """Add weights of the model, or some of their rows, and return their name."""
        values = self._weights[f"{self._half}/{name}"][part or slice(None)]
        shown = f"{name}:{part}" if part else name
        return self.constant(shown.replace(" ", ""), values.T if turned else values, "float32")

    def linear(self, source: str, name: str, result: str, part: slice | None = None) -> str:
        weight = self.stored(f"{name}/weight", part, turned=True)
        self.node("MatMul", f"{source} {weight}", f"{result}.product")
        bias = self.stored(f"{name}/bias", part)
        return self.node("Add", f"{result}.product {bias}", result)

    def norm(self, source: str, name: str, result: str = "") -> str:
        scales = f"{self.stored(f'{name}/gamma')} {self.stored(f'{name}/beta')}"
        result = result or f"{name}.normal"
        return self.node("LayerNormalization", f"{source} {scales}", result, axis=2, epsilon=1e-5)

    def gelu(self, source: str) -> str:
        self.node("Mul", f"{source} root_half", f"{source}.scaled")
        self.node("Erf", f"{source}.scaled", f"{source}.erf")
        self.node("Add", f"{source}.erf unit", f"{source}.raised")
        self.node("Mul", f"{source} {source}.raised", f"{source}.twice")
        return self.node("Mul", f"{source}.twice half", f"{source}.gelu")

    def forward(self, x: str, name: str) -> str:
        wide = self.linear(self.norm(x, f"{name}/layer_norm"), f"{name}/linear_0", f"{name}.wide")
        narrow = self.linear(self.gelu(wide), f"{name}/linear_1", f"{name}.narrow")
        return self.node("Add", f"{x} {narrow}", f"{name}.out")

    def attention(self, x: str, other: str, name: str, mask: str = "") -> str:
        """Attention to `other`, which is `x` itself if the first weights hold query, key and value."""
        normal = self.norm(x, f"{name}/layer_norm")
        own = x == other
        rows = {part: slice(n * self.width, (n + 1) * self.width) for n, part in enumerate("qkv")}
        if own:
            queries, keys, values = (
                self.linear(normal, f"{name}/linear_0", f"{name}.{part}", rows[part])
                for part in "qkv"
            )
        else:
            queries = self.linear(normal, f"{name}/linear_0", f"{name}.q")
            keys = self.linear(other, f"{name}/linear_1", f"{name}.k", rows["q"])
            values = self.linear(other, f"{name}/linear_1", f"{name}.v", rows["k"])
        query = self._heads(queries, [0, 2, 1, 3])
        key, value = self._heads(keys, [0, 2, 3, 1]), self._heads(values, [0, 2, 1, 3])
        self.node("MatMul", f"{query} {key}", f"{name}.raw")
        scores = self.node("Mul", f"{name}.raw scale", f"{name}.scores")
        if mask:
            scores = self.node("Add", f"{scores} {mask}", f"{name}.masked")
        self.node("Softmax", scores, f"{name}.weights", axis=3)
        self.node("MatMul", f"{name}.weights {value}", f"{name}.mixed")
        self.node("Transpose", f"{name}.mixed", f"{name}.turned", perm=[0, 2, 1, 3])
        self.node("Reshape", f"{name}.turned from_heads", f"{name}.joined")
        last = f"{name}/linear_1" if own else f"{name}/linear_2"
        out = self.linear(f"{name}.joined", last, f"{name}.projected")
        return self.node("Add", f"{x} {out}", f"{name}.out")

    def _heads(self, source: str, order: list[int]) -> str:
        self.node("Reshape", f"{source} to_heads", f"{source}.parts")
        return self.node("Transpose", f"{source}.parts", f"{source}.heads", perm=order)

    def _convolution(self, source: str, name: str, *, stride: int) -> str:
        inputs = f"{source} {self.stored(f'{name}/weight')} {self.stored(f'{name}/bias')}"
        shape = {"kernel_shape": [3], "strides": [stride], "pads": [1, 1]}
        return self.node("Conv", inputs, name, **shape)

    def _mask(self) -> None:
        """No token may look at later ones."""
        longest = self._weights["decoder/position_encodings/encodings"].shape[0]
        table = np.triu(np.full((longest, longest), -1e9), 1)
        self.constant("mask_table", table, "float32")
        self.node("Slice", "mask_table zero count zero", "mask_rows")
        self.node("Slice", "mask_rows zero count one", "mask")
