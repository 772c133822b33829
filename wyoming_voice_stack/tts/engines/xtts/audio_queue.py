"""The audio of one sentence on its way from the engine's threads to the thread that asked for it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator

from wyoming_voice_stack.errors import VoiceStackError
from wyoming_voice_stack.tts.engine import Samples

MAX_UNREAD_SECONDS = 10.0
"""Audio not taken yet from which a sentence is not decoded any further."""


class AudioQueue:
    """Chunks of one sentence, in order. The producer checks `full`; `put` never blocks.

    Every change notifies `changed`, a condition that the queues of all sentences and the engine's threads
    share together with its lock, so that a thread can wait for any of them.
    """

    def __init__(self, changed: threading.Condition, sample_rate: int) -> None:
        self._changed = changed
        self._sample_rate = sample_rate
        self._chunks: deque[Samples] = deque()
        self._unread = 0
        self._ended = False
        self._error: VoiceStackError | None = None
        self.closed = False
        """True once the consumer has gone."""

    @property
    def unread_s(self) -> float:
        """Seconds of audio not taken yet."""
        return self._unread / self._sample_rate

    @property
    def full(self) -> bool:
        """True if no more should be produced for now."""
        return self.unread_s >= MAX_UNREAD_SECONDS

    @property
    def done(self) -> bool:
        """True if the consumer has gone or the producer has ended."""
        return self.closed or self._ended

    def put(self, chunk: Samples) -> None:
        """Add a chunk."""
        with self._changed:
            self._chunks.append(chunk)
            self._unread += len(chunk)
            self._changed.notify_all()

    def end(self, error: VoiceStackError | None = None) -> None:
        """Mark the end, with an error or without; only the first call counts."""
        with self._changed:
            if not self._ended:
                self._ended, self._error = True, error
            self._changed.notify_all()

    def take_all(self) -> Generator[Samples]:
        """Yield each chunk as it arrives. Closing the generator closes the queue.

        Raises:
            VoiceStackError: the error that the queue was ended with, after all chunks.
        """
        try:
            while (chunk := self._next()) is not None:
                yield chunk
        finally:
            self.close()

    def close(self) -> None:
        """Mark that no more chunks will be taken."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def _next(self) -> Samples | None:
        with self._changed:
            self._changed.wait_for(lambda: self._chunks or self._ended)
            if self._chunks:
                chunk = self._chunks.popleft()
                self._unread -= len(chunk)
                self._changed.notify_all()
                return chunk
            if self._error is not None:
                raise self._error
            return None
