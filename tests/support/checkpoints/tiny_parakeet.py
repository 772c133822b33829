"""A tiny Parakeet with random weights: a FastConformer encoder with a token-and-duration transducer.

It has the operations, inputs and outputs of NeMo's own export, and the files that onnx-asr expects. Its
text has words but no sense: it depends on the speech, and is the same for the same speech.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.support.checkpoints.graph_writer import GraphWriter

MELS, CHANNELS, WIDTH, HEADS, LAYERS = 128, 8, 32, 4, 2
KERNEL, MAX_FRAMES = 9, 512
STATE, JOINT, PREDICTION_LAYERS = 16, 24, 2
DURATIONS = 5
OPERATORS = 17

WORDS = [
    "turn",
    "on",
    "off",
    "the",
    "light",
    "in",
    "kitchen",
    "hall",
    "lamp",
    "door",
    "open",
    "close",
    "warm",
    "cold",
    "one",
    "two",
]
TOKENS = ("<unk>", *(f"\u2581{word}" for word in WORDS), "s", "er", "ing", ".", ",", "?")
SHARPNESS = 4.0
"""So that the tokens have probabilities as those of a trained model, near 1."""
BLANK_BIAS = 12.0


def write_tiny_parakeet(
    folder: Path,
    *,
    suffix: str = ".int8.onnx",
    languages: tuple[str, ...] = ("en", "de"),
    sharpness: float = SHARPNESS,
) -> Path:
    """Write the model; the suffix `.onnx` stands for float32, which these weights are in any case."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_encoder(folder / f"encoder-model{suffix}")
    _write_decoder(folder / f"decoder_joint-model{suffix}", sharpness)
    lines = (f"{token} {number}\n" for number, token in enumerate((*TOKENS, "<blk>")))
    (folder / "vocab.txt").write_text("".join(lines), "utf-8")
    config = {"model_type": "nemo-conformer-tdt", "features_size": MELS, "subsampling_factor": 8}
    (folder / "config.json").write_text(json.dumps(config | {"languages": languages}))
    return folder


class _Network(GraphWriter):
    """Layers; each method returns the name of its output."""

    def linear(
        self, source: str, result: str, inputs: int, outputs: int, spread: float = 1.0
    ) -> str:
        self.constant(f"{result}.bias", np.zeros(outputs), "float32")
        weights = self._random.normal(0.0, spread / np.sqrt(inputs), (inputs, outputs))
        self.constant(f"{result}.weight", weights, "float32")
        self.node("MatMul", f"{source} {result}.weight", f"{result}.product")
        return self.node("Add", f"{result}.product {result}.bias", result)

    def norm(self, source: str, result: str) -> str:
        self.constant(f"{result}.scale", np.ones(WIDTH), "float32")
        self.constant(f"{result}.shift", np.zeros(WIDTH), "float32")
        return self.node(
            "LayerNormalization", f"{source} {result}.scale {result}.shift", result, axis=2
        )

    def swish(self, source: str, result: str) -> str:
        self.node("Sigmoid", source, f"{result}.gate")
        return self.node("Mul", f"{source} {result}.gate", result)

    def heads(self, source: str, result: str) -> str:
        """Divide into heads: [batch, heads, frames, width of a head]."""
        self.node("Reshape", f"{source} to_heads", f"{result}.parts")
        return self.node("Transpose", f"{result}.parts", result, perm=[0, 2, 1, 3])


def _write_encoder(path: Path) -> None:
    net = _Network(seed=1)
    net.interface(11, "audio_signal", "float32", "batch", MELS, "frames")
    net.interface(11, "length", "int64", "batch")
    _constants(net)
    x = _subsampled(net)
    _positions(net, x)
    for number in range(LAYERS):
        x = _conformer(net, x, f"layer{number}")
    net.node("Transpose", x, "outputs", perm=[0, 2, 1])
    net.interface(12, "outputs", "float32", "batch", WIDTH, "positions")
    net.interface(12, "encoded_lengths", "int64", "batch")
    net.save(path, OPERATORS)


def _constants(net: _Network) -> None:
    for name, values in {
        "zero": [0],
        "one": [1],
        "two": [2],
        "three": [3],
        "minus_one": [-1],
        "to_heads": [0, 0, HEADS, WIDTH // HEADS],
        "from_heads": [0, 0, WIDTH],
        "kept_kept_rest": [0, 0, -1],
        "kept_kept": [0, 0],
        "pad_left": [0, 0, 0, 1, 0, 0, 0, 0],
        "center": [MAX_FRAMES],
    }.items():
        net.constant(name, values)
    net.constant("half", 0.5, "float32")
    net.constant("root", 1 / np.sqrt(WIDTH // HEADS), "float32")
    steps = np.arange(MAX_FRAMES - 1, -MAX_FRAMES, -1)[:, None]
    rates = np.exp(np.arange(0, WIDTH, 2) * -(np.log(10_000.0) / WIDTH))
    table = np.zeros((1, 2 * MAX_FRAMES - 1, WIDTH))
    table[0, :, 0::2], table[0, :, 1::2] = np.sin(steps * rates), np.cos(steps * rates)
    net.constant("position_table", table, "float32")


def _subsampled(net: _Network) -> str:
    """Three strided convolutions, the last two separable: one position for eight frames."""
    net.node("Transpose", "audio_signal", "turned", perm=[0, 2, 1])
    x = net.node("Unsqueeze", "turned one", "picture")
    length = "length"
    strided = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    for number in range(3):
        depth, groups = (1, 1) if number == 0 else (1, CHANNELS)
        weight = net.random(f"sub{number}.weight", CHANNELS, depth, 3, 3)
        x = net.node("Conv", f"{x} {weight}", f"sub{number}.depth", group=groups, **strided)
        if number:
            weight = net.random(f"sub{number}.mix", CHANNELS, CHANNELS, 1, 1)
            x = net.node("Conv", f"{x} {weight}", f"sub{number}.mixed", kernel_shape=[1, 1])
        x = net.node("Relu", x, f"sub{number}")
        net.node("Sub", f"{length} one", f"length{number}.less")
        net.node("Div", f"length{number}.less two", f"length{number}.half")
        last = number == 2
        length = net.node(
            "Add", f"length{number}.half one", "encoded_lengths" if last else f"length{number}"
        )
    net.node("Transpose", x, "rows", perm=[0, 2, 1, 3])
    net.node("Reshape", "rows kept_kept_rest", "flat")
    return net.linear("flat", "projected", CHANNELS * MELS // 8, WIDTH)


def _positions(net: _Network, x: str) -> None:
    net.node("Shape", x, "shape")
    net.node("Gather", "shape one", "count")
    net.node("Sub", "center count", "first")
    net.node("Add", "center count", "past")
    net.node("Sub", "past one", "last")
    net.node("Slice", "position_table first last one", "positions")
    net.node("Concat", "kept_kept minus_one count", "shifted_shape", axis=0)
    net.node("Concat", "kept_kept count minus_one", "scored_shape", axis=0)


def _conformer(net: _Network, x: str, name: str) -> str:
    x = _half_step(net, x, f"{name}.first")
    attended = _attention(net, net.norm(x, f"{name}.norm"), f"{name}.attention")
    x = net.node("Add", f"{x} {attended}", f"{name}.attended")
    convolved = _convolution(net, net.norm(x, f"{name}.norm2"), f"{name}.conv")
    x = net.node("Add", f"{x} {convolved}", f"{name}.convolved")
    return net.norm(_half_step(net, x, f"{name}.second"), name)


def _half_step(net: _Network, x: str, name: str) -> str:
    wide = net.linear(net.norm(x, f"{name}.norm"), f"{name}.wide", WIDTH, 4 * WIDTH)
    narrow = net.linear(net.swish(wide, f"{name}.lively"), f"{name}.narrow", 4 * WIDTH, WIDTH)
    net.node("Mul", f"{narrow} half", f"{name}.half")
    return net.node("Add", f"{x} {name}.half", name)


def _attention(net: _Network, x: str, name: str) -> str:
    """Attention with relative positions, as in Transformer-XL."""
    query, key, value = (
        net.heads(net.linear(x, f"{name}.{part}_flat", WIDTH, WIDTH), f"{name}.{part}")
        for part in ("query", "key", "value")
    )
    place = net.heads(net.linear("positions", f"{name}.place_flat", WIDTH, WIDTH), f"{name}.place")
    for part, other in (("content", key), ("position", place)):
        net.random(f"{name}.{part}_bias", 1, HEADS, 1, WIDTH // HEADS)
        net.node("Add", f"{query} {name}.{part}_bias", f"{name}.{part}_query")
        net.node("Transpose", other, f"{name}.{part}_turned", perm=[0, 1, 3, 2])
        net.node("MatMul", f"{name}.{part}_query {name}.{part}_turned", f"{name}.{part}_raw")
    net.node("Pad", f"{name}.position_raw pad_left", f"{name}.padded")
    net.node("Reshape", f"{name}.padded shifted_shape", f"{name}.skewed")
    net.node("Slice", f"{name}.skewed one past two", f"{name}.cut")
    net.node("Reshape", f"{name}.cut scored_shape", f"{name}.shifted")
    net.node("Slice", f"{name}.shifted zero count three", f"{name}.position_score")
    net.node("Add", f"{name}.content_raw {name}.position_score", f"{name}.sum")
    net.node("Mul", f"{name}.sum root", f"{name}.score")
    net.node("Softmax", f"{name}.score", f"{name}.weights", axis=3)
    net.node("MatMul", f"{name}.weights {value}", f"{name}.mixed")
    net.node("Transpose", f"{name}.mixed", f"{name}.turned", perm=[0, 2, 1, 3])
    net.node("Reshape", f"{name}.turned from_heads", f"{name}.joined")
    return net.linear(f"{name}.joined", name, WIDTH, WIDTH)


def _convolution(net: _Network, x: str, name: str) -> str:
    net.node("Transpose", x, f"{name}.columns", perm=[0, 2, 1])
    net.random(f"{name}.gates", 2 * WIDTH, WIDTH, 1)
    net.node("Conv", f"{name}.columns {name}.gates", f"{name}.both", kernel_shape=[1])
    net.node("Split", f"{name}.both", f"{name}.left {name}.right", axis=1)
    net.node("Sigmoid", f"{name}.right", f"{name}.gate")
    net.node("Mul", f"{name}.left {name}.gate", f"{name}.gated")
    net.random(f"{name}.depth", WIDTH, 1, KERNEL)
    pads = [KERNEL // 2, KERNEL // 2]
    net.node(
        "Conv",
        f"{name}.gated {name}.depth",
        f"{name}.deep",
        kernel_shape=[KERNEL],
        pads=pads,
        group=WIDTH,
    )
    for part, number in (("scale", 1.0), ("shift", 0.0), ("mean", 0.0), ("variance", 1.0)):
        net.constant(f"{name}.{part}", np.full(WIDTH, number), "float32")
    statistics = " ".join(f"{name}.{part}" for part in ("scale", "shift", "mean", "variance"))
    net.node("BatchNormalization", f"{name}.deep {statistics}", f"{name}.normal")
    net.swish(f"{name}.normal", f"{name}.lively")
    net.random(f"{name}.point", WIDTH, WIDTH, 1)
    net.node("Conv", f"{name}.lively {name}.point", f"{name}.out", kernel_shape=[1])
    return net.node("Transpose", f"{name}.out", name, perm=[0, 2, 1])


def _write_decoder(path: Path, sharpness: float) -> None:
    """The prediction network, two LSTM layers, and the joint network."""
    net = _Network(seed=2)
    net.interface(11, "encoder_outputs", "float32", "batch", WIDTH, "positions")
    for name, shape in (("targets", ("batch", "tokens")), ("target_length", ("batch",))):
        net.interface(11, name, "int32", *shape)
    for number in (1, 2):
        net.interface(11, f"input_states_{number}", "float32", PREDICTION_LAYERS, "batch", STATE)
    net.constant("one", [1])
    net.constant("two", [2])
    net.constant("sharpness", sharpness, "float32")
    net.random("embedding", len(TOKENS) + 1, STATE, spread=4.0)
    net.node("Gather", "embedding targets", "embedded")
    x = net.node("Transpose", "embedded", "in_time", perm=[1, 0, 2])
    for number in (1, 2):
        parts = " ".join(f"states_{number}_{layer}" for layer in range(PREDICTION_LAYERS))
        net.node("Split", f"input_states_{number}", parts, axis=0)
    for layer in range(PREDICTION_LAYERS):
        net.random(f"lstm{layer}.input", 1, 4 * STATE, STATE, spread=4.0)
        net.random(f"lstm{layer}.state", 1, 4 * STATE, STATE, spread=4.0)
        weights = f"lstm{layer}.input lstm{layer}.state"
        states = f"states_1_{layer} states_2_{layer}"
        outputs = f"lstm{layer} hidden{layer} cell{layer}"
        net.node("LSTM", f"{x} {weights} - - {states}", outputs, hidden_size=STATE)
        x = net.node("Squeeze", f"lstm{layer} one", f"predicted{layer}")
    for number, kind in ((1, "hidden"), (2, "cell")):
        parts = " ".join(f"{kind}{layer}" for layer in range(PREDICTION_LAYERS))
        net.node("Concat", parts, f"output_states_{number}", axis=0)
    net.node("Transpose", x, "prediction", perm=[1, 0, 2])
    net.node("Transpose", "encoder_outputs", "encoding", perm=[0, 2, 1])
    net.linear("encoding", "from_encoder", WIDTH, JOINT, spread=6.0)
    net.linear("prediction", "from_prediction", STATE, JOINT)
    net.node("Unsqueeze", "from_encoder two", "wide_encoder")
    net.node("Unsqueeze", "from_prediction one", "wide_prediction")
    net.node("Add", "wide_encoder wide_prediction", "joint_sum")
    net.node("Relu", "joint_sum", "joint")
    net.linear("joint", "raw", JOINT, len(TOKENS) + 1 + DURATIONS)
    net.node("Mul", "raw sharpness", "sharp")
    bias = np.zeros(len(TOKENS) + 1 + DURATIONS)
    bias[0], bias[len(TOKENS)] = -1000.0, BLANK_BIAS
    net.constant("bias", bias, "float32")
    net.node("Add", "sharp bias", "outputs")
    net.node("Identity", "target_length", "prednet_lengths")
    net.interface(12, "outputs", "float32", "batch", "positions", "tokens", len(bias))
    net.interface(12, "prednet_lengths", "int32", "batch")
    for number in (1, 2):
        net.interface(12, f"output_states_{number}", "float32", 2, "batch", STATE)
    net.save(path, OPERATORS)
