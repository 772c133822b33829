"""A sentence of a divided VITS voice, decoded in windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from itertools import takewhile

from wyoming_voice_stack.machine.checked_executor import CheckedExecutor
from wyoming_voice_stack.tts.engines.vits.stages import Stage, StageOutput, stage_outputs
from wyoming_voice_stack.tts.engines.vits.windows import Window
from wyoming_voice_stack.tts.engines.vits.worker_threads import (
    CALLER_ONLY,
    Tensor,
    worker_threads,
)

FLOW_AHEAD_FRAMES = 80
"""How far one thread computes the flow while another one decodes the shortest first chunk: both take 9 ms."""
LAST_FLOW_FRAMES = 70
"""Frames at the end of a sentence that are computed with those before them: the context of each layer has many
of them computed already, and on their own they would take 4 to 5 ms."""
MAX_SHORT_FRAMES = 20
"""Longest first window that is decoded so. Threads that share it are ready hardly sooner than one alone."""


class StreamingSentence:
    """A sentence's latents, decoded in windows."""

    decoding_share = 1.0

    def __init__(
        self,
        stages: Sequence[Stage],
        tensors: Mapping[str, Tensor],
        *,
        cores_awake: bool = True,
    ) -> None:
        """`cores_awake` is whether several threads have just encoded the text."""
        self._tensors = tensors
        self._cores_awake = cores_awake
        self._flow = tuple(takewhile(_is_flow, stages))
        self._outputs = stage_outputs(stages, tensors)
        self._waveform = self._outputs[-1]
        self._coming: tuple[StageOutput, Future[Tensor]] | None = None
        self.frames: int = tensors[stages[0].signature.source].shape[-1]
        self.hop: int = self._waveform.total // self.frames
        """Samples of a frame."""

    def decode(self, window: Window, threads: int = 1) -> Tensor:
        """Decode these frames with `threads` threads, as [samples].

        A short first window is decoded by one, which would wait longer for a core that has slept.
        """
        samples = Window(window.start * self.hop, window.stop * self.hop)
        short = window.start == 0 and window.stop <= min(self.frames - 1, MAX_SHORT_FRAMES)
        if threads > 1 and short and not self._cores_awake:
            threads = 1
        elif threads > 1 and short and self._flow:
            self._compute_ahead()
            threads -= 1
        elif self._coming is not None:
            self._continue_from(*self._coming)
        with worker_threads(threads - 1) as workers:
            return self._waveform.take(samples, workers).reshape(-1)

    def _compute_ahead(self) -> None:
        """Compute the flow of the next windows in the background, also for a sentence that is abandoned meanwhile."""
        ahead = stage_outputs(self._flow, self._tensors)[-1]
        all_ahead = self.frames <= FLOW_AHEAD_FRAMES + LAST_FLOW_FRAMES
        frames = Window(0, self.frames if all_ahead else FLOW_AHEAD_FRAMES)
        pool = CheckedExecutor(1, "vits-flow")
        self._coming = ahead, pool.submit(ahead.take, frames, CALLER_ONLY)
        # The thread ends with its task.
        pool.shutdown(wait=False)

    def _continue_from(self, ahead: StageOutput, computed: Future[Tensor]) -> None:
        computed.result()
        self._outputs[len(self._flow)].continue_from(ahead)
        self._coming = None


def _is_flow(stage: Stage) -> bool:
    """Whether a stage is before the vocoder, whose first stage makes several positions of a frame."""
    return stage.signature.receptive_field.hop == 1
