"""A turn to compute one chunk of audio: how long it should be, and how long it took."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from wyoming_voice_stack.tts.scheduling.chunk_sizer import ChunkSizer
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer


class Scheduler(Protocol):
    """What a turn asks the scheduler that granted it."""

    @property
    def sizer(self) -> ChunkSizer:
        """Chooses the length of chunks for all turns."""
        ...

    @property
    def machine_time_s(self) -> float:
        """A clock that runs slower by the number of callers computing."""
        ...

    @property
    def callers(self) -> int:
        """How many sentences compute or wait."""
        ...

    def others_buffered_s(self, number: int) -> tuple[float, ...]:
        """Buffered audio of every reply that has a sentence in progress, but that of the turn with this number."""
        ...

    def threads(self) -> int:
        """The share of one caller if all those that may compute now were computing."""
        ...


class SchedulerTurn:
    """Permission to compute one chunk, with the facts needed to choose its length."""

    def __init__(self, scheduler: Scheduler, number: int, playback: PlaybackBuffer) -> None:
        self._scheduler = scheduler
        self.number = number
        self.generated_s = 0.0
        """Audio that the turn has generated; set before it ends."""
        self._playback = playback

    @property
    def threads(self) -> int:
        """How many threads may compute the chunk: its share of the machine's cores."""
        return self._scheduler.threads()

    def first_chunk_s(self, remaining_s: float = math.inf) -> float:
        """Length of a sentence's first chunk, in seconds of audio, for a sentence of `remaining_s`."""
        if math.isfinite(self._playback.buffered_s):
            return self.next_chunk_s(remaining_s)
        scheduler = self._scheduler
        return scheduler.sizer.first_chunk_s(
            scheduler.others_buffered_s(self.number), scheduler.callers
        )

    def next_chunk_s(self, remaining_s: float = math.inf) -> float:
        """Length of a later chunk, of a sentence that has `remaining_s` left.

        A reply that counts no audio in its buffer cannot have an underrun, and gets the longest chunks.
        """
        buffered_s = self._playback.buffered_s
        return self._scheduler.sizer.next_chunk_s(
            buffered_s if math.isfinite(buffered_s) else math.inf,
            self._scheduler.others_buffered_s(self.number),
            remaining_s,
            self._scheduler.callers,
        )

    @contextmanager
    def measure_preparation(self) -> Iterator[None]:
        """Measure what precedes a sentence's first chunk."""
        started_s = self._scheduler.machine_time_s
        yield
        took_s = self._scheduler.machine_time_s - started_s
        self._scheduler.sizer.record_preparation(took_s)

    @contextmanager
    def measure_chunk(self, audio_s: float) -> Iterator[None]:
        """Measure how long a chunk of this length takes."""
        started_s = self._scheduler.machine_time_s
        yield
        took_s = self._scheduler.machine_time_s - started_s
        self._scheduler.sizer.record_chunk(audio_s, took_s)
