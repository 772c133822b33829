"""From the transformer's latents to sound: XTTS's HiFi-GAN, each latent decoded once.

The vocoder stretches latents to frames by linear interpolation and turns these into samples by
convolutions. A sample depends on few frames around it, so a sentence that is still being made can
be decoded window by window, with as much context as the convolutions see. What is given out is
final: it is what decoding the whole sentence at once gives. Importing this imports torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized, remove_parametrizations

WINDOW_STEP = 16
"""Windows are a multiple of so many frames long: oneDNN prepares itself for each new length, which takes
about as long as 20 frames, and it remembers about a dozen lengths."""
LARGEST_WINDOW = 208
"""Frames of a window, 2.2 s, those around it included; the rest is left to the next one."""

_ROUNDING = 1e-3
"""Of a frame: nearer than this to the next latent, a frame is taken to need that one too."""


class Vocoder:
    """Of one loaded model; `decoder` is coqui-tts's `HifiDecoder`."""

    def __init__(self, decoder: Any) -> None:
        self._generator = decoder.waveform_decoder
        fold_weight_norm(self._generator)
        self._stretches = [decoder.ar_mel_length_compression / decoder.output_hop_length]
        if decoder.output_sample_rate != decoder.input_sample_rate:
            self._stretches.append(decoder.output_sample_rate / decoder.input_sample_rate)
        self.frame_samples: int = decoder.output_hop_length
        self.context_frames = context_frames(self._generator)
        """Frames before and after one that its samples depend on."""

    def speak(self, speaker: Tensor, speed: float) -> VocoderStream:
        """Begin a sentence; `speaker` is an embedding of shape [1, 512, 1]."""
        # As coqui-tts has it, which takes no less than a twentieth of the usual speed.
        stretches = [1.0 / max(speed, 0.05), *self._stretches]
        return VocoderStream(self, speaker.to(self.device), stretches)

    @property
    def device(self) -> torch.device:
        """Where the vocoder's weights are."""
        device: torch.device = next(self._generator.parameters()).device
        return device

    def decode(self, frames: Tensor, speaker: Tensor) -> Tensor:
        """Samples of shape [samples] for frames of shape [1, width, frames]."""
        samples: Tensor = self._generator(frames, g=speaker)
        return samples.view(-1)


class VocoderStream:
    """One sentence on its way from latents to samples. One thread may push while another one pulls."""

    def __init__(self, vocoder: Vocoder, speaker: Tensor, stretches: Sequence[float]) -> None:
        self._vocoder = vocoder
        self._speaker = speaker
        self._stretches = [stretch for stretch in stretches if stretch != 1.0]
        self._latents: list[Tensor] = []
        self._done = 0
        self.behind = False
        """True if the last window left out what could have been in it, had it been larger."""

    def push(self, latent: Tensor) -> None:
        """Add the latent of one audio token, float32 of shape [width]."""
        self._latents.append(latent)

    def pull(self, *, last: bool) -> Tensor | None:
        """A window of samples that are final and were not given before, of shape [samples].

        None if there are none. With the `last` latent pushed, call this until nothing is `behind`.
        """
        latents = tuple(self._latents)
        start, stop, ready = self._window(len(latents), last)
        if ready <= self._done:
            return None
        frames = self._frames(latents)
        samples = self._vocoder.decode(frames[:, :, start:stop], self._speaker)
        per_frame = self._vocoder.frame_samples
        fresh = samples[(self._done - start) * per_frame : (ready - start) * per_frame]
        self._done = ready
        return fresh

    def _window(self, latents: int, last: bool) -> tuple[int, int, int]:
        """First frame of the next window, the one after its last, the one after its last final one."""
        context = self._vocoder.context_frames
        there = self._frame_count(latents)
        start = max(0, self._done - context)
        stop = there if last else self._final_frames(latents)
        self.behind = stop - start > LARGEST_WINDOW
        if self.behind:
            stop = start + LARGEST_WINDOW
        elif last:
            # Nothing may be left, so the window is made longer at its other end.
            return max(0, start - (start - stop) % WINDOW_STEP), there, there
        else:
            stop -= (stop - start) % WINDOW_STEP
        return start, stop, stop - context

    def _frames(self, latents: Sequence[Tensor]) -> Tensor:
        """Of all latents so far: what this costs is little beside the convolutions."""
        frames = torch.stack(list(latents), dim=1)
        for stretch in self._stretches:
            frames = _stretched(frames, stretch)
        return frames[None]

    def _frame_count(self, latents: int) -> int:
        count = latents
        for stretch in self._stretches:
            count = math.floor(count * stretch)
        return count

    def _final_frames(self, latents: int) -> int:
        """Frames that stay as they are whatever latents follow.

        Frame `i` lies at `(i + 0.5) / stretch - 0.5` between two of what it is made of; it is final
        once both of these are.
        """
        there = final = latents
        for stretch in self._stretches:
            there = math.floor(there * stretch)
            final = math.floor((final - 0.5 - _ROUNDING) * stretch - 0.5) + 1
            final = max(0, min(final, there))
        return final


def _stretched(frames: Tensor, stretch: float) -> Tensor:
    """Linear interpolation, as torch's own, of shape [width, frames].

    Torch's own leaves frames as they are if there are so few that the stretch adds none; these would
    change as soon as more follow.
    """
    before = frames.shape[1]
    after = torch.arange(math.floor(before * stretch), device=frames.device)
    # Rounded where torch rounds: in a long sentence it makes a difference.
    step = torch.tensor(1.0 / stretch, dtype=torch.float32).double().item()
    place = ((after.double() + 0.5) * step - 0.5).clamp(min=0).float()
    left = place.long()
    right = (left + 1).clamp(max=before - 1)
    return torch.lerp(frames[:, left], frames[:, right], place - left)


def fold_weight_norm(module: nn.Module) -> None:
    """Compute normed weights once, rather than at each call."""
    for part in module.modules():
        if is_parametrized(part, "weight"):
            remove_parametrizations(part, "weight")


def context_frames(generator: Any) -> int:
    """Frames on either side of one that reach its samples, from kernels, strides and dilations.

    From the samples back to the frames: a convolution of kernel `k` and dilation `d` looks
    `d (k - 1) / 2` to each side, the convolutions of a residual block one after the other, the
    blocks beside each other. A transposed convolution of stride `s` and padding `p` brings a reach
    of `r` outputs to `(r + k - 1 - p) / s` inputs. For XTTS v2 these are 14 frames, 0.15 s.
    """
    reach = _side(generator.conv_post)
    blocks = [_block_side(block) for block in generator.resblocks]
    levels = len(generator.ups)
    beside = len(blocks) // levels
    for level in reversed(range(levels)):
        reach += max(blocks[level * beside : (level + 1) * beside])
        up = generator.ups[level]
        reach = math.ceil((reach + up.kernel_size[0] - 1 - up.padding[0]) / up.stride[0])
    return reach + _side(generator.conv_pre)


def _side(convolution: Any) -> int:
    return int(convolution.dilation[0] * (convolution.kernel_size[0] - 1) // 2)


def _block_side(block: nn.Module) -> int:
    return sum(_side(part) for part in block.modules() if isinstance(part, nn.Conv1d))
