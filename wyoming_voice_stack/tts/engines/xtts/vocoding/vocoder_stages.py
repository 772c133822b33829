"""XTTS's vocoder, a HiFi-GAN, as stages that each compute every position of a sentence once.

A stage ends with an upsampling: the receptive field of all layers together is 13 frames on each side,
most of it in the first two stages, where a frame has one and eight positions. A window of the whole
vocoder would compute its 26 frames of context in all layers. Importing this imports torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from wyoming_voice_stack.tts.engines.xtts.vocoding.convolutions import (
    Convolution,
    convolution,
    upsampling,
)

_SLOPE = 0.1
_LAST_SLOPE = 0.01

Network: TypeAlias = Callable[[Tensor, Tensor | None], Tensor]
"""From inputs of shape [1, channels, 1, positions], and the addition of a speaker, to outputs."""


@dataclass(frozen=True)
class VocoderStage:
    """Some layers of the vocoder."""

    compute: Network
    context: int
    """Positions before and after an input position that its outputs depend on."""
    scale: int
    """Outputs of each input position."""
    rate: int
    """Input positions of a frame."""


class VocoderStageStream:
    """The inputs of a stage in one sentence that later outputs depend on."""

    def __init__(self, stage: VocoderStage, speaker: Tensor | None, *, step: int) -> None:
        self._stage = stage
        self._speaker = speaker
        self._step = step
        self._inputs: Tensor | None = None
        self._start = 0
        self._done = 0

    def compute(self, new: Tensor | None, *, last: bool) -> Tensor | None:
        """Add inputs, and return the outputs that no later input changes; None if there are none."""
        if new is not None:
            self._inputs = new if self._inputs is None else torch.cat([self._inputs, new], dim=3)
        if self._inputs is None:
            return None
        stage = self._stage
        end = self._start + self._inputs.shape[3]
        ready = end if last else end - stage.context
        if ready <= self._done:
            return None
        begin = self._begin(end)
        outputs = stage.compute(self._inputs[..., begin - self._start :], self._speaker)
        first = (self._done - begin) * stage.scale
        kept = outputs[..., first : first + (ready - self._done) * stage.scale]
        self._done = ready
        self._forget()
        return kept

    def _begin(self, end: int) -> int:
        """The first input of a window, so that windows have few lengths."""
        begin = max(0, self._done - self._stage.context)
        spare = (2 * self._stage.context - (end - begin)) % self._step
        return max(self._start, begin - spare)

    def _forget(self) -> None:
        """Drop the inputs that no window needs any more."""
        start = max(self._start, self._done - self._stage.context - self._step)
        if self._inputs is not None:
            # A view would keep the memory of the whole window.
            self._inputs = self._inputs[..., start - self._start :].clone()
        self._start = start


@dataclass(frozen=True)
class StagedVocoder:
    """The stages of a vocoder, in their order."""

    stages: tuple[VocoderStage, ...]
    speaker_layers: tuple[nn.Module | None, ...]
    """For each stage, what turns the embedding of a speaker into its addition."""
    dtype: torch.dtype
    """The type of weights and of what a convolution takes; sums are float32."""
    device: torch.device

    def start_streams(self, speaker: Tensor, *, step_frames: int) -> tuple[VocoderStageStream, ...]:
        """The stages of a new sentence; `speaker` is an embedding of shape [1, 512, 1].

        All windows but the first and those at the end have the same length if `step_frames` are added at a
        time.
        """
        speaker = speaker.to(self.device)
        additions = [
            None if layer is None else layer(speaker)[:, :, None] for layer in self.speaker_layers
        ]
        return tuple(
            VocoderStageStream(stage, addition, step=step_frames * stage.rate)
            for stage, addition in zip(self.stages, additions, strict=True)
        )

    def inputs(self, frames: Tensor) -> Tensor:
        """The first stage's inputs from frames of shape [width, frames]."""
        return frames[None, :, None].to(self.dtype)


def split_into_stages(generator: Any, dtype: torch.dtype) -> StagedVocoder:
    """Split coqui-tts's `HifiganGenerator`, whose weight norm is folded.

    The contexts follow from the kernels and dilations: a convolution of kernel `k` and dilation `d` adds
    `d (k - 1) / 2` on each side. The convolutions of a residual block add up; of parallel blocks the
    largest counts. A transposed convolution of stride `s` and padding `p` turns `r` outputs into
    `(r + k - 1 - p) / s` inputs. For XTTS v2 this is 4 frames, then 61, 61, 61 and 63 positions.
    """
    levels = len(generator.ups)
    parallel = len(generator.resblocks) // levels
    stages, rate = [], 1
    for level in range(levels + 1):
        blocks = list(
            generator.resblocks[(level - 1) * parallel : level * parallel] if level else ()
        )
        begin = _residual(blocks, dtype) if level else _first(generator.conv_pre, dtype)
        context = max(map(_block_side, blocks)) if level else _side(generator.conv_pre)
        if level == levels:
            stage = VocoderStage(
                _last(begin, generator.conv_post, dtype),
                context=context + _side(generator.conv_post),
                scale=1,
                rate=rate,
            )
        else:
            up = generator.ups[level]
            scale = int(up.stride[0])
            context += (up.kernel_size[0] - 1 - up.padding[0]) // scale
            stage = VocoderStage(
                _raising(begin, up, dtype), context=context, scale=scale, rate=rate
            )
        stages.append(stage)
        rate *= stage.scale
    raised = generator.conds if generator.cond_in_each_up_layer else [None] * levels
    return StagedVocoder(
        stages=tuple(stages),
        speaker_layers=(getattr(generator, "cond_layer", None), *raised),
        dtype=dtype,
        device=generator.conv_pre.weight.device,
    )


def _first(layer: nn.Conv1d, dtype: torch.dtype) -> Network:
    convolve = convolution(layer, dtype)
    return lambda inputs, speaker: _added(convolve(inputs), speaker)


def _residual(blocks: Sequence[Any], dtype: torch.dtype) -> Network:
    """The mean of parallel residual blocks."""
    pairs = [
        [
            (convolution(one, dtype, slope=_SLOPE), convolution(other, dtype))
            for one, other in zip(block.convs1, block.convs2, strict=True)
        ]
        for block in blocks
    ]

    def compute(inputs: Tensor, speaker: Tensor | None) -> Tensor:
        inputs = _added(inputs, speaker)
        total = _block(inputs, pairs[0], dtype)
        for block in pairs[1:]:
            total += _block(inputs, block, dtype)
        return total.div_(len(pairs))

    return compute


def _block(
    state: Tensor, pairs: Sequence[tuple[Convolution, Convolution]], dtype: torch.dtype
) -> Tensor:
    for one, other in pairs:
        state = other(one(functional.leaky_relu(state, _SLOPE).to(dtype))).float().add_(state)
    return state


def _raising(begin: Network, layer: nn.ConvTranspose1d, dtype: torch.dtype) -> Network:
    raise_rate = upsampling(layer, dtype)
    return lambda inputs, speaker: raise_rate(
        functional.leaky_relu_(begin(inputs, speaker), _SLOPE).to(dtype)
    )


def _last(begin: Network, layer: nn.Conv1d, dtype: torch.dtype) -> Network:
    convolve = convolution(layer, dtype)
    return lambda inputs, speaker: torch.tanh(
        convolve(functional.leaky_relu_(begin(inputs, speaker), _LAST_SLOPE).to(dtype)).float()
    )


def _added(state: Tensor, speaker: Tensor | None) -> Tensor:
    return state.float() if speaker is None else state + speaker


def _side(layer: nn.Conv1d) -> int:
    return int(layer.dilation[0] * (layer.kernel_size[0] - 1) // 2)


def _block_side(block: nn.Module) -> int:
    return sum(_side(part) for part in block.modules() if isinstance(part, nn.Conv1d))
