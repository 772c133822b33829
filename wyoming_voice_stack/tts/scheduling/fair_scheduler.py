"""Decides which reply computes its next chunk of audio, where replies share one engine."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from wyoming_voice_stack.tts.scheduling.chunk_sizer import ChunkSizer
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer


class SchedulerTurn:
    """Permission to compute one chunk, with the facts needed to choose its length."""

    def __init__(self, scheduler: FairScheduler, number: int, playback: PlaybackBuffer) -> None:
        self._scheduler = scheduler
        self._number = number
        self._playback = playback

    @property
    def threads(self) -> int:
        """How many threads may compute the chunk: its share of the machine's cores."""
        return self._scheduler.threads(self._number)

    def first_chunk_s(self, remaining_s: float = math.inf) -> float:
        """Length of a sentence's first chunk, in seconds of audio, for a sentence of `remaining_s`."""
        if math.isfinite(self._playback.buffered_s):
            return self.next_chunk_s(remaining_s)
        others_buffered_s = self._scheduler.others_buffered_s(self._number)
        return self._scheduler.sizer.first_chunk_s(others_buffered_s)

    def next_chunk_s(self, remaining_s: float = math.inf) -> float:
        """Length of a later chunk, of a sentence that has `remaining_s` left.

        A reply that counts no audio in its buffer cannot have an underrun, and gets the longest chunks.
        """
        buffered_s = self._playback.buffered_s
        others_buffered_s = self._scheduler.others_buffered_s(self._number)
        return self._scheduler.sizer.next_chunk_s(
            buffered_s if math.isfinite(buffered_s) else math.inf, others_buffered_s, remaining_s
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


class FairScheduler:
    """Lets `at_once` callers compute at a time; the reply with the least buffered audio goes first.

    So every waiting reply gets its first chunk before any reply gets a second one.
    """

    def __init__(
        self,
        at_once: int = 1,
        cores: int = 1,
        max_threads: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Share `cores` among the callers that compute, at most `max_threads` for each."""
        self.sizer = ChunkSizer(at_once)
        self._at_once = at_once
        self._cores = cores
        self._max_threads = max_threads or cores
        self._clock = clock
        self._machine_time_s = 0.0
        self._updated_at = clock()
        self._numbers = itertools.count()
        self._waiting: dict[int, PlaybackBuffer] = {}
        self._granted: dict[int, threading.Event] = {}
        self._running: dict[int, PlaybackBuffer] = {}
        self._lock = threading.Lock()

    @property
    def machine_time_s(self) -> float:
        """A clock that runs slower by the number of callers computing: each is charged its share."""
        with self._lock:
            self._update_machine_time()
            return self._machine_time_s

    def others_buffered_s(self, number: int) -> tuple[float, ...]:
        """Buffered audio of every other reply that computes or waits."""
        with self._lock:
            playbacks = {**self._waiting, **self._running}
        return tuple(each.buffered_s for other, each in playbacks.items() if other != number)

    def threads(self, number: int) -> int:
        """The share of one caller if all that wait were computing."""
        callers = 1 + len(self.others_buffered_s(number))
        return max(1, min(self._cores // min(callers, self._at_once), self._max_threads))

    @contextmanager
    def acquire(self, playback: PlaybackBuffer) -> Iterator[SchedulerTurn]:
        """Wait for a turn and keep it until the block ends: one chunk at most."""
        with self._lock:
            number = next(self._numbers)
            self._waiting[number] = playback
            granted = self._granted[number] = threading.Event()
            self._grant()
        granted.wait()
        try:
            yield SchedulerTurn(self, number, playback)
        finally:
            with self._lock:
                self._update_machine_time()
                del self._running[number]
                self._grant()

    def _max_running(self) -> int:
        """A reply without audio gets a core of its own; filling the gaps between turns can wait."""
        playbacks = (*self._waiting.values(), *self._running.values())
        any_unstarted = any(math.isinf(playback.buffered_s) for playback in playbacks)
        return min(self._at_once, self._cores) if any_unstarted else self._at_once

    def _update_machine_time(self) -> None:
        now = self._clock()
        self._machine_time_s += (now - self._updated_at) / max(1, len(self._running))
        self._updated_at = now

    def _grant(self) -> None:
        # Buffers change while callers wait. So the caller that frees a turn chooses, once: if each
        # waiting thread judged for itself, each could find another one first.
        self._update_machine_time()
        while self._waiting and len(self._running) < self._max_running():
            buffered = {number: playback.buffered_s for number, playback in self._waiting.items()}
            number = min(buffered, key=lambda number: (buffered[number], number))
            self._running[number] = self._waiting.pop(number)
            # Only this thread is woken: with sixteen waiting, the others would compete for the cores.
            self._granted.pop(number).set()
