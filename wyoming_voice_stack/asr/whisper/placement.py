"""How a Whisper model uses its device: calls at once, threads per call, and batches."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

from wyoming_voice_stack.asr.whisper.decoding.decode_passes import (
    DecodePasses,
    passes_on_cpu,
    passes_on_cuda,
)
from wyoming_voice_stack.machine.hardware import available_cores

MAX_AUTO_THREADS = 4
"""More threads speed up Whisper's small matrices little and take cores from other processes."""
SMALL_MODEL_BYTES = 200_000_000
"""Size on disk below which a model's matrices are too small for many threads. It transcribes several
utterances at the same time instead, each with `SMALL_MODEL_THREADS`."""
SMALL_MODEL_THREADS = 2
EXPRESS_LANES = 1
"""Further calls on a CPU for short speech: a command does not wait for 30 s of a recording."""
CPU_BATCH = 4
"""Windows per call of a small model with few threads: a step of the decoder takes 1.4 times as long for
four windows as for one."""
MAX_BATCHED_WINDOW_S = 16
"""Longer windows are encoded alone: others would wait too long for the end of the call."""
CUDA_BATCH = 16
CUDA_WINDOW_STEP_S = 5
"""Window lengths are multiples of this, so that more windows have the same length and share a batch."""


@dataclass(frozen=True)
class Placement:
    """How a model uses its device."""

    lanes: int = 1
    """Concurrent calls."""
    threads: int = 1
    """CPU threads per call."""
    express_lanes: int = 0
    """Further concurrent calls, for short speech."""
    batch_size: int = 1
    """Windows per call."""
    batches_equal_windows: bool = False
    """True if a call gets only windows of one length: others would be encoded one after the other."""
    passes: DecodePasses = field(default_factory=lambda: passes_on_cpu(0))
    window_step_s: int = 1
    """Window lengths are multiples of this."""

    @property
    def calls(self) -> int:
        """All concurrent calls."""
        return self.lanes + self.express_lanes

    def batch_group(self, seconds: float, language: str | None) -> int | None:
        """Return the group of speech that is faster in one call; None if it is faster alone."""
        if not self.batches_equal_windows:
            return 0
        window_s = math.ceil(seconds + self.passes.for_language(language)[0].context_s)
        return window_s if window_s <= MAX_BATCHED_WINDOW_S else None


def thread_budget(cpu_threads: int) -> int:
    """Return the threads of all calls together; 0 means one per core, up to `MAX_AUTO_THREADS`."""
    return cpu_threads or min(MAX_AUTO_THREADS, available_cores())


def placement_of(directory: Path, kind: str, threads: int) -> Placement:
    """Return how a model on a device of this kind uses so many threads."""
    if kind == "cuda":
        return Placement(
            batch_size=CUDA_BATCH, passes=passes_on_cuda(), window_step_s=CUDA_WINDOW_STEP_S
        )
    size = (directory / "model.bin").stat().st_size
    lanes = max(1, threads // SMALL_MODEL_THREADS) if size < SMALL_MODEL_BYTES else 1
    crowded = size < SMALL_MODEL_BYTES and lanes == 1
    return Placement(
        lanes=lanes,
        threads=threads // lanes,
        express_lanes=EXPRESS_LANES,
        batch_size=CPU_BATCH if crowded else 1,
        batches_equal_windows=crowded,
        passes=passes_on_cpu(size),
    )


def with_single_threads(placement: Placement) -> Placement | None:
    """Divide the two threads of a small model's only call between two calls; None if it has no such call."""
    if not placement.batches_equal_windows or placement.threads != SMALL_MODEL_THREADS:
        return None
    return replace(placement, lanes=placement.threads, threads=1)
