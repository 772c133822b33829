"""Decides which reply computes its next chunk of audio, where replies share one engine."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

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
        return self._scheduler.threads()

    def first_chunk_s(self, remaining_s: float = math.inf) -> float:
        """Length of a sentence's first chunk, in seconds of audio, for a sentence of `remaining_s`."""
        if math.isfinite(self._playback.buffered_s):
            return self.next_chunk_s(remaining_s)
        scheduler = self._scheduler
        return scheduler.sizer.first_chunk_s(
            scheduler.others_buffered_s(self._number), scheduler.callers
        )

    def next_chunk_s(self, remaining_s: float = math.inf) -> float:
        """Length of a later chunk, of a sentence that has `remaining_s` left.

        A reply that counts no audio in its buffer cannot have an underrun, and gets the longest chunks.
        """
        buffered_s = self._playback.buffered_s
        return self._scheduler.sizer.next_chunk_s(
            buffered_s if math.isfinite(buffered_s) else math.inf,
            self._scheduler.others_buffered_s(self._number),
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


@dataclass(frozen=True)
class _Caller:
    playback: PlaybackBuffer
    sentence: int


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
        self._waiting: dict[int, _Caller] = {}
        self._granted: dict[int, threading.Event] = {}
        self._running: dict[int, _Caller] = {}
        self._lock = threading.Lock()

    @property
    def machine_time_s(self) -> float:
        """A clock that runs slower by the number of callers computing: each is charged its share."""
        with self._lock:
            self._update_machine_time()
            return self._machine_time_s

    @property
    def callers(self) -> int:
        """How many sentences compute or wait."""
        with self._lock:
            return len(self._waiting) + len(self._running)

    def others_buffered_s(self, number: int) -> tuple[float, ...]:
        """Buffered audio of every other reply of which a sentence computes or waits."""
        with self._lock:
            callers = {**self._waiting, **self._running}
        own = callers[number].playback
        playbacks = dict.fromkeys(each.playback for each in callers.values())
        return tuple(each.buffered_s for each in playbacks if each is not own)

    def threads(self) -> int:
        """The share of one caller if all that wait were computing."""
        return max(1, min(self._cores // min(self.callers, self._at_once), self._max_threads))

    def next_sentence(self) -> int:
        """Return the number of a new sentence: of one reply, the earlier sentence goes first."""
        return next(self._numbers)

    @contextmanager
    def acquire(
        self, playback: PlaybackBuffer, sentence: int | None = None
    ) -> Iterator[SchedulerTurn]:
        """Wait for a turn and keep it until the block ends: one chunk at most, of a sentence by its number."""
        with self._lock:
            number = next(self._numbers)
            self._waiting[number] = _Caller(playback, number if sentence is None else sentence)
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
        callers = (*self._waiting.values(), *self._running.values())
        any_unstarted = any(math.isinf(caller.playback.buffered_s) for caller in callers)
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
            order = {
                number: (caller.playback.buffered_s, caller.sentence)
                for number, caller in self._waiting.items()
            }
            number = min(order, key=order.__getitem__)
            self._running[number] = self._waiting.pop(number)
            # Only this thread is woken: with sixteen waiting, the others would compete for the cores.
            self._granted.pop(number).set()
