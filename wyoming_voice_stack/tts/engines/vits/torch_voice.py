"""Coqui's VITS in PyTorch, cut before its vocoder: a sentence is read once, decoded in windows."""

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


class TappedVoice:
    """Takes the latents from where a model of coqui-tts has its vocoder.

    So all that coqui-tts does before stays its own. One sentence at a time may be read.

    Raises:
        NotLocal: the vocoder's layers are not those of a HiFi-GAN.
    """

    def __init__(self, model: Any) -> None:
        vocoder = model.waveform_decoder
        self._reach = vocoder_reach(vocoder)
        self._decode = vocoder.forward
        self._taken: tuple[Any, Any] | None = None
        vocoder.forward = self._take

    def read(self, synthesize: Callable[[], object]) -> TorchSentence:
        """Let the model speak a sentence as far as its vocoder."""
        synthesize()
        taken, self._taken = self._taken, None
        if taken is None:
            raise RuntimeError("the model spoke without its vocoder")
        return TorchSentence(self._decode, self._reach, *taken)

    def _take(self, latent: Any, g: Any = None) -> Any:
        self._taken = (latent, g)
        # Something that the rest of coqui-tts takes for sound.
        return latent[:, :1, :1]


class TorchSentence:
    """What the vocoder is given for one sentence: latents, [1, channels, frames], and a speaker."""

    def __init__(
        self, decode: Callable[..., Any], reach: ReceptiveField, latent: Any, speaker: Any
    ) -> None:
        self._decode = decode
        self._reach = reach
        self._latent = latent
        self._speaker = speaker
        self.frames: int = latent.shape[-1]
        self.hop = reach.hop

    def decode(self, window: Window, hands: int = 1) -> Any:
        """Samples of these frames, [samples]; Torch has threads of its own."""
        del hands
        import torch

        wider = window.around(self._reach, self.frames)
        with torch.inference_mode():
            latent = self._latent[:, :, wider.start : wider.stop]
            sound = self._decode(latent, g=self._speaker)[0, 0]
        return sound[window.positions_in(wider, self.hop)].float().cpu().numpy()


def vocoder_reach(vocoder: Any) -> ReceptiveField:
    """Of coqui-tts's `HifiganGenerator`, the vocoder of all its VITS models.

    Raises:
        NotLocal: its layers are of another kind.
    """
    hop = 1
    for upsampling in vocoder.ups:
        hop *= upsampling.stride[0]
    span = Span(0, hop - 1)
    for branches in _backwards(vocoder):
        span = _needed(span, branches)
    return ReceptiveField(left=-span.first, right=span.last, hop=hop)


def _backwards(vocoder: Any) -> Iterator[list[list[Layer]]]:
    """Steps from the sound to the latents; in each, branches that are added up."""
    yield [[_convolution(vocoder.conv_post)]]
    blocks = list(vocoder.resblocks)
    for index in reversed(range(len(vocoder.ups))):
        beside = blocks[index * vocoder.num_kernels : (index + 1) * vocoder.num_kernels]
        yield [_residual(block) for block in beside]
        yield [[_upsampling(vocoder.ups[index])]]
    yield [[_convolution(vocoder.conv_pre)]]


def _needed(wanted: Span, branches: Sequence[Sequence[Layer]]) -> Span:
    first, last = [], []
    for branch in branches:
        span = wanted
        for layer in branch:
            span = layer.needs(span)
        first.append(span.first)
        last.append(span.last)
    return Span(min(first), max(last))


def _residual(block: Any) -> list[Layer]:
    """A residual block's convolutions, one behind the other."""
    import torch

    return [_convolution(each) for each in block.modules() if isinstance(each, torch.nn.Conv1d)]


def _convolution(layer: Any) -> Convolution:
    (kernel,), (dilation,), (stride,) = layer.kernel_size, layer.dilation, layer.stride
    (padding,) = layer.padding
    return Convolution(kernel, dilation, padding, padding, stride)


def _upsampling(layer: Any) -> Upsampling:
    (kernel,), (dilation,), (stride,) = layer.kernel_size, layer.dilation, layer.stride
    (padding,), (added,) = layer.padding, layer.output_padding
    return Upsampling(kernel, stride, dilation, padding, padding, added)
