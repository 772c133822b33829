"""The number format of XTTS's transformer: the setting `TTS_PRECISION`."""

from __future__ import annotations

from typing import Literal, TypeAlias, cast, get_args

from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.machine.processor import Processor

WeightFormat: TypeAlias = Literal["float32", "float16", "bfloat16", "int8"]
"""Number format in which the transformer's weights are stored and multiplied."""
Precision: TypeAlias = Literal["auto", "float32", "float16", "bfloat16", "int8"]


def weight_format(device: str, precision: str) -> WeightFormat:
    """The format that `precision` selects on `device`, such as `cpu` or `cuda:0`.

    `auto` is float32 on the CPU, float16 elsewhere. int8, on the CPU only, stores each weight in eight
    bits and rounds activations to eight bits too; how this affects the voice has not been evaluated.

    Raises:
        EngineError: the precision is unknown, or the device does not support it.
    """
    on_cpu = device.partition(":")[0] == "cpu"
    if precision == "auto":
        return "float32" if on_cpu else "float16"
    if precision not in get_args(WeightFormat):
        raise EngineError(
            f"Unknown precision {precision!r}. Set TTS_PRECISION to one of"
            f" {', '.join(get_args(Precision))}."
        )
    if precision == "int8" and not on_cpu:
        raise EngineError(
            f"XTTS does not support int8 on {device}. Set TTS_PRECISION to float16, or TTS_DEVICE to"
            " cpu."
        )
    return cast("WeightFormat", precision)


def vocodes_in_bfloat16(
    device_type: str, number_format: WeightFormat, processor: Processor
) -> bool:
    """Whether the vocoder computes in bfloat16: half the time on processors with instructions for it.

    Only for precisions that already differ from float32, because the audio differs too: with random
    weights, the difference is 36 dB below the audio.
    """
    fast = number_format in {"bfloat16", "int8"}
    return device_type == "cpu" and fast and processor.multiplies_bfloat16
