"""A chunk sizer that has measured a machine, and a clock that stands still."""

from __future__ import annotations

import math

from wyoming_voice_stack.tts.scheduling.chunk_sizer import (
    OVERHEAD_S,
    ChunkSizer,
)

PREPARATION_S = 0.02


NO_AUDIO = -math.inf


def measured(speed: float, at_once: int = 1) -> ChunkSizer:
    sizer = ChunkSizer(at_once)
    for _ in range(100):
        sizer.record_chunk(1.0, (1.0 + OVERHEAD_S) / speed)
        sizer.record_preparation(PREPARATION_S)
    return sizer


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now
