"""How exactly XTTS's transformer computes: `TTS_PRECISION`."""

from __future__ import annotations

from typing import Literal, TypeAlias, cast, get_args

from wyoming_voice_stack.errors import EngineError

Form: TypeAlias = Literal["float32", "float16", "bfloat16", "int8"]
"""In which form the transformer's weights are kept and multiplied."""
Precision: TypeAlias = Literal["auto", "float32", "float16", "bfloat16", "int8"]


def form_on(device: str, precision: str) -> Form:
    """The form that `precision` means on `device`, such as `cpu` or `cuda:0`.

    `auto` is float32 on the CPU, float16 elsewhere. int8 keeps each weight in eight bits and
    rounds what it is multiplied with to eight bits too, on the CPU only. How the voice sounds with
    it, nobody has compared.

    Raises:
        EngineError: there is no such precision, or the device cannot compute with it.
    """
    on_cpu = device.partition(":")[0] == "cpu"
    if precision == "auto":
        return "float32" if on_cpu else "float16"
    if precision not in get_args(Form):
        raise EngineError(
            f"There is no precision {precision!r}. Set TTS_PRECISION to one of"
            f" {', '.join(get_args(Precision))}."
        )
    if precision == "int8" and not on_cpu:
        raise EngineError(
            f"XTTS cannot compute with int8 on {device}. Set TTS_PRECISION to float16, or"
            " TTS_DEVICE to cpu."
        )
    return cast("Form", precision)
