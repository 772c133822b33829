"""Memory of recorded audio: its budget for the whole server, and the blocks that hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples
from wyoming_voice_stack.audio import PCM16_FULL_SCALE
from wyoming_voice_stack.errors import Busy

Pcm16: TypeAlias = npt.NDArray[np.int16]
"""Mono 16-bit samples at `SAMPLE_RATE`, shape [samples]."""

BLOCK_SAMPLES = 2 * SAMPLE_RATE
"""Audio is stored and freed in blocks of this length."""
BLOCK_BYTES = 2 * BLOCK_SAMPLES
OWN_BLOCKS = 16
"""What each utterance may hold whatever others hold: 32 s, so a long recording never stops a command."""
MIN_BUDGET_MB = 64
"""The budget on small machines: half an hour of speech."""
MAX_BUDGET_MB = 1024
MEMORY_SHARE = 1 / 16
"""Share of the available memory that recordings may occupy."""


def budget_bytes(memory_bytes: int) -> int:
    """Return the memory for all recordings on a machine with so much available memory."""
    megabytes = int(memory_bytes * MEMORY_SHARE) // 10**6
    return max(MIN_BUDGET_MB, min(MAX_BUDGET_MB, megabytes)) * 10**6


class AudioBudget:
    """The memory that all recordings of a server share, beyond what each may hold in any case."""

    def __init__(self, limit_bytes: int = MIN_BUDGET_MB * 10**6) -> None:
        self._limit_bytes = limit_bytes
        self.used_bytes = 0

    def take(self, blocks_held: int) -> None:
        """Count one more block of a recording that holds `blocks_held`.

        Raises:
            Busy: the recordings of all clients together are too large.
        """
        if blocks_held < OWN_BLOCKS:
            return
        if self.used_bytes + BLOCK_BYTES > self._limit_bytes:
            raise Busy(
                f"The server already holds {self._limit_bytes // 10**6} MB of audio that it has not"
                " transcribed yet; try again in a moment, or give it more memory."
            )
        self.used_bytes += BLOCK_BYTES

    def give_back(self, blocks_held: int) -> None:
        """Count one block less of a recording that holds `blocks_held`, this one included."""
        if blocks_held > OWN_BLOCKS:
            self.used_bytes -= BLOCK_BYTES


@dataclass(frozen=True)
class AudioExcerpt:
    """A part of a recording. Keeps its samples alive without a copy of them."""

    pieces: Sequence[Pcm16]

    def samples(self) -> Samples:
        """Return the samples as engines take them: a new array."""
        if not self.pieces:
            return np.zeros(0, np.float32)
        joined = np.concatenate(self.pieces).astype(np.float32)
        joined /= np.float32(PCM16_FULL_SCALE)
        return joined
