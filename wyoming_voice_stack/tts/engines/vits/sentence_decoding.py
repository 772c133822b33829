"""One sentence piece by piece, whatever computes it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Protocol

import numpy.typing as npt

from wyoming_voice_stack.tts.engines.vits.windows import Window, next_window
from wyoming_voice_stack.tts.scheduling.chunk_sizer import SHORTEST_CHUNK_S
from wyoming_voice_stack.tts.scheduling.fair_scheduler import FairScheduler, SchedulerTurn
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer


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

    def decode(self, window: Window, hands: int = 1) -> Any:
        """Samples of these frames, [samples]. Windows are asked for in their order.

        `hands` is how many threads may work on them.
        """
        ...


class WholeSentence:
    """A sentence that is spoken already: a single frame."""

    frames = 1

    def __init__(self, sound: npt.NDArray[Any]) -> None:
        self._sound = sound
        self.hop = max(1, len(sound))

    def decode(self, window: Window, hands: int = 1) -> npt.NDArray[Any]:
        """All samples, [samples]."""
        del window, hands
        return self._sound


def pieces(
    read: Callable[[int], Sentence],
    sample_rate: int,
    turns: FairScheduler,
    playback: PlaybackBuffer,
) -> Generator[tuple[Any, bool]]:
    """Compute a sentence: its pieces, [samples], each in a turn of its own, and which is the last.

    Reading shares the first piece's turn: nobody would get sound sooner if all were read first.
    """
    with turns.acquire(playback) as turn:
        with turn.measure_preparation():
            sentence = read(turn.threads)
        frames_per_second = sample_rate / sentence.hop
        length_s = turn.first_chunk_s(sentence.frames / frames_per_second)
        piece, done = _decode(sentence, 0, length_s, frames_per_second, turn)
    yield piece, done == sentence.frames
    while done < sentence.frames:
        with turns.acquire(playback) as turn:
            length_s = turn.next_chunk_s((sentence.frames - done) / frames_per_second)
            piece, done = _decode(sentence, done, length_s, frames_per_second, turn)
        yield piece, done == sentence.frames


def _decode(
    sentence: Sentence, start: int, length_s: float, frames_per_second: float, turn: SchedulerTurn
) -> tuple[Any, int]:
    """A piece of about this length, and where it ends."""
    wanted, shortest = length_s * frames_per_second, SHORTEST_CHUNK_S * frames_per_second
    window = next_window(start, sentence.frames, wanted, shortest)
    with turn.measure_chunk((window.stop - start) / frames_per_second):
        return sentence.decode(window, turn.threads), window.stop
