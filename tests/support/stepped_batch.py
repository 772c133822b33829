"""A decoder for XTTS's batch that takes a step only when a test allows it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from wyoming_voice_stack.tts.engines.xtts.decoding_stream import DecodingRequest, DecodingStream
from wyoming_voice_stack.tts.engines.xtts.speakers import SpeakerConditioning

ROWS = 3
RATE = 1000
STOP = 99
MOST = 200
WAIT_SECONDS = 120.0


class Decoder:
    """Records steps by the voices of their rows."""

    def __init__(self) -> None:
        self.allowed = threading.Semaphore(0)
        self.stepped: list[list[str]] = []
        self.voices: dict[int, str] = {}
        self.freed: list[str] = []
        self.broken = False
        self.cache = SimpleNamespace(free=self._free)

    def begin(self, voice: str, text_tokens: Sequence[int]) -> tuple[int, Any]:
        import torch

        if voice == "bad":
            raise ValueError(voice)
        row = next(row for row in range(ROWS) if row not in self.voices)
        self.voices[row] = voice
        return row, torch.zeros(1, 2)

    def step(self, rows: Sequence[int], tokens: Sequence[int], numbers: Sequence[int]) -> Any:
        import torch

        assert list(rows) == sorted(set(rows))
        assert self.allowed.acquire(timeout=WAIT_SECONDS)
        if self.broken:
            raise ValueError(rows)
        self.stepped.append([self.voices[row] for row in rows])
        return torch.zeros(len(rows), 2)

    def logits(self, latents: Any) -> Any:
        return latents

    def _free(self, row: int) -> None:
        self.freed.append(self.voices.pop(row))


class Sampler:
    """Draws the number of the row as its token, or the stop token."""

    def __init__(self) -> None:
        self.ending = False

    def begin(self, row: int) -> None:
        pass

    def draw(self, rows: Sequence[int], logits: Any) -> list[int]:
        assert len(rows) == len(logits)
        return [STOP if self.ending else row for row in rows]


class Vocoder:
    """Returns three seconds of audio at each call."""

    def start_stream(self, speaker: str, speed: float) -> Any:
        import torch

        return SimpleNamespace(
            add=lambda _: None, pull=lambda *, last: torch.ones(3 * RATE), has_more=False
        )


def request(voice: str, buffered_s: float = -math.inf) -> DecodingRequest:
    playback: Any = SimpleNamespace(buffered_s=buffered_s)
    return DecodingRequest((1, 2, 3), SpeakerConditioning(voice, voice), 1.0, playback)


def until(scheduler: Any, condition: Callable[[], object]) -> None:
    with scheduler._changed:
        assert scheduler._changed.wait_for(condition, WAIT_SECONDS)


def begun(scheduler: Any, stream: DecodingStream) -> DecodingStream:
    """Wait until the stream has started, and return it."""
    poll(lambda: stream.token_count == 1)
    return stream


def submit_old_and_new(scheduler: Any, decoder: Decoder, *, buffered_s: float, steps: int) -> None:
    """Start "old" with audio buffered, and "new" once `steps` steps were taken."""
    begun(scheduler, scheduler.submit(request("old", buffered_s=buffered_s)))
    new = scheduler.submit(request("new"))
    decoder.allowed.release(steps)
    begun(scheduler, new)


def poll(condition: Callable[[], object]) -> None:
    """Wait for other threads; nothing notifies the test of their steps."""
    waiting = threading.Event()
    for _ in range(int(WAIT_SECONDS / 0.01)):
        if condition():
            return
        waiting.wait(0.01)
    raise AssertionError
