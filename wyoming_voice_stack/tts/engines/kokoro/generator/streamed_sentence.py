"""A sentence whose text half is computed, decoded in windows."""

from __future__ import annotations

import numpy as np

from wyoming_voice_stack.tts.engines.kokoro.generator.generator_sessions import (
    Affine,
    GeneratorParts,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_stream import (
    FRAME_SAMPLES,
    GeneratorStream,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.side_tasks import side_tasks
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
MAX_SIDE_THREADS = 2
"""Threads that help: a stage has three blocks."""


class StreamedSentence:
    """The frames of a sentence without the silence before it."""

    hop = FRAME_SAMPLES

    def __init__(
        self,
        parts: GeneratorParts,
        latents: Tensor,
        harmonics: Tensor,
        durations: Tensor | None,
        affine: Affine,
    ) -> None:
        """Take the text half's outputs. Without durations, nothing is left out."""
        frames = latents.shape[2]
        self._start = _first_spoken(frames, durations)
        self.frames = frames - self._start
        self._stream = GeneratorStream(
            parts, latents.astype(np.float32), harmonics.astype(np.float32), affine, self._start
        )
        self._done = 0

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


def _first_spoken(frames: int, durations: Tensor | None) -> int:
    if durations is None:
        return 0
    silent = UNIT_FRAMES * int(durations.reshape(-1)[0])
    return min(max(0, silent - KEPT_SILENCE), frames - 1)
