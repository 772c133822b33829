"""A sentence whose text half is computed, decoded in windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from wyoming_voice_stack.tts.engines.kokoro.generator.generator_sessions import GeneratorParts
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_stream import (
    FRAME_SAMPLES,
    POSITIONS,
    GeneratorStream,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.norm_statistics import NormStatistics, affine
from wyoming_voice_stack.tts.engines.kokoro.generator.side_tasks import side_tasks
from wyoming_voice_stack.tts.engines.kokoro.generator.whole_generator import (
    first_stage,
    whole_sentence,
)
from wyoming_voice_stack.tts.engines.vits.windows import Window
from wyoming_voice_stack.tts.engines.vits.worker_threads import Tensor

SAMPLE_RATE = 24_000
"""Hz."""
UNIT_FRAMES = 2
"""Frames of a unit of duration, 25 ms."""
KEPT_SILENCE = 4
"""Frames of the silence before a sentence that are kept, 50 ms: its first sound may reach into it."""
MAX_FRAMES_AT_ONCE = 40
"""Frames that are computed at once: half a second. The tensors of longer ones do not fit in a core's
cache, and nothing is computed twice."""
SECOND_STAGE_SHARE = 2 / 3
"""Share of the second stage in the generator's work."""
MAX_SIDE_THREADS = 2
"""Threads that help: a stage has three blocks."""


@dataclass(frozen=True)
class EncodedText:
    """What the text half computes of a sentence."""

    latents: Tensor
    """[1, 512, 1, frames]."""
    harmonics: Tensor
    """[1, 22, 1, 60 * frames + 1]."""
    styles: Mapping[str, Tensor]
    """Scales and shifts of all norms."""
    spoken_from: int = 0
    """The first frame that is not surely silent."""

    @property
    def frames(self) -> int:
        """Its length."""
        return int(self.latents.shape[3])


def beginning(text: EncodedText, frames: int) -> EncodedText:
    """The first frames with speech as a sentence of its own."""
    start = text.spoken_from
    stop = min(text.frames, start + frames)
    return EncodedText(
        np.ascontiguousarray(text.latents[..., start:stop]),
        np.ascontiguousarray(text.harmonics[..., POSITIONS * start : POSITIONS * stop + 1]),
        text.styles,
    )


def first_spoken(frames: int, durations: Tensor | None) -> int:
    """The first frame that is not surely silent, by the durations of all tokens if they are known."""
    if durations is None:
        return 0
    silent = UNIT_FRAMES * int(durations.reshape(-1)[0])
    return min(max(0, silent - KEPT_SILENCE), frames - 1)


class StreamedSentence:
    """The frames of a sentence without the silence before it, decoded with given statistics."""

    hop = FRAME_SAMPLES

    def __init__(
        self,
        parts: GeneratorParts,
        text: EncodedText,
        statistics: NormStatistics,
        first_total: Tensor | None = None,
    ) -> None:
        """Take `first_total` if the first stage was computed with the sentence's own statistics."""
        self._start = text.spoken_from
        self.frames = text.frames - text.spoken_from
        factors = affine(parts.norms, statistics, text.styles)
        self._stream = GeneratorStream(
            parts, text.latents, text.harmonics, factors, text.spoken_from, first_total
        )
        self._done = 0
        self.decoding_share = 1.0 if first_total is None else SECOND_STAGE_SHARE

    def decode(self, window: Window, threads: int = 1) -> Tensor:
        """Decode these frames, which follow those decoded before, with `threads` threads, as [samples]."""
        if window.start != self._done:
            raise ValueError("windows have to follow each other")
        samples = []
        with side_tasks(min(threads - 1, MAX_SIDE_THREADS)) as tasks:
            while self._done < window.stop:
                self._done = min(window.stop, self._done + MAX_FRAMES_AT_ONCE)
                samples.append(self._stream.samples_up_to(self._start + self._done, tasks))
        return np.concatenate(samples)


def with_own_first_stage(
    parts: GeneratorParts, text: EncodedText, statistics: NormStatistics, threads: int
) -> StreamedSentence:
    """A sentence whose first stage is computed at once, with its own statistics."""
    with side_tasks(min(threads - 1, MAX_SIDE_THREADS)) as tasks:
        total = first_stage(parts, text.latents, text.harmonics, text.styles, tasks)
    return StreamedSentence(parts, text, statistics, total)


class MeasuredSentence:
    """The same frames, decoded at once with the sentence's own statistics."""

    hop = FRAME_SAMPLES
    decoding_share = 0.0

    def __init__(self, parts: GeneratorParts, text: EncodedText, threads: int) -> None:
        with side_tasks(min(threads - 1, MAX_SIDE_THREADS)) as tasks:
            self.statistics, samples = whole_sentence(
                parts, text.latents, text.harmonics, text.styles, tasks
            )
        self.samples = samples[text.spoken_from * FRAME_SAMPLES :]
        self.frames = text.frames - text.spoken_from
        self.total_frames = text.frames

    def decode(self, window: Window, threads: int = 1) -> Tensor:
        """The samples of these frames, [samples]."""
        del threads
        return self.samples[window.start * self.hop : window.stop * self.hop]
