"""Sound on its way from the engine's thread to who asked for it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator

from wyoming_voice_stack.errors import VoiceStackError
from wyoming_voice_stack.tts.engine import Samples

MAX_UNREAD_SECONDS = 10.0
"""Sound that waits to be taken; of a sentence that has more, no more is made."""


class Outbox:
    """Pieces of one sentence, in order. `changed` is told of everything that happens to it.

    Whoever takes the pieces and whoever puts them share `changed`, and so its lock.
    """

    def __init__(self, changed: threading.Condition, sample_rate: int) -> None:
        self._changed = changed
        self._sample_rate = sample_rate
        self._pieces: deque[Samples] = deque()
        self._unread = 0
        self._ended = False
        self._error: VoiceStackError | None = None
        self.left = False
        """True once nobody takes the sound any more."""

    @property
    def unread_s(self) -> float:
        """Seconds of sound that wait to be taken."""
        return self._unread / self._sample_rate

    @property
    def full(self) -> bool:
        """True if enough sound waits."""
        return self.unread_s >= MAX_UNREAD_SECONDS

    @property
    def over(self) -> bool:
        """True if nobody takes the rest, or none follows."""
        return self.left or self._ended

    def put(self, piece: Samples) -> None:
        """Add a piece."""
        with self._changed:
            self._pieces.append(piece)
            self._unread += len(piece)
            self._changed.notify_all()

    def end(self, error: VoiceStackError | None = None) -> None:
        """No piece follows; the first call counts."""
        with self._changed:
            if not self._ended:
                self._ended, self._error = True, error
            self._changed.notify_all()

    def take_all(self) -> Generator[Samples]:
        """Yield each piece as it comes. Closing this says that nobody wants the rest.

        Raises:
            VoiceStackError: what the outbox was ended with, after all pieces.
        """
        try:
            while (piece := self._next()) is not None:
                yield piece
        finally:
            self.leave()

    def leave(self) -> None:
        """Say that nobody takes the rest."""
        with self._changed:
            self.left = True
            self._changed.notify_all()

    def _next(self) -> Samples | None:
        with self._changed:
            self._changed.wait_for(lambda: self._pieces or self._ended)
            if self._pieces:
                piece = self._pieces.popleft()
                self._unread -= len(piece)
                self._changed.notify_all()
                return piece
            if self._error is not None:
                raise self._error
            return None
