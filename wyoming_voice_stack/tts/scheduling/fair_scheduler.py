"""Whose piece of sound is computed next, and how long it is, where replies share one engine."""

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
    """One caller's leave to compute a piece."""

    def __init__(self, turns: FairScheduler, number: int, playback: PlaybackBuffer) -> None:
        self._turns = turns
        self._number = number
        self._playback = playback

    @property
    def hands(self) -> int:
        """How many of the machine's cores the piece may take: its share."""
        return self._turns.hands(self._number)

    def first_s(self, rest_s: float = math.inf) -> float:
        """How much sound the first piece is to have, of a sentence that has so much."""
        if math.isfinite(self._playback.ahead_s):
            return self.next_s(rest_s)
        return self._turns.pace.first_s(self._turns.others_ahead_s(self._number))

    def next_s(self, rest_s: float = math.inf) -> float:
        """How much a later one is to have, of so much that is left.

        If nobody says that it plays them, nobody runs dry.
        """
        ahead_s = self._playback.ahead_s if math.isfinite(self._playback.ahead_s) else math.inf
        others_ahead_s = self._turns.others_ahead_s(self._number)
        return self._turns.pace.next_s(ahead_s, others_ahead_s, rest_s)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Measure what comes before a sentence's first piece."""
        began_s = self._turns.work_s
        yield
        self._turns.pace.read(self._turns.work_s - began_s)

    @contextmanager
    def making(self, sound_s: float) -> Iterator[None]:
        """Measure how long a piece of so much sound takes."""
        began_s = self._turns.work_s
        yield
        self._turns.pace.made(sound_s, self._turns.work_s - began_s)


class FairScheduler:
    """Lets `at_once` callers compute at a time; who has least sound in hand goes first.

    So everybody who waits gets a first piece before anybody gets a second one.
    """

    def __init__(
        self,
        at_once: int = 1,
        cores: int = 1,
        most_hands: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Share `cores` among those who compute, no more than `most_hands` for each."""
        self.pace = ChunkSizer(at_once)
        self._at_once = at_once
        self._cores = cores
        self._most_hands = most_hands or cores
        self._clock = clock
        self._work_s = 0.0
        self._counted_at = clock()
        self._numbers = itertools.count()
        self._waiting: dict[int, PlaybackBuffer] = {}
        self._granted: dict[int, threading.Event] = {}
        self._running: dict[int, PlaybackBuffer] = {}
        self._lock = threading.Lock()

    @property
    def work_s(self) -> float:
        """A clock that goes slower by as many as compute: what passes of it is each one's share."""
        with self._lock:
            self._count()
            return self._work_s

    def others_ahead_s(self, number: int) -> tuple[float, ...]:
        """What all others who compute or wait have in hand."""
        with self._lock:
            everybody = {**self._waiting, **self._running}
        return tuple(each.ahead_s for other, each in everybody.items() if other != number)

    def hands(self, number: int) -> int:
        """The share of one who computes, if all others who want to are let."""
        people = 1 + len(self.others_ahead_s(number))
        return max(1, min(self._cores // min(people, self._at_once), self._most_hands))

    @contextmanager
    def take(self, playback: PlaybackBuffer) -> Iterator[SchedulerTurn]:
        """Wait for a turn, and keep it until the block ends: one piece at most."""
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
                self._count()
                del self._running[number]
                self._grant()

    def _most_at_once(self) -> int:
        """Who has heard nothing yet gets a core for itself; what fills the gaps between turns can wait."""
        everybody = (*self._waiting.values(), *self._running.values())
        silent = any(math.isinf(playback.ahead_s) for playback in everybody)
        return min(self._at_once, self._cores) if silent else self._at_once

    def _count(self) -> None:
        now = self._clock()
        self._work_s += (now - self._counted_at) / max(1, len(self._running))
        self._counted_at = now

    def _grant(self) -> None:
        # What is in hand changes while they wait. So whoever makes room chooses, once: if each waiter
        # judged for itself, each could find another one first.
        self._count()
        while self._waiting and len(self._running) < self._most_at_once():
            ahead = {number: playback.ahead_s for number, playback in self._waiting.items()}
            number = min(ahead, key=lambda number: (ahead[number], number))
            self._running[number] = self._waiting.pop(number)
            # Nobody else is woken: with sixteen who wait, all others would be in the way.
            self._granted.pop(number).set()
