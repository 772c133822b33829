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
from wyoming_voice_stack.tts.scheduling.scheduler_turn import SchedulerTurn

BETWEEN_TURNS_S = 0.02
"""Time in which a sentence that had a turn hands over its audio and asks for the next one. After it, its
reply is expected to wait for its client."""
STALLED_S = 1.0
"""Time without a turn after which a sentence waits for its client. The next one of its reply no longer waits for
it: it would keep its thread from other replies."""
RECHECK_S = 0.1
"""How often a waiting sentence checks whether one of these two times is over: nothing else may happen then."""
WORK_AHEAD_S = 1.0
"""Audio that every reply must have buffered before a core computes a sentence ahead of its turn."""


@dataclass(frozen=True)
class _Caller:
    playback: PlaybackBuffer
    sentence: int


@dataclass
class _Sentence:
    playback: PlaybackBuffer
    released_at: float
    """When its last turn ended, or it began."""
    last_s: float = 0.0
    """Audio of the last turn, until the next one is asked for: it may not be in the buffer yet."""


class FairScheduler:
    """Lets `at_once` callers compute at a time; the reply with the least buffered audio goes first.

    So every waiting reply gets its first chunk before any reply gets a second one, unless that one would
    run dry meanwhile. A sentence is computed before the earlier ones of its reply are complete only on a
    core that has nothing else to do.
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
        self._granted: dict[int, Callable[[], None]] = {}
        self._running: dict[int, _Caller] = {}
        self._sentences: dict[int, _Sentence] = {}
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
        """Buffered audio of every other reply of which a sentence computes, waits or is between two turns."""
        with self._lock:
            callers = {**self._waiting, **self._running}
            coming = self._between_turns()
        own = callers[number].playback
        playbacks = dict.fromkeys([each.playback for each in callers.values()] + list(coming))
        return tuple(
            each.buffered_with(coming.get(each, 0.0)) for each in playbacks if each is not own
        )

    def threads(self) -> int:
        """The share of one caller if all those that may compute now were computing."""
        with self._lock:
            return self._threads()

    @contextmanager
    def sentence(self, playback: PlaybackBuffer) -> Iterator[int]:
        """Number a sentence; until the block ends, the later ones of its reply are less urgent."""
        with self._lock:
            number = next(self._numbers)
            self._sentences[number] = _Sentence(playback, self._clock())
        try:
            yield number
        finally:
            with self._lock:
                del self._sentences[number]
                self._grant()

    @contextmanager
    def acquire(
        self, playback: PlaybackBuffer, sentence: int | None = None
    ) -> Iterator[SchedulerTurn]:
        """Wait for a turn and keep it until the block ends: one chunk at most, of a sentence by its number."""
        granted = threading.Event()
        turn = self.request_turn(playback, sentence, granted.set)
        while not granted.wait(RECHECK_S):
            self.recheck()
        try:
            yield turn
        finally:
            self.release(turn)

    def request_turn(
        self, playback: PlaybackBuffer, sentence: int | None, granted: Callable[[], None]
    ) -> SchedulerTurn:
        """Queue for a turn; `granted` is called, from any thread, when it begins."""
        with self._lock:
            number = next(self._numbers)
            self._waiting[number] = _Caller(playback, number if sentence is None else sentence)
            self._granted[number] = granted
            if (continued := self._sentences.get(self._waiting[number].sentence)) is not None:
                continued.last_s = 0.0
            self._grant()
        return SchedulerTurn(self, number, playback)

    def recheck(self) -> None:
        """Grant what time alone has made free: a turn kept for too long, or a place behind a stalled sentence."""
        with self._lock:
            self._grant()

    def release(self, turn: SchedulerTurn) -> None:
        """End a turn that was granted."""
        with self._lock:
            self._update_machine_time()
            caller = self._running.pop(turn.number)
            if (ended := self._sentences.get(caller.sentence)) is not None:
                ended.last_s, ended.released_at = turn.generated_s, self._clock()
            self._grant()

    def _max_running(self) -> int:
        """A reply that needs audio now gets a core of its own; filling the gaps between turns can wait."""
        callers = (*self._waiting.values(), *self._running.values())
        replies = {each.playback for each in callers}
        urgent = any(math.isinf(each.buffered_s) or self._cannot_wait(each) for each in replies)
        return min(self._at_once, self._cores) if urgent else self._at_once

    def _update_machine_time(self) -> None:
        now = self._clock()
        self._machine_time_s += (now - self._updated_at) / max(1, len(self._running))
        self._updated_at = now

    def _grant(self) -> None:
        # Buffers change while callers wait. So the caller that frees a turn chooses, once: if each
        # waiting thread judged for itself, each could find another one first.
        self._update_machine_time()
        while self._waiting and len(self._running) < self._max_running():
            order = {number: self._urgency(caller) for number, caller in self._waiting.items()}
            number = min(order, key=order.__getitem__)
            follows, _, buffered_s, _ = order[number]
            if follows and not (self._works_ahead() and self._has_spare_core()):
                break
            if self._is_reserved(buffered_s):
                break
            self._running[number] = self._waiting.pop(number)
            # Only this thread is woken: with sixteen waiting, the others would compete for the cores.
            self._granted.pop(number)()

    def _urgency(self, caller: _Caller) -> tuple[bool, bool, float, int]:
        """The lowest goes first. No client needs a sentence before the end of the one before it."""
        waits = not self._cannot_wait(caller.playback)
        return self._follows(caller), waits, caller.playback.buffered_s, caller.sentence

    def _cannot_wait(self, playback: PlaybackBuffer) -> bool:
        """Whether a reply would run dry if the first chunk of another one came before its next."""
        side_by_side = min(self._cores, self._at_once)
        takes_s = self.sizer.preparation_s + 2 * self.sizer.shortest_chunk_takes_s
        return 0 <= playback.buffered_s < side_by_side * takes_s

    def _follows(self, caller: _Caller) -> bool:
        return any(
            number < caller.sentence
            and each.playback is caller.playback
            and not self._is_stalled(number)
            for number, each in self._sentences.items()
        )

    def _is_stalled(self, sentence: int) -> bool:
        """Whether a sentence waits for its client to read, and so for no turn."""
        if self._clock() - self._sentences[sentence].released_at <= STALLED_S:
            return False
        callers = (*self._waiting.values(), *self._running.values())
        return all(caller.sentence != sentence for caller in callers)

    def _replies(self) -> set[PlaybackBuffer]:
        """The replies of which a sentence is in progress."""
        going_on = itertools.filterfalse(self._is_stalled, self._sentences)
        return {self._sentences[number].playback for number in going_on}

    def _threads(self) -> int:
        callers = [*self._waiting.values(), *self._running.values()]
        if not self._works_ahead():
            callers = [caller for caller in callers if not self._follows(caller)]
        together = max(1, min(len(callers), self._at_once))
        return max(1, min(self._cores // together, self._max_threads))

    def _works_ahead(self) -> bool:
        """Whether all replies have so much audio that sentences may be computed ahead of their turn."""
        return all(each.buffered_s >= WORK_AHEAD_S for each in self._replies())

    def _has_spare_core(self) -> bool:
        """Whether a core has nothing to do, although the current sentences of all replies are computed."""
        current = sum(not self._follows(caller) for caller in self._running.values())
        return (
            current == len(self._replies()) and len(self._running) * self._threads() < self._cores
        )

    def _is_reserved(self, buffered_s: float) -> bool:
        """Whether the free turns are for replies with less audio, which are between two turns."""
        if not self._running:
            return False
        coming = self._between_turns().items()
        urgent = sum(each.buffered_with(more_s) < buffered_s for each, more_s in coming)
        return len(self._running) + urgent >= self._max_running()

    def _between_turns(self) -> dict[PlaybackBuffer, float]:
        """Replies whose current sentence will soon ask for its next turn, and the audio of its last one."""
        since = self._clock() - BETWEEN_TURNS_S
        current: dict[PlaybackBuffer, _Sentence] = {}
        for each in self._sentences.values():
            current.setdefault(each.playback, each)
        return {
            playback: each.last_s
            for playback, each in current.items()
            if each.last_s and each.released_at >= since
        }
