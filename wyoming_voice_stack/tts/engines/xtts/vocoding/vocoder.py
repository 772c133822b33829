"""XTTS's vocoder, a HiFi-GAN, decoding a sentence in windows while its latents are still being added.

The vocoder resamples latents to frames by linear interpolation and turns frames into samples with
convolutions. A sample depends on a few frames only, so windows give the same samples as decoding the whole
sentence at once. Only final samples are returned, each once. Importing this imports torch.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized, remove_parametrizations

from wyoming_voice_stack.tts.engines.xtts.torch_threads import computing_with
from wyoming_voice_stack.tts.engines.xtts.vocoding.vocoder_stages import (
    VocoderStageStream,
    split_into_stages,
)

WINDOW_FRAMES = 32
"""Frames of a window, without context. On a CPU, all windows of a sentence but the last one have this length,
whenever they are decoded: rounding depends on the length, and oneDNN compiles for each new one, which takes
about as long as 20 frames."""
MAX_WINDOWS = 6
"""Windows decoded in one call, at most: 2 s, on a graphics card as one. The next call decodes the rest."""

_AVERAGED_WINDOWS = 8
_ROUNDING = 1e-3
"""In frames: closer than this to the next latent, a frame is assumed to depend on that one too."""


class Vocoder:
    """The vocoder of a loaded model; `decoder` is coqui-tts's `HifiDecoder`.

    With `bfloat16_threads`, it computes in that format, which needs a processor that has it to be fast, and
    always with that number of torch's threads, because rounding depends on it. Otherwise it computes in
    float32 with the threads of the caller.
    """

    def __init__(self, decoder: Any, *, bfloat16_threads: int = 0) -> None:
        fold_weight_norm(decoder.waveform_decoder)
        dtype = torch.bfloat16 if bfloat16_threads else torch.float32
        self.staged = split_into_stages(decoder.waveform_decoder, dtype)
        self._threads = bfloat16_threads
        self._scales = [decoder.ar_mel_length_compression / decoder.output_hop_length]
        if decoder.output_sample_rate != decoder.input_sample_rate:
            self._scales.append(decoder.output_sample_rate / decoder.input_sample_rate)
        self.frame_samples: int = decoder.output_hop_length
        # On a graphics card, a window takes as long with many frames as with few.
        on_cpu = self.staged.device.type == "cpu"
        self.window_frames = WINDOW_FRAMES if on_cpu else MAX_WINDOWS * WINDOW_FRAMES
        self.window_s = 0.0
        """Time for a full window behind the first one, an average of the last ones; 0 if there was none."""

    def measured(self, window_s: float) -> None:
        """Count the time that a full window has taken."""
        self.window_s += (window_s - self.window_s) / (_AVERAGED_WINDOWS if self.window_s else 1)

    def start_stream(self, speaker: Tensor, speed: float) -> VocoderStream:
        """Start a sentence; `speaker` is an embedding of shape [1, 512, 1]."""
        # Like coqui-tts, whose lowest speed is 0.05.
        scales = [1.0 / max(speed, 0.05), *self._scales]
        streams = self.staged.start_streams(speaker, step_frames=WINDOW_FRAMES)
        return VocoderStream(self, streams, scales)

    def computing(self) -> AbstractContextManager[None]:
        """Set the number of threads within a block."""
        return computing_with(self._threads) if self._threads else nullcontext()


class VocoderStream:
    """The latents and samples of one sentence. One thread may add while another one pulls."""

    def __init__(
        self, vocoder: Vocoder, streams: Sequence[VocoderStageStream], scales: Sequence[float]
    ) -> None:
        self._vocoder = vocoder
        self._streams = streams
        self._scales = [scale for scale in scales if scale != 1.0]
        self._latents: list[Tensor] = []
        self._decoded_frames = 0
        self.has_more = False
        """True if the last call left out frames that are ready."""

    @property
    def decoded_tokens(self) -> float:
        """Audio tokens whose samples were returned or are held back."""
        return self._decoded_frames / math.prod(self._scales)

    @property
    def window_s(self) -> float:
        """Time that the vocoder takes for a full window, in seconds."""
        return self._vocoder.window_s

    def add(self, latent: Tensor) -> None:
        """Add the latent of one audio token, float32 of shape [width]."""
        self._latents.append(latent)

    def pull(self, *, last: bool) -> Tensor | None:
        """Return the samples of all windows that are ready, of shape [samples]; None if there are none.

        Once the `last` latent is added, call this until there is no more.
        """
        latents = tuple(self._latents)
        start, stop = self._decoded_frames, self._end(len(latents), last)
        if stop <= start:
            return None
        frames = self._frames(latents)
        self._decoded_frames = stop
        samples, length = [], self._vocoder.window_frames
        with self._vocoder.computing():
            for first in range(start, stop, length):
                end = min(first + length, stop)
                complete = last and not self.has_more and end == stop
                began_at = time.monotonic()
                window = self._decode(frames[:, first:end], last=complete)
                # While the first one is computed, the decoder waits.
                if first and end - first == length:
                    self._vocoder.measured(time.monotonic() - began_at)
                if window is not None:
                    samples.append(window)
        return torch.cat(samples) if samples else None

    def _decode(self, frames: Tensor, *, last: bool) -> Tensor | None:
        outputs: Tensor | None = self._vocoder.staged.inputs(frames)
        for stream in self._streams:
            outputs = stream.compute(outputs, last=last)
        return None if outputs is None else outputs.flatten()

    def _end(self, latents: int, last: bool) -> int:
        """The frame after the last one that is decoded in this call.

        The last frames of a sentence are final only once it has ended, so some are always left for its last
        window.
        """
        start = self._decoded_frames
        stop = self._frame_count(latents) if last else self._final_frames(latents)
        self.has_more = stop - start > MAX_WINDOWS * WINDOW_FRAMES
        if self.has_more:
            return start + MAX_WINDOWS * WINDOW_FRAMES
        return stop if last else stop - (stop - start) % WINDOW_FRAMES

    def _frames(self, latents: Sequence[Tensor]) -> Tensor:
        """Frames of all latents so far; the cost is small beside that of the convolutions."""
        frames = torch.stack(list(latents), dim=1)
        for scale in self._scales:
            frames = _resampled(frames, scale)
        return frames

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
