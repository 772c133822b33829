"""Synthesis of one sentence in chunks, for any VITS implementation."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Protocol

import numpy.typing as npt

from wyoming_voice_stack.tts.engines.vits.windows import Window, next_window
from wyoming_voice_stack.tts.scheduling.chunk_sizer import SHORTEST_CHUNK_S
from wyoming_voice_stack.tts.scheduling.fair_scheduler import FairScheduler
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer
from wyoming_voice_stack.tts.scheduling.scheduler_turn import SchedulerTurn


class EncodedSentence(Protocol):
    """A sentence whose text is encoded: durations and noise are fixed."""

    @property
    def frames(self) -> int:
        """Its length."""
        ...

    @property
    def hop(self) -> int:
        """Samples of a frame."""
        ...

    @property
    def decoding_share(self) -> float:
        """Share of the work on the sentence that decoding does; the rest was done while encoding."""
        ...

    def decode(self, window: Window, threads: int = 1) -> Any:
        """Decode these frames with up to `threads` threads, as [samples]. Windows ascend."""
        ...


class WholeSentence:
    """A sentence that is already synthesized: a single frame."""

    frames = 1
    decoding_share = 0.0

    def __init__(self, samples: npt.NDArray[Any]) -> None:
        self._samples = samples
        self.hop = max(1, len(samples))

    def decode(self, window: Window, threads: int = 1) -> npt.NDArray[Any]:
        """All samples, [samples]."""
        del window, threads
        return self._samples


def decode_in_chunks(
    encode: Callable[[int], EncodedSentence],
    sample_rate: int,
    scheduler: FairScheduler,
    playback: PlaybackBuffer,
) -> Generator[tuple[Any, bool]]:
    """Yield a sentence's chunks, [samples], each computed in a turn of its own, and whether it is the last.

    `encode` takes a number of threads. It runs in the turn of the first chunk: encoding all waiting
    sentences first would give no client its audio sooner.
    """
    with scheduler.sentence(playback) as number:
        with scheduler.acquire(playback, number) as turn:
            with turn.measure_preparation():
                sentence = encode(turn.threads)
            frames_per_second = sample_rate / sentence.hop
            length_s = turn.first_chunk_s(sentence.frames / frames_per_second)
            chunk, done = _decode(sentence, 0, length_s, frames_per_second, turn)
        yield chunk, done == sentence.frames
        while done < sentence.frames:
            with scheduler.acquire(playback, number) as turn:
                length_s = turn.next_chunk_s((sentence.frames - done) / frames_per_second)
                chunk, done = _decode(sentence, done, length_s, frames_per_second, turn)
            yield chunk, done == sentence.frames


def _decode(
    sentence: EncodedSentence,
    start: int,
    length_s: float,
    frames_per_second: float,
    turn: SchedulerTurn,
) -> tuple[Any, int]:
    """A chunk of about this length, and the frame after its last."""
    wanted, shortest = length_s * frames_per_second, SHORTEST_CHUNK_S * frames_per_second
    window = next_window(start, sentence.frames, wanted, shortest)
    turn.generated_s = (window.stop - start) / frames_per_second
    if not sentence.decoding_share:
        return sentence.decode(window, turn.threads), window.stop
    # The chunks of other sentences, which may be computed while decoding, are chosen by this speed.
    with turn.measure_chunk(turn.generated_s * sentence.decoding_share):
        return sentence.decode(window, turn.threads), window.stop
