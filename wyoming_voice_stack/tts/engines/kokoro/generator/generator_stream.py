"""Runs the generator over a sentence, each position once.

A sentence begins as if nothing preceded it. What that changes fades within the layers' reach, so the
first `WARM_UP` frames are computed and dropped. What follows a sentence's last frame counts as silent.
"""

from __future__ import annotations

from wyoming_voice_stack.tts.engines.kokoro.generator.generator_parts import (
    HOP,
    OVERLAPPING,
    SPECTRUM_CONTEXT,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_sessions import (
    Affine,
    GeneratorParts,
    RunningPart,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_stage import RunningStage, padded
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_weights import UPSAMPLINGS
from wyoming_voice_stack.tts.engines.kokoro.generator.side_tasks import SideTasks
from wyoming_voice_stack.tts.engines.vits.worker_threads import Tensor

POSITIONS = UPSAMPLINGS[0] * UPSAMPLINGS[1]
"""Positions of the spectrum in a frame."""
FRAME_SAMPLES = HOP * POSITIONS
"""Samples of a frame, at 24 kHz: 12.5 ms."""
WARM_UP = 4
"""Frames computed before the first one that is wanted."""

_CUT = 2
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
    ) -> None:
        """Take the inputs of the whole sentence and the first frame that is wanted.

        `latents` are [1, 512, frames], `harmonics` [1, 22, 60 * frames + 1].
        """
        self._latents = latents[:, :, None]
        harmonics = harmonics[:, :, None]
        self._frames_fed = max(0, start - WARM_UP)
        first_start = UPSAMPLINGS[0] * self._frames_fed
        # One position of context, and one that is at the beginning of every sentence.
        second_start = UPSAMPLINGS[1] * (first_start + 1) + 1
        self._stages = tuple(
            RunningStage(stage, harmonics, affine, at)
            for stage, at in zip(parts.stages, (first_start, second_start), strict=True)
        )
        self._waveform = RunningPart(parts.waveform, affine)
        self._spectrum_stop = second_start + SPECTRUM_CONTEXT + OVERLAPPING
        self._dropped = FRAME_SAMPLES * start - HOP * (self._spectrum_stop - _CUT)

    def samples_up_to(self, stop: int, tasks: SideTasks) -> Tensor:
        """The samples up to frame `stop` that were not returned before, [samples]."""
        first, second = self._stages
        spectrum_stop = POSITIONS * stop + _CUT
        # What the later parts need of each part, from the last one to the first.
        second_stop = spectrum_stop + SPECTRUM_CONTEXT + second.look_ahead
        upsampled = -(-(second_stop - 1) // UPSAMPLINGS[1])
        frames = -(-(upsampled + 1 + first.look_ahead) // UPSAMPLINGS[0])

        source = tasks.begin(lambda: second.source(UPSAMPLINGS[1] * upsampled + 1))
        latents = padded(self._latents, self._frames_fed - 1, frames + 1)
        first.advance(latents, first.source(UPSAMPLINGS[0] * frames), tasks)
        self._frames_fed = frames
        begin = (second.fed - 1) // UPSAMPLINGS[1]
        second.advance(first.total.take(begin - 1, upsampled + 1), source(), tasks)
        first.total.forget(upsampled - 1)
        return self._samples(spectrum_stop)

    def _samples(self, spectrum_stop: int) -> Tensor:
        total = self._stages[1].total
        begin = self._spectrum_stop - OVERLAPPING - SPECTRUM_CONTEXT
        samples = self._waveform.run(total.take(begin, spectrum_stop + SPECTRUM_CONTEXT)).reshape(
            -1
        )
        self._spectrum_stop = spectrum_stop
        total.forget(spectrum_stop - OVERLAPPING - SPECTRUM_CONTEXT)
        # A sentence's very first samples are computed only if frames precede them.
        dropped, self._dropped = self._dropped, 0
        return padded(samples, dropped, len(samples))
