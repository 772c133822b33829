"""How much audio of a reply is still unplayed; tells the scheduler which reply needs audio soonest."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable


class PlaybackBuffer:
    """Estimates one reply's unplayed audio, as if it played without a stop from its first chunk on.

    Audio of a sentence counts once the sentences before it are complete. May be used from any thread.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._started_at: float | None = None
        self._generated_s = 0.0
        self._withheld_s = 0.0
        self._sentences: deque[SentenceBuffer] = deque()

    def begin_sentence(self) -> SentenceBuffer:
        """Begin the next sentence of the reply."""
        sentence = SentenceBuffer(self)
        with self._lock:
            self._sentences.append(sentence)
        return sentence

    def add(self, seconds: float) -> None:
        """Count newly generated audio."""
        with self._lock:
            self._count(seconds)

    def add_to(self, sentence: SentenceBuffer, seconds: float) -> None:
        """Count newly generated audio of a sentence; see `SentenceBuffer.add`."""
        with self._lock:
            sentence.uncounted_s += seconds
            self._count_next()

    def finish(self, sentence: SentenceBuffer) -> None:
        """End a sentence; see `SentenceBuffer.finish`."""
        with self._lock:
            sentence.complete = True
            self._count_next()

    def set_withheld(self, seconds: float) -> None:
        """Set how much of all generated audio the client has not been sent: silence held back or dropped.

        Negative if the pauses inserted between sentences are longer than what was dropped.
        """
        with self._lock:
            self._withheld_s = seconds

    @property
    def buffered_s(self) -> float:
        """Seconds of unplayed audio; negative during an underrun, `-inf` before the first chunk."""
        with self._lock:
            if self._started_at is None:
                return -math.inf
            return self._generated_s - self._withheld_s - (self._clock() - self._started_at)

    def buffered_with(self, more_s: float) -> float:
        """`buffered_s` once this much more audio, in seconds, has been added."""
        buffered_s = self.buffered_s
        return more_s if math.isinf(buffered_s) and more_s else buffered_s + more_s

    def _count_next(self) -> None:
        """Count the audio up to the end of what is generated of the first sentence that is not complete."""
        while self._sentences:
            first = self._sentences[0]
            if first.uncounted_s:
                self._count(first.uncounted_s)
                first.uncounted_s = 0.0
            if not first.complete:
                break
            self._sentences.popleft()

    def _count(self, seconds: float) -> None:
        if self._started_at is None:
            self._started_at = self._clock()
        self._generated_s += seconds


class SentenceBuffer:
    """The generated audio of one sentence. May be used from any thread."""

    def __init__(self, reply: PlaybackBuffer) -> None:
        self._reply = reply
        self.uncounted_s = 0.0
        self.complete = False

    def add(self, seconds: float) -> None:
        """Count newly generated audio, at the latest when all sentences before this one are complete."""
        self._reply.add_to(self, seconds)

    def finish(self) -> None:
        """Note that no more audio of this sentence follows: the next one may count."""
        self._reply.finish(self)
