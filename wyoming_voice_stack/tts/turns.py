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
            self._changed.wait_for(lambda: self._is_next(number))
            del self._waiting[number]
            self._running += 1
            # Where more than one may compute, the next one need not wait for this one's end.
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _is_next(self, number: int) -> bool:
        if self._running >= self._at_once:
            return False
        ahead = {waiting: playback.ahead_s for waiting, playback in self._waiting.items()}
        return number == min(ahead, key=lambda waiting: (ahead[waiting], waiting))
