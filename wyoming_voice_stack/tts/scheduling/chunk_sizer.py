"""Chooses how long each chunk of audio is, from the measured speed of the machine.

A chunk costs a fixed part and a part that grows with its length, so long chunks are cheaper. But while
one chunk is computed, all replies go on playing what they have buffered. So the first chunk of a reply
is as short as possible, and later ones are as long as possible without an underrun in any reply.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence

SHORTEST_CHUNK_S = 0.14
"""A shorter chunk is hardly ready sooner; up to 0.07 s of a sentence's first chunk may be silence."""
LONGEST_CHUNK_S = 2.0
"""Bounds the memory of a sentence and how long a new reply waits for its turn."""
LONGEST_WHEN_CROWDED_S = 1.0
"""Bound for chunks that have to be long because there are more replies than the machine can serve."""
OVERHEAD_S = 0.1
"""Fixed cost of a chunk, as seconds of audio: the layers need context on both sides of it."""
WITHHELD_S = 0.05
"""Generated audio that may not have been sent yet: leading silence, and the end of a chunk that waits for
what follows."""
BUFFER_SHARE = 0.5
"""Share of a reply's buffered audio that computing its next chunk may take."""
LAST_BUFFER_SHARE = 0.65
"""The same for a chunk that ends the sentence: another chunk would add its overhead. The remaining share
is for a reply that starts meanwhile."""
SPARE_SHARE = 0.8
"""Share that one chunk may take of what the other replies have buffered beyond their own need."""
MARGIN = 1.25
"""A first chunk lasts this factor longer than the expected time to the second one."""
DECAY = 0.8
"""Weight that each new measurement leaves to the earlier ones."""
INITIAL_SPEED = 5.0
"""Seconds of audio per second of computation, until it has been measured."""

_INITIAL_COMPUTE_S = 0.1
_MIN_COMPUTE_S = 1e-6


class ChunkSizer:
    """Records measurements and returns chunk lengths in seconds of audio. May be used from any thread.

    All times are machine time: of two chunks computed side by side, each is charged half of the time
    that passes.
    """

    def __init__(self, at_once: int = 1) -> None:
        """Take how many chunks are computed side by side when enough replies wait."""
        self._at_once = at_once
        self._lock = threading.Lock()
        self._audio_s = INITIAL_SPEED * _INITIAL_COMPUTE_S
        self._compute_s = _INITIAL_COMPUTE_S
        self._preparation_s = 0.0

    @property
    def speed(self) -> float:
        """Seconds of audio, overhead included, per second of computation."""
        with self._lock:
            return self._audio_s / self._compute_s

    @property
    def preparation_s(self) -> float:
        """Time needed for a sentence before its first chunk can be computed."""
        with self._lock:
            return self._preparation_s

    @property
    def shortest_chunk_takes_s(self) -> float:
        """Time needed for the shortest chunk."""
        return self._cost_s(SHORTEST_CHUNK_S)

    def record_preparation(self, took_s: float) -> None:
        """Record how long the preparation of a sentence took."""
        with self._lock:
            known = self._preparation_s or took_s
            self._preparation_s = DECAY * known + (1 - DECAY) * took_s

    def record_chunk(self, audio_s: float, took_s: float) -> None:
        """Record how long a chunk took."""
        with self._lock:
            self._audio_s = DECAY * self._audio_s + audio_s + OVERHEAD_S
            self._compute_s = DECAY * self._compute_s + max(took_s, _MIN_COMPUTE_S)

    def first_chunk_s(
        self, others_buffered_s: Sequence[float], callers: int | None = None
    ) -> float:
        """Return the length of a reply's first chunk.

        It lasts until every reply without audio has a first chunk of this length, every reply that has
        started has one more, and then this reply its second. `others_buffered_s` is the buffered audio
        of each other waiting reply, `-inf` for one that has no audio yet. `callers` is how many sentences are
        computed or wait, more than there are replies if one has its next sentence computed already.
        """
        speed = self.speed
        unstarted = sum(map(math.isinf, others_buffered_s))
        started = len(others_buffered_s) - unstarted
        fixed_s = unstarted * (self.preparation_s + OVERHEAD_S / speed)
        fixed_s += (started + self._parallel(others_buffered_s, callers)) * self._cost_s(
            SHORTEST_CHUNK_S
        )
        share = 1 - MARGIN * unstarted / speed
        lasting_s = (MARGIN * fixed_s + WITHHELD_S) / share if share > 0 else LONGEST_WHEN_CROWDED_S
        shortest_s = self._shortest_s(1 + len(others_buffered_s))
        return min(max(lasting_s, shortest_s), LONGEST_WHEN_CROWDED_S)

    def next_chunk_s(
        self,
        buffered_s: float,
        others_buffered_s: Sequence[float],
        remaining_s: float = math.inf,
        callers: int | None = None,
    ) -> float:
        """Return the length of the next chunk of a reply with this much audio buffered.

        `remaining_s` is what its sentence has left; all of it becomes one chunk where that is affordable.
        """
        parallel = self._parallel(others_buffered_s, callers)
        last_s = self._affordable_s(LAST_BUFFER_SHARE, buffered_s, others_buffered_s, parallel)
        if remaining_s <= last_s:
            return remaining_s
        return self._affordable_s(BUFFER_SHARE, buffered_s, others_buffered_s, parallel)

    def _affordable_s(
        self,
        buffer_share: float,
        buffered_s: float,
        others_buffered_s: Sequence[float],
        parallel: int,
    ) -> float:
        share = min(buffer_share, SPARE_SHARE / parallel)
        budget_s = share * (buffered_s - WITHHELD_S)
        started = sorted(filter(math.isfinite, others_buffered_s))
        for position, other_s in enumerate(started, start=1):
            spare_s = other_s - position * self._cost_s(SHORTEST_CHUNK_S)
            budget_s = min(budget_s, SPARE_SHARE / parallel * spare_s)
        affordable_s = budget_s * self.speed - OVERHEAD_S
        shortest_s = self._shortest_s(1 + len(others_buffered_s))
        return min(max(affordable_s, shortest_s), LONGEST_CHUNK_S)

    def _parallel(self, others_buffered_s: Sequence[float], callers: int | None) -> int:
        """How many chunks are computed at the same time."""
        return min(self._at_once, callers or 1 + len(others_buffered_s))

    def _cost_s(self, audio_s: float) -> float:
        return (audio_s + OVERHEAD_S) / self.speed

    def _shortest_s(self, replies: int) -> float:
        """With shorter chunks in all replies, the overhead would take more time than there is."""
        spare = self.speed - replies
        lasting_s = MARGIN * replies * OVERHEAD_S / spare if spare > 0 else LONGEST_WHEN_CROWDED_S
        return min(max(lasting_s, SHORTEST_CHUNK_S), LONGEST_WHEN_CROWDED_S)
