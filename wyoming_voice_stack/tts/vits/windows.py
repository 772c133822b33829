"""Where a sentence is cut: the first window small, so that it is heard early, then larger ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from wyoming_voice_stack.tts.vits.reach import Reach

FIRST_WINDOW_S = 0.28
"""Sound that is heard first. Less than this would hardly be there sooner."""
GROWTH = 3
"""A window is at most so many times as long as the one before, whose sound is heard meanwhile."""
LONGEST_WINDOW_S = 3.0
"""Bounds the memory of a sentence, and how long another client waits for its turn."""
CROWD = 2.5
"""So many at once are served as one is: each has its next piece before it has played the one before."""
WHOLE_S = 1.2
"""Up to this much sound is spoken in one go: cutting it would win next to nothing."""


@dataclass(frozen=True)
class Window:
    """Frames `start` to `stop` of a sentence, the latter not included."""

    start: int
    stop: int

    def around(self, reach: Reach, frames: int) -> Window:
        """The frames that must be decoded for these, of `frames` in all."""
        return Window(max(0, self.start - reach.left), min(frames, self.stop + reach.right))

    def positions_in(self, wider: Window, hop: int) -> slice:
        """Where what these frames become is, within what `wider` becomes."""
        return slice((self.start - wider.start) * hop, (self.stop - wider.start) * hop)


def windows(
    frames: int, frames_per_second: float, crowd: Callable[[], int] = lambda: 1
) -> Iterator[Window]:
    """Cut a sentence of so many frames; every frame is in one window.

    `crowd` tells how many share the engine at the moment. The more they are, the longer it takes until
    this sentence's next turn: so its first window is longer. And the less may one hold up the others:
    so its later ones are shorter.
    """
    if frames <= WHOLE_S * frames_per_second:
        yield Window(0, frames)
        return
    start, length = 0, 0
    while start < frames:
        share = max(1.0, crowd() / CROWD)
        first = max(1, round(FIRST_WINDOW_S * share * frames_per_second))
        longest = max(first, round(LONGEST_WINDOW_S / share * frames_per_second))
        length = min(GROWTH * length, longest) if length else first
        stop = start + length
        # A rest of less than a first window is not worth a turn of its own.
        stop = frames if frames - stop < first else stop
        yield Window(start, stop)
        start = stop
