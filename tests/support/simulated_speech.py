"""Speech from an engine of a given speed in virtual time, and listeners that notice each gap."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from tests.support.fakes import FAKE_CARD
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.tts import reply as reply_module
from wyoming_voice_stack.tts import sentence_synthesis as synthesis_module
from wyoming_voice_stack.tts.backend import SynthesisOptions, TtsBackend
from wyoming_voice_stack.tts.engine import Samples
from wyoming_voice_stack.tts.reply import Reply
from wyoming_voice_stack.tts.reply_places import EngineLoad, ReplyPlaces
from wyoming_voice_stack.tts.scheduling.chunk_sizer import OVERHEAD_S, ChunkSizer
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer
from wyoming_voice_stack.tts.scheduling.speech_rate import SpeechRate
from wyoming_voice_stack.tts.script import ScriptLine
from wyoming_voice_stack.tts.synthesis_cache import SynthesisCache
from wyoming_voice_stack.tts.voices.catalogue import VoiceSelection

RATE = 2000
LANES = 16
PREPARATION_S = 0.03
"""Time until the first chunk of a sentence can be computed, by an engine with a speed of 10."""


class SimulatedSentence:
    """A sentence of given length in the engine; stands for a `ResultStream`."""

    waits_for_resume = False

    def __init__(self, engine: SimulatedEngine, job: Any, due: float) -> None:
        self.job, self.due = job, due
        self.remaining_s = float(job.request.text)
        self.begun = self.closed = False
        self._engine = engine
        self._chunks: deque[Samples] = deque()
        self._changed = asyncio.Event()

    @property
    def buffered_s(self) -> float:
        return float(self.job.playback.buffered_s)

    def put(self, seconds: float) -> None:
        samples = max(1, round(seconds * RATE))
        self.remaining_s -= seconds
        if self.remaining_s < 1e-6:
            self.job.generated.set()
        self.job.rate.add(seconds)
        self.job.playback.add(seconds)
        self._chunks.append(np.full(samples, 0.3, np.float32))
        self._changed.set()

    def __aiter__(self) -> SimulatedSentence:
        return self

    async def __anext__(self) -> tuple[int, Samples]:
        while not self._chunks:
            if self.job.generated.is_set():
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return RATE, self._chunks.popleft()

    def suspend(self) -> None:
        """No listener here stops to read."""

    def resume(self, due: float) -> None:
        """It was not suspended."""

    def close(self) -> None:
        self.closed = True
        self._engine.changed.set()


class SimulatedEngine:
    """Computes one chunk after the other, as Piper does; stands for a `Worker`."""

    name, state, queued_requests, lanes = "simulated", "ready", 0, LANES

    def __init__(self, speed: float, clock: Callable[[], float]) -> None:
        self._speed = speed
        self._clock = clock
        self._sizer = ChunkSizer()
        self._sentences: list[SimulatedSentence] = []
        self.changed = asyncio.Event()

    def stream(self, job: Any, *, admitted: bool, due: float) -> SimulatedSentence:
        del admitted
        self._sentences.append(SimulatedSentence(self, job, due))
        self.changed.set()
        return self._sentences[-1]

    async def run(self) -> None:
        while True:
            self._sentences = [
                each for each in self._sentences if not each.closed and each.remaining_s > 1e-6
            ]
            in_lanes = [each for each in self._sentences if each.begun]
            waiting = [each for each in self._sentences if not each.begun]
            in_lanes += sorted(waiting, key=lambda each: each.due)[: LANES - len(in_lanes)]
            if in_lanes:
                await self._compute(min(in_lanes, key=lambda each: each.buffered_s), in_lanes)
            else:
                self.changed.clear()
                await self.changed.wait()

    async def _compute(
        self, sentence: SimulatedSentence, in_lanes: Sequence[SimulatedSentence]
    ) -> None:
        playback = sentence.job.playback
        playbacks = dict.fromkeys(each.job.playback for each in in_lanes)
        others = [each.buffered_s for each in playbacks if each is not playback]
        with sentence.job.rate.computing():
            if not sentence.begun:
                took_s = PREPARATION_S * 10 / self._speed
                await asyncio.sleep(took_s)
                self._sizer.record_preparation(took_s)
            sentence.begun = True
            seconds = min(self._length_s(sentence, others), sentence.remaining_s)
            took_s = (seconds + OVERHEAD_S) / self._speed
            await asyncio.sleep(took_s)
            self._sizer.record_chunk(seconds, took_s)
            sentence.put(seconds)

    def _length_s(self, sentence: SimulatedSentence, others: Sequence[float]) -> float:
        if math.isinf(sentence.buffered_s):
            return self._sizer.first_chunk_s(others)
        return self._sizer.next_chunk_s(sentence.buffered_s, others, sentence.remaining_s)


class _Lines:
    """Stands for a `Script`: each number of the text is a sentence of so many seconds."""

    characters, first_text_at = 0, 0.0

    def __init__(self, backend: TtsBackend, selection: VoiceSelection) -> None:
        del backend, selection

    async def push(self, delta: str, *, ends: bool) -> AsyncGenerator[ScriptLine, None]:
        del ends
        for number in delta.split():
            yield ScriptLine(number, "en", True)


@dataclass
class Listener:
    """Takes its reply as it comes and plays it from the first audio on."""

    sentences_s: Sequence[float]
    address: str = "a"
    arrives_s: float = 0.0
    first_audio_s: float = math.inf
    gaps_s: list[float] = field(default_factory=list)
    refused: str = ""

    async def listen(self, backend: TtsBackend, clock: Callable[[], float]) -> None:
        await asyncio.sleep(self.arrives_s)
        reply = Reply(backend, SELECTION, f"{self.address}:1", kind="plain")
        played_until = math.inf
        text = " ".join(map(str, self.sentences_s))
        try:
            async with aclosing(reply.speak(text, ends=True)) as replies:
                async for audio in replies:
                    if math.isinf(self.first_audio_s):
                        self.first_audio_s = clock() - self.arrives_s
                        played_until = clock()
                    if (late_s := clock() - played_until) > 0:
                        self.gaps_s.append(late_s)
                        played_until = clock()
                    played_until += len(audio.samples) / RATE
        finally:
            reply.close()


SELECTION = cast(VoiceSelection, SimpleNamespace(voice=None, speaker=None, clone=None))


def simulated_backend(
    engine: SimulatedEngine, clock: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> TtsBackend:
    """A backend without threads; replies measure time by `clock`."""
    monkeypatch.setattr(reply_module, "Script", _Lines)
    monkeypatch.setattr(reply_module, "PlaybackBuffer", lambda: PlaybackBuffer(clock))
    for module in (reply_module, synthesis_module):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock))
    rate = SpeechRate(clock)
    load = EngineLoad(
        name="simulated",
        speed=lambda: rate.speed,
        ready=lambda: True,
        lanes=lambda: LANES,
        queued=lambda: 0,
        max_waiting=1000,
    )
    return TtsBackend(
        worker=cast(Any, engine),
        voices=cast(Any, SimpleNamespace(card=FAKE_CARD)),
        rate=rate,
        places=ReplyPlaces(load, clock),
        synthesis_cache=SynthesisCache(0, clones=False),
        detection=cast(Any, None),
        max_characters=lambda _: 250,
        options=SynthesisOptions(),
        metrics=Metrics(),
    )
