"""Speech from an engine of a given speed in virtual time, and listeners that notice each gap."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
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
from wyoming_voice_stack.tts.engines.piper.engine import LANES
from wyoming_voice_stack.tts.reply import Reply
from wyoming_voice_stack.tts.reply_places import EngineLoad, ReplyPlaces
from wyoming_voice_stack.tts.scheduling.chunk_sizer import OVERHEAD_S
from wyoming_voice_stack.tts.scheduling.fair_scheduler import FairScheduler
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer
from wyoming_voice_stack.tts.scheduling.scheduler_turn import SchedulerTurn
from wyoming_voice_stack.tts.scheduling.speech_rate import SpeechRate
from wyoming_voice_stack.tts.script import ScriptLine
from wyoming_voice_stack.tts.synthesis_cache import SynthesisCache
from wyoming_voice_stack.tts.voices.catalogue import VoiceSelection

RATE = 2000
PREPARATION_S = 0.03
"""Time until the first chunk of a sentence can be computed, by an engine with a speed of 10."""


class SimulatedSentence:
    """A sentence of given length in the engine; stands for a `ResultStream`."""

    waits_for_resume = False

    def __init__(self, engine: SimulatedEngine, job: Any, due: float) -> None:
        self.job, self.due = job, due
        self.remaining_s = float(job.request.text)
        self.closed = False
        self._engine = engine
        self._chunks: deque[Samples] = deque()
        self._changed = asyncio.Event()

    def put(self, seconds: float) -> None:
        samples = max(1, round(seconds * RATE))
        self.remaining_s -= seconds
        self.job.rate.add(seconds)
        self.job.buffer.add(seconds)
        if self.complete:
            self.job.buffer.finish()
            self.job.generated.set()
        self._chunks.append(np.full(samples, 0.3, np.float32))
        self._changed.set()

    @property
    def complete(self) -> bool:
        return self.remaining_s < 1e-6

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
        self._engine.fill_lanes()


class SimulatedCores:
    """Shares cores equally among threads, in virtual time."""

    def __init__(self, cores: int, clock: Callable[[], float]) -> None:
        self._cores = cores
        self._clock = clock
        self._threads = 0
        self._changed = asyncio.Event()

    async def work(self, core_s: float, threads: int) -> None:
        """Work for so many seconds of one core, divided among threads."""
        remaining_s = core_s / threads
        self._change(threads)
        while remaining_s > 1e-9:
            changed, since = self._changed, self._clock()
            share = min(1.0, self._cores / self._threads)
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), remaining_s / share)
            remaining_s -= share * (self._clock() - since)
        self._change(-threads)

    def _change(self, threads: int) -> None:
        self._threads += threads
        self._changed.set()
        self._changed = asyncio.Event()


class SimulatedEngine:
    """Computes chunks in turns of the scheduler, as Piper does; stands for a `Worker`."""

    name, state, queued_requests, lanes = "simulated", "ready", 0, LANES

    def __init__(self, speed: float, clock: Callable[[], float], cores: int = 1) -> None:
        """`speed` is that of all cores together."""
        self._core_speed = speed / cores
        self._cores = SimulatedCores(cores, clock)
        self._scheduler = FairScheduler(cores + 1, cores, clock=clock)
        self._waiting: list[SimulatedSentence] = []
        self.most_waiting = 0
        """Sentences that waited for a lane at the same time, at most."""
        self._running: set[asyncio.Task[None]] = set()

    def stream(self, job: Any, *, admitted: bool, due: float) -> SimulatedSentence:
        del admitted
        self._waiting.append(sentence := SimulatedSentence(self, job, due))
        self.fill_lanes()
        return sentence

    def fill_lanes(self) -> None:
        self._waiting = [each for each in self._waiting if not each.closed]
        while self._waiting and len(self._running) < LANES:
            first = min(self._waiting, key=lambda each: each.due)
            self._waiting.remove(first)
            running = asyncio.create_task(self._speak(first))
            self._running.add(running)
            running.add_done_callback(self._free_lane)
        self.most_waiting = max(self.most_waiting, len(self._waiting))

    def _free_lane(self, done: asyncio.Task[None]) -> None:
        self._running.discard(done)
        done.result()
        self.fill_lanes()

    async def _speak(self, sentence: SimulatedSentence) -> None:
        playback, prepared = sentence.job.playback, False
        with self._scheduler.sentence(playback) as number:
            while not (sentence.closed or sentence.complete):
                with sentence.job.rate.computing():
                    turn = await self._turn(playback, number)
                    if not prepared:
                        with turn.measure_preparation():
                            await self._work(PREPARATION_S * 10, turn)
                        wanted_s = turn.first_chunk_s(sentence.remaining_s)
                    else:
                        wanted_s = turn.next_chunk_s(sentence.remaining_s)
                    prepared = True
                    seconds = min(wanted_s, sentence.remaining_s)
                    with turn.measure_chunk(seconds):
                        await self._work(seconds + OVERHEAD_S, turn)
                    turn.generated_s = seconds
                    self._scheduler.release(turn)
                    sentence.put(seconds)

    async def _turn(self, playback: PlaybackBuffer, number: int) -> SchedulerTurn:
        granted = asyncio.Event()
        turn = self._scheduler.request_turn(playback, number, granted.set)
        await granted.wait()
        return turn

    async def _work(self, audio_s: float, turn: SchedulerTurn) -> None:
        await self._cores.work(audio_s / self._core_speed, turn.threads)


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
