"""The convolutions of XTTS's vocoder, over tensors of shape [1, channels, 1, positions].

Importing this imports torch.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

Convolution: TypeAlias = Callable[[Tensor], Tensor]
"""From [1, inputs, 1, positions] to [1, outputs, 1, positions]."""


def packs(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether weights are stored in oneDNN's own layout, which was measured on x86-64 only.

    float32 is not: the products then differ in the last bits from those of coqui-tts, for a sixth of the
    time.
    """
    available: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    rounded = dtype == torch.bfloat16
    return rounded and available and device.type == "cpu" and platform.machine() == "x86_64"


def convolution(layer: nn.Conv1d, dtype: torch.dtype, *, slope: float | None = None) -> Convolution:
    """The convolution of a layer, followed by a leaky ReLU of `slope` if there is one."""
    weight, bias = _parameters(layer, dtype)
    padding, dilation = (0, int(layer.padding[0])), (1, layer.dilation[0])
    if not packs(weight.device, dtype):

        def plain(inputs: Tensor) -> Tensor:
            outputs = functional.conv2d(inputs, weight, bias, 1, padding, dilation)
            return outputs if slope is None else functional.leaky_relu(outputs, slope)

        return plain
    # torch's own compiler calls the same two functions.
    packed = torch.ops.mkldnn._reorder_convolution_weight(  # noqa: SLF001
        weight, padding, (1, 1), dilation, 1, None
    )
    run = torch.ops.mkldnn._convolution_pointwise  # noqa: SLF001
    activation = ("none", [], "") if slope is None else ("leaky_relu", [slope], "")

    def fused(inputs: Tensor) -> Tensor:
        outputs: Tensor = run(inputs, packed, bias, padding, (1, 1), dilation, 1, *activation)
        return outputs

    return fused


def upsampling(layer: nn.ConvTranspose1d, dtype: torch.dtype) -> Convolution:
    """The transposed convolution of a layer."""
    weight, bias = _parameters(layer, dtype)
    padding, stride = (0, int(layer.padding[0])), (1, layer.stride[0])
    if not packs(weight.device, dtype):
        return lambda inputs: functional.conv_transpose2d(inputs, weight, bias, stride, padding)
    packed = torch.ops.mkldnn._reorder_convolution_transpose_weight(  # noqa: SLF001
        weight, padding, (0, 0), stride, (1, 1), 1, None
    )
    run = torch.ops.mkldnn._convolution_transpose_pointwise  # noqa: SLF001

    def fused(inputs: Tensor) -> Tensor:
        outputs: Tensor = run(
            inputs, packed, bias, padding, (0, 0), stride, (1, 1), 1, "none", [], ""
        )
        return outputs

    return fused


def _parameters(
    layer: nn.Conv1d | nn.ConvTranspose1d, dtype: torch.dtype
) -> tuple[Tensor, Tensor | None]:
    bias = None if layer.bias is None else layer.bias.detach().to(dtype)
    return layer.weight.detach()[:, :, None].to(dtype), bias
