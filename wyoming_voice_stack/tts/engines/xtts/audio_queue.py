"""The audio of one sentence on its way from the engine's threads to the thread that asked for it.

Other threads can stop or pause it.
"""

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
        self.paused = False
        """True while the consumer takes no chunks."""

    @property
    def unread_s(self) -> float:
        """Seconds of audio not taken yet."""
        return self._unread / self._sample_rate

    @property
    def full(self) -> bool:
        """True if no more should be produced until the consumer takes a chunk."""
        return not self.paused and self.unread_s >= MAX_UNREAD_SECONDS

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
        """Yield each chunk as it arrives, until the end or until the queue is closed.

        Closing the generator closes the queue.

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

    def set_paused(self, paused: bool) -> None:
        """Set whether the consumer takes no chunks for now."""
        with self._changed:
            self.paused = paused
            self._changed.notify_all()

    def _next(self) -> Samples | None:
        with self._changed:
            self._changed.wait_for(lambda: self._chunks or self.done)
            if self.closed and self._error is None:
                return None
            if self._chunks:
                chunk = self._chunks.popleft()
                self._unread -= len(chunk)
                self._changed.notify_all()
                return chunk
            if self._error is not None:
                raise self._error
            return None


class SentenceControl:
    """Stops and pauses the part of a sentence that is decoded, and those that follow. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._part: AudioQueue | None = None
        self._paused = False
        self.stopped = False

    def follow(self, part: AudioQueue) -> None:
        """Control this part from now on."""
        with self._lock:
            self._part = part
            part.set_paused(self._paused)
            if self.stopped:
                part.close()

    def stop(self) -> None:
        """End the audio; the rows of the batch are free after the current step."""
        with self._lock:
            self.stopped = True
            if self._part is not None:
                self._part.close()

    def set_paused(self, paused: bool) -> None:
        """Stop decoding, or continue."""
        with self._lock:
            self._paused = paused
            if self._part is not None:
                self._part.set_paused(paused)


class DecodedSentence:
    """An iterator over the sentence's chunks with the methods of `ControlledAudio`."""

    def __init__(self, chunks: Generator[Samples], control: SentenceControl) -> None:
        self._chunks = chunks
        self._control = control

    def __iter__(self) -> DecodedSentence:
        return self

    def __next__(self) -> Samples:
        return next(self._chunks)

    def close(self) -> None:
        """Stop, from the thread that takes the chunks."""
        self._chunks.close()

    def stop(self) -> None:
        """Stop, from any thread; a thread that waits for a chunk gets the end."""
        self._control.stop()

    def pause(self) -> None:
        """Stop decoding until `resume`."""
        self._control.set_paused(True)

    def resume(self) -> None:
        """Continue decoding."""
        self._control.set_paused(False)
