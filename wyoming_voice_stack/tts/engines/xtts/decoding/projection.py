"""Products with the transformer's weights, in each of the forms they may be kept in.

Importing this imports torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from wyoming_voice_stack.machine.hardware import available_memory_bytes
from wyoming_voice_stack.tts.engines.xtts.decoding.precision import Form

Projection: TypeAlias = Callable[[Tensor], Tensor]
"""From float tensors of shape [rows, inputs] to [rows, outputs], in the form's own float type."""

COPYING_BYTES = 3_000_000_000
"""Memory that must be free for the copies, which take 1.5 GB of XTTS v2; without them, several
sentences at once take twice as long."""

_LARGEST_INT8 = 127
_MIDDLE_UINT8 = 128
_SMALLEST_SCALE = 1e-12


def float_type(form: Form) -> torch.dtype:
    """What keys, values and the outputs of a projection are made of."""
    return {"float16": torch.float16, "bfloat16": torch.bfloat16}.get(form, torch.float32)


def projection(layer: Any, form: Form) -> Projection:
    """The product with one of GPT-2's `Conv1D` layers, whose weight has shape [inputs, outputs]."""
    weight, bias = layer.weight.detach(), layer.bias.detach()
    if form == "int8":
        return _int8(weight, bias)
    if form != "float32":
        kind = float_type(form)
        turned, shift = weight.t().to(kind).contiguous(), bias.to(kind)
        return lambda rows: functional.linear(rows.to(kind), turned, shift)
    packs = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if weight.device.type == "cpu" and packs and available_memory_bytes() >= COPYING_BYTES:
        return _for_one_and_many(weight, bias)
    return lambda rows: torch.addmm(bias, rows, weight)


def _for_one_and_many(weight: Tensor, bias: Tensor) -> Projection:
    """The weight as it is for one row, and a copy in oneDNN's own order for more.

    Measured with XTTS v2 on two cores: a step takes 88 ms for one row as it is, 138 ms in oneDNN's
    order; for eight rows it takes 430 and 159 ms. A prefix of a hundred rows takes 1.2 and 0.8 s.
    """
    # Both are what torch's own compiler calls.
    pack = torch.ops.mkldnn._reorder_linear_weight  # noqa: SLF001
    multiply = torch.ops.mkldnn._linear_pointwise  # noqa: SLF001
    packed = pack(weight.t().contiguous())

    def project(rows: Tensor) -> Tensor:
        if len(rows) == 1:
            return torch.addmm(bias, rows, weight)
        product: Tensor = multiply(rows, packed, bias, "none", [], "")
        return product

    return project


def _int8(weight: Tensor, bias: Tensor) -> Projection:
    """One scale for each output, and one for each row, so that rows do not change each other."""
    scales = _scales(weight, dim=0).view(-1)
    rounded = (weight / scales).round().to(torch.int8).t().contiguous()
    zeros = torch.zeros(len(scales), dtype=torch.int32)
    packed = torch.ops.onednn.qlinear_prepack(rounded, None)
    multiply = torch.ops.onednn.qlinear_pointwise

    def project(rows: Tensor) -> Tensor:
        row_scales = _scales(rows, dim=1)
        # Unsigned, with a middle of 128: what is signed takes oneDNN a hundred times as long.
        unsigned = (rows / row_scales).round_().add_(_MIDDLE_UINT8).to(torch.uint8)
        product = multiply(
            *(unsigned, 1.0, _MIDDLE_UINT8, packed, scales, zeros, None),
            *(1.0, 0, torch.float32, "none", [], ""),
        )
        return torch.addcmul(bias, product, row_scales)

    return project


def _scales(values: Tensor, dim: int) -> Tensor:
    largest = values.abs().amax(dim, keepdim=True)
    return largest.clamp(min=_SMALLEST_SCALE) / _LARGEST_INT8
