"""One sentence piece by piece, whatever computes it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Protocol

import numpy.typing as npt

from wyoming_voice_stack.tts.playback import Playback
from wyoming_voice_stack.tts.turns import Turns
from wyoming_voice_stack.tts.vits.windows import Window, windows


class Sentence(Protocol):
    """A sentence whose text has been read and whose durations and noise are known."""

    @property
    def frames(self) -> int:
        """How long it is."""
        ...

    @property
    def hop(self) -> int:
        """Samples that a frame becomes."""
        ...

    def decode(self, window: Window) -> Any:
        """Samples of these frames, [samples]. Windows are asked for in their order."""
        ...


class WholeSentence:
    """A sentence that is spoken already: a single frame."""

    frames = 1

    def __init__(self, sound: npt.NDArray[Any]) -> None:
        self._sound = sound
        self.hop = max(1, len(sound))

    def decode(self, window: Window) -> npt.NDArray[Any]:
        """All samples, [samples]."""
        del window
        return self._sound


def pieces(
    read: Callable[[], Sentence], sample_rate: int, turns: Turns, playback: Playback
) -> Generator[tuple[Any, bool]]:
    """Compute a sentence: its pieces, [samples], each in a turn of its own, and which is the last.

    Reading shares the first piece's turn: nobody would get sound sooner if all were read first.
    """
    with turns.take(playback):
        sentence = read()
        cuts = windows(sentence.frames, sample_rate / sentence.hop, lambda: turns.crowd)
        window = next(cuts)
        piece = sentence.decode(window)
    yield piece, window.stop == sentence.frames
    while window.stop < sentence.frames:
        with turns.take(playback):
            window = next(cuts)
            piece = sentence.decode(window)
        yield piece, window.stop == sentence.frames
