"""Matrix products with the transformer's weights, for each weight format.

Importing this imports torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from wyoming_voice_stack.machine.hardware import available_memory_bytes
from wyoming_voice_stack.tts.engines.xtts.decoding.precision import WeightFormat

Projection: TypeAlias = Callable[[Tensor], Tensor]
"""From float tensors of shape [rows, inputs] to [rows, outputs], in the float type of the format."""

COPYING_BYTES = 3_000_000_000
"""Free memory needed for second copies of the weights, which take 1.5 GB for XTTS v2. Without them,
several sentences at once take twice as long."""

_LARGEST_INT8 = 127
_MIDDLE_UINT8 = 128
_SMALLEST_SCALE = 1e-12


def float_type(weight_format: WeightFormat) -> torch.dtype:
    """The type of keys, values and the outputs of a projection."""
    return {"float16": torch.float16, "bfloat16": torch.bfloat16}.get(weight_format, torch.float32)


def projection(layer: Any, weight_format: WeightFormat) -> Projection:
    """The product with one of GPT-2's `Conv1D` layers, whose weight has the shape [inputs, outputs]."""
    weight, bias = layer.weight.detach(), layer.bias.detach()
    if weight_format == "int8":
        return _int8(weight, bias)
    if weight_format != "float32":
        dtype = float_type(weight_format)
        transposed, shift = weight.t().to(dtype).contiguous(), bias.to(dtype)
        return lambda rows: functional.linear(rows.to(dtype), transposed, shift)
    packs = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if weight.device.type == "cpu" and packs and available_memory_bytes() >= COPYING_BYTES:
        return _single_row_and_batch(weight, bias)
    return lambda rows: torch.addmm(bias, rows, weight)


def _single_row_and_batch(weight: Tensor, bias: Tensor) -> Projection:
    """Use the weight as it is for one row, and a copy in oneDNN's layout for more.

    Measured with XTTS v2 on two cores: a step takes 88 ms for one row as it is and 138 ms in oneDNN's
    layout; for eight rows it takes 430 and 159 ms. A prompt of a hundred rows takes 1.2 and 0.8 s.
    """
    # torch's own compiler calls the same two functions.
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
    """Quantize with one scale for each output and one for each row, so that rows stay independent."""
    scales = _scales(weight, dim=0).view(-1)
    rounded = (weight / scales).round().to(torch.int8).t().contiguous()
    zeros = torch.zeros(len(scales), dtype=torch.int32)
    packed = torch.ops.onednn.qlinear_prepack(rounded, None)
    multiply = torch.ops.onednn.qlinear_pointwise

    def project(rows: Tensor) -> Tensor:
        row_scales = _scales(rows, dim=1)
        # Unsigned with zero point 128: oneDNN takes a hundred times as long with signed activations.
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
