"""Whose piece of sound is computed next, where several replies share one engine."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from wyoming_voice_stack.tts.playback import Playback


class Turns:
    """Lets `at_once` callers compute at a time; who has least sound in hand goes first.

    So everybody who waits gets a first piece before anybody gets a second one.
    """

    def __init__(self, at_once: int = 1) -> None:
        self._at_once = at_once
        self._running = 0
        self._numbers = itertools.count()
        self._waiting: dict[int, Playback] = {}
        self._granted: set[int] = set()
        self._changed = threading.Condition()

    @property
    def crowd(self) -> int:
        """How many compute or wait at this moment."""
        return self._running + len(self._waiting)

    @contextmanager
    def take(self, playback: Playback) -> Iterator[None]:
        """Wait for a turn, and keep it until the block ends: one piece at most."""
        with self._changed:
            number = next(self._numbers)
            self._waiting[number] = playback
            self._grant()
            self._changed.wait_for(lambda: number in self._granted)
            self._granted.remove(number)
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._grant()

    def _grant(self) -> None:
        # What is in hand changes while they wait. So whoever makes room chooses, once: if each waiter
        # judged for itself, each could find another one first.
        while self._waiting and self._running < self._at_once:
            ahead = {number: playback.ahead_s for number, playback in self._waiting.items()}
            number = min(ahead, key=lambda number: (ahead[number], number))
            del self._waiting[number]
            self._granted.add(number)
            self._running += 1
        self._changed.notify_all()
