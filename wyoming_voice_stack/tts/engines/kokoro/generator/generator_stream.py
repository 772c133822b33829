"""Runs the generator over a sentence, each position once.

A sentence that does not begin with its first frame begins as if nothing preceded it. What that changes
fades within the layers' reach, so the first `WARM_UP` frames are computed and dropped.
"""

from __future__ import annotations

from wyoming_voice_stack.tts.engines.kokoro.generator.generator_parts import (
    HOP,
    OVERLAPPING,
    SPECTRUM_CONTEXT,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_sessions import GeneratorParts
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_weights import UPSAMPLINGS
from wyoming_voice_stack.tts.engines.kokoro.generator.position_tensors import (
    GrowingTensor,
    padded,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.running_blocks import Affine, RunningStage
from wyoming_voice_stack.tts.engines.kokoro.generator.side_tasks import SideTasks
from wyoming_voice_stack.tts.engines.vits.worker_threads import Tensor

POSITIONS = UPSAMPLINGS[0] * UPSAMPLINGS[1]
"""Positions of harmonics and spectrum in a frame."""
FRAME_SAMPLES = HOP * POSITIONS
"""Samples of a frame, at 24 kHz: 12.5 ms."""
WARM_UP = 4
"""Frames computed before the first one that is wanted."""
CUT = 2
"""Positions by which the first sample is later than the first position, at `HOP` samples each."""


class GeneratorStream:
    """The generator in the course of one sentence."""

    def __init__(
        self,
        parts: GeneratorParts,
        latents: Tensor,
        harmonics: Tensor,
        affine: Affine,
        start: int,
        first_total: Tensor | None = None,
    ) -> None:
        """Take the inputs of the whole sentence and the first frame that is wanted.

        `latents` are [1, 512, 1, frames], `harmonics` [1, 22, 1, 60 * frames + 1]. `first_total` is the
        sum of the first stage's blocks of the whole sentence, if that was computed before.
        """
        self._latents = latents
        self._frames = latents.shape[3]
        self._waveform = parts.waveform
        first, second = parts.stages
        self._fed = max(0, start - WARM_UP)
        self._first = RunningStage(first, harmonics, affine, first.rate * self._fed)
        if first_total is not None:
            self._first.total = GrowingTensor(0)
            self._first.total.append(first_total)
            self._first.fed = self._first.length
        # Without the position before its first one, a stage's first position cannot be upsampled.
        self._upsampled = 0 if self._fed == 0 else first.rate * self._fed + 1
        if first_total is not None:
            self._fed = self._frames
        begin = 0 if self._upsampled == 0 else second.rate * self._upsampled + second.reflects
        self._second = RunningStage(second, harmonics, affine, begin)
        self._second_parts, self._first_parts = second, first
        self._spectrum_stop = begin + (SPECTRUM_CONTEXT + OVERLAPPING if begin else CUT)
        self._dropped = FRAME_SAMPLES * start - HOP * (self._spectrum_stop - CUT)

    def samples_up_to(self, stop: int, tasks: SideTasks) -> Tensor:
        """The samples up to frame `stop` that were not returned before, [samples]."""
        first, second = self._first_parts, self._second_parts
        # What the later parts need of each part, from the last one to the first.
        spectrum_stop = min(first.rate * second.rate * stop + CUT, self._second.length)
        wanted = spectrum_stop + SPECTRUM_CONTEXT + second.look_ahead - second.reflects
        upsampled = min(-(-wanted // second.rate), self._first.length)
        frames = min(-(-(upsampled + 1 + first.look_ahead) // first.rate), self._frames)

        advances = upsampled > self._upsampled
        source_stop = second.rate * upsampled + second.reflects
        source = tasks.begin(lambda: self._second.source(source_stop)) if advances else None
        if frames > self._fed:
            latents = padded(self._latents, self._fed - 1, frames + 1)
            self._first.advance(latents, self._first.source(first.rate * frames), tasks)
            self._fed = frames
        if source is not None:
            coarse = self._first.total.take(self._upsampled - 1, upsampled + 1)
            self._second.advance(coarse, source(), tasks)
            self._first.total.forget(upsampled - 1)
            self._upsampled = upsampled
        return self._samples(spectrum_stop)

    def _samples(self, spectrum_stop: int) -> Tensor:
        begin = self._spectrum_stop - OVERLAPPING - SPECTRUM_CONTEXT
        given = self._second.total.take(begin, spectrum_stop + SPECTRUM_CONTEXT)
        samples = self._waveform.run(given).reshape(-1)
        self._spectrum_stop = spectrum_stop
        self._second.total.forget(spectrum_stop - OVERLAPPING - SPECTRUM_CONTEXT)
        dropped, self._dropped = self._dropped, 0
        return samples[dropped:]
