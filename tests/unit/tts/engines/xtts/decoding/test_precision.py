from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from tests.support.checkpoints.tiny_xtts import SPEAKERS
from tests.support.engines import alike, spoken
from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.machine.processor import Processor
from wyoming_voice_stack.tts.engine import SynthesisRequest
from wyoming_voice_stack.tts.engines.model_files import ModelFiles
from wyoming_voice_stack.tts.engines.xtts.decoding.precision import (
    WeightFormat,
    vocodes_in_bfloat16,
    weight_format,
)
from wyoming_voice_stack.tts.engines.xtts.engine import XttsSource

DECODER = "wyoming_voice_stack.tts.engines.xtts.decoding.decoder"
YES = SynthesisRequest("yes, sir.", "en", voice=SPEAKERS[1])


def source(folder: Path, precision: str) -> XttsSource:
    return XttsSource(ModelFiles.at(folder), device="cpu", precision=precision)


@pytest.mark.parametrize(
    ("placement", "expected"),
    [
        (("cpu", "auto"), "float32"),
        (("cuda:0", "auto"), "float16"),
        (("cuda", "float32"), "float32"),
        (("cuda:1", "bfloat16"), "bfloat16"),
        (("cpu", "int8"), "int8"),
    ],
)
def test_auto_depends_on_the_device(placement: tuple[str, str], expected: str) -> None:
    assert weight_format(*placement) == expected


@pytest.mark.parametrize(
    ("device", "precision", "advice"),
    [
        ("cuda:0", "int8", "Set TTS_PRECISION to float16"),
        ("cpu", "int4", "one of auto, float32, float16, bfloat16, int8"),
    ],
)
def test_unsupported_precisions_are_refused(device: str, precision: str, advice: str) -> None:
    with pytest.raises(EngineError, match=advice):
        weight_format(device, precision)


@pytest.mark.parametrize(
    ("device", "weights", "feature", "expected"),
    [
        ("cpu", "int8", "avx512_bf16", True),
        ("cpu", "bfloat16", "avx512_bf16", True),
        ("cpu", "float32", "avx512_bf16", False),
        ("cpu", "float16", "avx512_bf16", False),
        ("cpu", "int8", "avx512f", False),
        ("cuda", "bfloat16", "avx512_bf16", False),
    ],
)
def test_the_vocoder_is_exact_unless_speed_is_requested(
    device: str, weights: WeightFormat, feature: str, *, expected: bool
) -> None:
    processor = Processor("x86_64", "", frozenset({feature}))
    assert vocodes_in_bfloat16(device, weights, processor) is expected


@pytest.mark.parametrize("precision", ["float16", "bfloat16", "int8"])
def test_speaks_with_each_weight_format(xtts_folder: Path, precision: str) -> None:
    engine = source(xtts_folder, precision).load()
    sound = spoken(engine, YES)
    assert np.abs(sound).max() > 0.01
    assert alike(spoken(engine, YES), sound)
    engine.close()


@pytest.mark.parametrize(
    ("function", "error", "precision", "message"),
    [
        (
            "Decoder.begin",
            RuntimeError("not implemented for 'Half'"),
            "float16",
            r"float16 on cpu.*'Half'.*TTS_PRECISION to auto",
        ),
        (
            "projection",
            AttributeError("no qlinear_prepack"),
            "int8",
            r"int8 on cpu.*prepack.*TTS_PRECISION",
        ),
    ],
    ids=["at the first step", "at loading"],
)
def test_a_format_that_the_device_does_not_support_is_reported(
    xtts_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    function: str,
    error: Exception,
    precision: str,
    message: str,
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(f"{DECODER}.{function}", refuse)
    with pytest.raises(EngineError, match=message):
        source(xtts_folder, precision).load()


@pytest.mark.parametrize(("free_bytes", "copies"), [(10**12, 1), (10**9, 0)])
def test_weights_are_copied_only_with_enough_memory(
    monkeypatch: pytest.MonkeyPatch, free_bytes: int, copies: int
) -> None:
    import torch

    from wyoming_voice_stack.tts.engines.xtts.decoding import projection

    made: list[int] = []
    for_one_and_many = projection._single_row_and_batch

    def counting(weight: torch.Tensor, bias: torch.Tensor) -> projection.Projection:
        made.append(1)
        return for_one_and_many(weight, bias)

    monkeypatch.setattr(projection, "available_memory_bytes", lambda: free_bytes)
    monkeypatch.setattr(projection, "_single_row_and_batch", counting)
    layer = torch.nn.Linear(8, 6)
    layer.weight = torch.nn.Parameter(layer.weight.detach().t().contiguous())
    rows = torch.randn(3, 8)
    product = projection.projection(layer, "float32")(rows)
    assert len(made) == copies
    assert torch.allclose(product, rows @ layer.weight + layer.bias, atol=1e-6)


@pytest.mark.parametrize("step", ["device_of", "XttsSynthesizer.warm_up"])
def test_a_failed_load_leaves_no_thread(
    xtts_folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def stumble(_: object) -> None:
        raise ValueError("a vocabulary of another model")

    before = set(threading.enumerate())
    monkeypatch.setattr(f"wyoming_voice_stack.tts.engines.xtts.engine.{step}", stumble)
    with pytest.raises(ValueError, match="another model"):
        source(xtts_folder, "float32").load()
    assert set(threading.enumerate()) == before
