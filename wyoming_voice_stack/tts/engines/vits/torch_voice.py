"""Coqui's VITS in PyTorch, divided before its vocoder: text is encoded once, audio decoded in windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from wyoming_voice_stack.tts.engines.vits.receptive_field import (
    Convolution,
    Layer,
    ReceptiveField,
    Span,
    Upsampling,
)
from wyoming_voice_stack.tts.engines.vits.windows import Window


class TorchVoice:
    """Captures the input of the vocoder of a coqui-tts model, in place of decoding it at once.

    Everything before the vocoder stays coqui-tts's own code. Encodes one sentence at a time.

    Raises:
        NotStreamable: the vocoder's layers are not those of a HiFi-GAN.
    """

    def __init__(self, model: Any) -> None:
        vocoder = model.waveform_decoder
        self._field = vocoder_receptive_field(vocoder)
        self._decode = vocoder.forward
        self._captured: tuple[Any, Any] | None = None
        vocoder.forward = self._capture

    def encode(self, synthesize: Callable[[], object]) -> TorchSentence:
        """Run the model as far as its vocoder."""
        synthesize()
        captured, self._captured = self._captured, None
        if captured is None:
            raise RuntimeError("the model did not call its vocoder")
        return TorchSentence(self._decode, self._field, *captured)

    def _capture(self, latent: Any, g: Any = None) -> Any:
        self._captured = (latent, g)
        # coqui-tts expects a waveform.
        return latent[:, :1, :1]


class TorchSentence:
    """The vocoder's input for one sentence: latents, [1, channels, frames], and a speaker embedding."""

    decoding_share = 1.0

    def __init__(
        self, decode: Callable[..., Any], field: ReceptiveField, latent: Any, speaker: Any
    ) -> None:
        self._decode = decode
        self._field = field
        self._latent = latent
        self._speaker = speaker
        self.frames: int = latent.shape[-1]
        self.hop = field.hop

    def decode(self, window: Window, threads: int = 1) -> Any:
        """Samples of these frames, [samples]; PyTorch has its own threads."""
        del threads
        import torch

        wider = window.with_context(self._field, self.frames)
        with torch.inference_mode():
            latent = self._latent[:, :, wider.start : wider.stop]
            samples = self._decode(latent, g=self._speaker)[0, 0]
        return samples[window.positions_in(wider, self.hop)].float().cpu().numpy()


def vocoder_receptive_field(vocoder: Any) -> ReceptiveField:
    """The receptive field of a `HifiganGenerator`, the vocoder of all VITS models of coqui-tts.

    Raises:
        NotStreamable: its layers are of another kind.
    """
    hop = 1
    for upsampling in vocoder.ups:
        hop *= upsampling.stride[0]
    span = Span(0, hop - 1)
    for branches in _steps_back(vocoder):
        span = _needed(span, branches)
    return ReceptiveField(left=-span.first, right=span.last, hop=hop)


def _steps_back(vocoder: Any) -> Iterator[list[list[Layer]]]:
    """Steps from the samples back to the latents, each as the branches whose outputs are summed."""
    yield [[_convolution(vocoder.conv_post)]]
    blocks = list(vocoder.resblocks)
    for index in reversed(range(len(vocoder.ups))):
        parallel = blocks[index * vocoder.num_kernels : (index + 1) * vocoder.num_kernels]
        yield [_residual(block) for block in parallel]
        yield [[_upsampling(vocoder.ups[index])]]
    yield [[_convolution(vocoder.conv_pre)]]


def _needed(output: Span, branches: Sequence[Sequence[Layer]]) -> Span:
    first, last = [], []
    for branch in branches:
        span = output
        for layer in branch:
            span = layer.needs(span)
        first.append(span.first)
        last.append(span.last)
    return Span(min(first), max(last))


def _residual(block: Any) -> list[Layer]:
    """The convolutions of a residual block, which run one after the other."""
    import torch

    return [_convolution(each) for each in block.modules() if isinstance(each, torch.nn.Conv1d)]


def _convolution(layer: Any) -> Convolution:
    (kernel,), (dilation,), (stride,) = layer.kernel_size, layer.dilation, layer.stride
    (padding,) = layer.padding
    return Convolution(kernel, dilation, padding, padding, stride)


def _upsampling(layer: Any) -> Upsampling:
    (kernel,), (dilation,), (stride,) = layer.kernel_size, layer.dilation, layer.stride
    (padding,), (output_padding,) = layer.padding, layer.output_padding
    return Upsampling(kernel, stride, dilation, padding, padding, output_padding)
