"""Products with the transformer's weights, in each of the forms they may be kept in.

Importing this imports torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from wyoming_voice_stack.tts.xtts.precision import Form

Projection: TypeAlias = Callable[[Tensor], Tensor]
"""From float tensors of shape [rows, inputs] to [rows, outputs], in the form's own float type."""

_LARGEST_INT8 = 127
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
    if weight.device.type == "cpu" and packs:
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
    scales = _scales(weight, dim=0)
    rounded = (weight / scales).round().to(torch.int8).contiguous()

    def multiply(rows: Tensor) -> Tensor:
        rows_scales = _scales(rows, dim=1)
        rows_rounded = (rows / rows_scales).round().to(torch.int8)
        # Not public, and yet what torch's own tools for quantization call.
        product = torch._int_mm(rows_rounded, rounded)  # noqa: SLF001
        return torch.addcmul(bias, product.float().mul_(rows_scales), scales)

    return multiply


def _scales(values: Tensor, dim: int) -> Tensor:
    largest = values.abs().amax(dim, keepdim=True)
    return largest.clamp(min=_SMALLEST_SCALE) / _LARGEST_INT8
