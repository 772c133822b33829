"""XTTS's vocoder, a HiFi-GAN, decoding a sentence in windows while its latents are still being added.

The vocoder resamples latents to frames by linear interpolation and turns frames into samples with
convolutions. The receptive field of a sample is a few frames, so a window with that much context gives
the same samples as decoding the whole sentence at once. Only final samples are returned, each once.
Importing this imports torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized, remove_parametrizations

WINDOW_STEP = 16
"""The length of windows, in frames, is a multiple of this: oneDNN compiles for each new length, which takes
about as long as 20 frames, and caches about a dozen lengths."""
LARGEST_WINDOW = 208
"""Frames of a window with its context, at most: 2.2 s. The next window decodes the rest."""

_ROUNDING = 1e-3
"""In frames: closer than this to the next latent, a frame is assumed to depend on that one too."""


class Vocoder:
    """The vocoder of a loaded model; `decoder` is coqui-tts's `HifiDecoder`."""

    def __init__(self, decoder: Any) -> None:
        self._generator = decoder.waveform_decoder
        fold_weight_norm(self._generator)
        self._scales = [decoder.ar_mel_length_compression / decoder.output_hop_length]
        if decoder.output_sample_rate != decoder.input_sample_rate:
            self._scales.append(decoder.output_sample_rate / decoder.input_sample_rate)
        self.frame_samples: int = decoder.output_hop_length
        self.context_frames = context_frames(self._generator)
        """Receptive field: frames before and after a frame that its samples depend on."""

    def start_stream(self, speaker: Tensor, speed: float) -> VocoderStream:
        """Start a sentence; `speaker` is an embedding of shape [1, 512, 1]."""
        # Like coqui-tts, whose lowest speed is 0.05.
        scales = [1.0 / max(speed, 0.05), *self._scales]
        return VocoderStream(self, speaker.to(self.device), scales)

    @property
    def device(self) -> torch.device:
        """The device of the vocoder's weights."""
        device: torch.device = next(self._generator.parameters()).device
        return device

    def decode(self, frames: Tensor, speaker: Tensor) -> Tensor:
        """Decode frames of shape [1, width, frames] to samples of shape [samples]."""
        samples: Tensor = self._generator(frames, g=speaker)
        return samples.view(-1)


class VocoderStream:
    """The latents and samples of one sentence. One thread may add while another one pulls."""

    def __init__(self, vocoder: Vocoder, speaker: Tensor, scales: Sequence[float]) -> None:
        self._vocoder = vocoder
        self._speaker = speaker
        self._scales = [scale for scale in scales if scale != 1.0]
        self._latents: list[Tensor] = []
        self._returned_frames = 0
        self.has_more = False
        """True if the last window reached its largest size and left out frames that are ready."""

    def add(self, latent: Tensor) -> None:
        """Add the latent of one audio token, float32 of shape [width]."""
        self._latents.append(latent)

    def pull(self, *, last: bool) -> Tensor | None:
        """Return the next window of final samples, of shape [samples]; None if there are none.

        Once the `last` latent is added, call this until there is no more.
        """
        latents = tuple(self._latents)
        start, stop, ready = self._window(len(latents), last)
        if ready <= self._returned_frames:
            return None
        frames = self._frames(latents)
        samples = self._vocoder.decode(frames[:, :, start:stop], self._speaker)
        per_frame = self._vocoder.frame_samples
        new = samples[(self._returned_frames - start) * per_frame : (ready - start) * per_frame]
        self._returned_frames = ready
        return new

    def _window(self, latents: int, last: bool) -> tuple[int, int, int]:
        """First frame of the next window, the frame after its last, and the frame after its last final one."""
        context = self._vocoder.context_frames
        available = self._frame_count(latents)
        start = max(0, self._returned_frames - context)
        stop = available if last else self._final_frames(latents)
        self.has_more = stop - start > LARGEST_WINDOW
        if self.has_more:
            stop = start + LARGEST_WINDOW
        elif last:
            # The last window must leave nothing, so it is extended at its start.
            return max(0, start - (start - stop) % WINDOW_STEP), available, available
        else:
            stop -= (stop - start) % WINDOW_STEP
        return start, stop, stop - context

    def _frames(self, latents: Sequence[Tensor]) -> Tensor:
        """Frames of all latents so far; the cost is small beside that of the convolutions."""
        frames = torch.stack(list(latents), dim=1)
        for scale in self._scales:
            frames = _resampled(frames, scale)
        return frames[None]

    def _frame_count(self, latents: int) -> int:
        count = latents
        for scale in self._scales:
            count = math.floor(count * scale)
        return count

    def _final_frames(self, latents: int) -> int:
        """Frames that do not change, whatever latents follow.

        Frame `i` is interpolated at position `(i + 0.5) / scale - 0.5` of the input, and is final once
        both neighbours of that position are.
        """
        available = final = latents
        for scale in self._scales:
            available = math.floor(available * scale)
            final = math.floor((final - 0.5 - _ROUNDING) * scale - 0.5) + 1
            final = max(0, min(final, available))
        return final


def _resampled(frames: Tensor, scale: float) -> Tensor:
    """Interpolate frames of shape [width, frames] linearly, as `torch.nn.functional.interpolate` does.

    torch's function returns the frames unchanged if they are so few that the scale adds none; these
    would change as soon as more follow.
    """
    before = frames.shape[1]
    after = torch.arange(math.floor(before * scale), device=frames.device)
    # Rounded to float32 where torch does, which makes a difference in long sentences.
    step = torch.tensor(1.0 / scale, dtype=torch.float32).double().item()
    place = ((after.double() + 0.5) * step - 0.5).clamp(min=0).float()
    left = place.long()
    right = (left + 1).clamp(max=before - 1)
    return torch.lerp(frames[:, left], frames[:, right], place - left)


def fold_weight_norm(module: nn.Module) -> None:
    """Compute the weights of normalized layers once instead of at each call."""
    for part in module.modules():
        if is_parametrized(part, "weight"):
            remove_parametrizations(part, "weight")


def context_frames(generator: Any) -> int:
    """The receptive field: frames on either side of a frame that its samples depend on.

    Computed from the samples back to the frames: a convolution of kernel `k` and dilation `d` adds
    `d (k - 1) / 2` on each side. The convolutions of a residual block add up; of parallel blocks the
    largest counts. A transposed convolution of stride `s` and padding `p` turns `r` outputs into
    `(r + k - 1 - p) / s` inputs. For XTTS v2 the result is 14 frames, 0.15 s.
    """
    context = _side(generator.conv_post)
    blocks = [_block_side(block) for block in generator.resblocks]
    levels = len(generator.ups)
    parallel = len(blocks) // levels
    for level in reversed(range(levels)):
        context += max(blocks[level * parallel : (level + 1) * parallel])
        up = generator.ups[level]
        context = math.ceil((context + up.kernel_size[0] - 1 - up.padding[0]) / up.stride[0])
    return context + _side(generator.conv_pre)


def _side(convolution: Any) -> int:
    return int(convolution.dilation[0] * (convolution.kernel_size[0] - 1) // 2)


def _block_side(block: nn.Module) -> int:
    return sum(_side(part) for part in block.modules() if isinstance(part, nn.Conv1d))
