"""Fakes that satisfy the same Protocols as the real engines and services."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from wyoming_voice_stack.asr.engine import (
    Samples,
    Speech,
    Transcription,
    TranscriptionRequest,
)
from wyoming_voice_stack.asr.vad.segmenter import SpeechSegmenter
from wyoming_voice_stack.asr.vad.silero_network import WINDOW_SAMPLES
from wyoming_voice_stack.engine.job_handle import Wanted
from wyoming_voice_stack.errors import Abandoned
from wyoming_voice_stack.tts.engine import EngineCard, SynthesisRequest, Voice
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer

WAIT_SECONDS = 120.0
"""Limit of a wait; only a broken server reaches it, also on a slow machine."""
POLL_SECONDS = 0.001
"""Pause between two checks of a condition."""


class FakeVadStream:
    """Takes every window that is loud for speech."""

    def __init__(self) -> None:
        self._pending = np.zeros(0, np.float32)

    def push(self, samples: Samples) -> Samples:
        sound = np.concatenate([self._pending, samples])
        count = len(sound) // WINDOW_SAMPLES
        self._pending = sound[count * WINDOW_SAMPLES :]
        windows = sound[: count * WINDOW_SAMPLES].reshape(count, WINDOW_SAMPLES)
        loud: Samples = (np.abs(windows).mean(axis=1) > LOUD).astype(np.float32)
        return loud

    def finish(self) -> Samples:
        left = len(self._pending)
        return self.push(np.zeros(WINDOW_SAMPLES - left if left else 0, np.float32))


LOUD = 0.05
"""Mean level above which the fake takes sound for speech."""


class FakeRecognizer:
    """Takes loud sound for speech; says how many samples of it it was given."""

    languages: tuple[str, ...] = ("en", "de")
    device = "cpu"
    lanes = 1
    express_lanes = 0
    batch_size = 1

    def __init__(self) -> None:
        self.requests: list[TranscriptionRequest] = []
        self.audio: list[Samples] = []
        self.closed = False
        self.hold: threading.Event | None = None
        self.entered = threading.Event()

    def batch_group(self, seconds: float, request: TranscriptionRequest) -> int | None:
        return 0

    def new_segmenter(self) -> SpeechSegmenter:
        return SpeechSegmenter(FakeVadStream())

    def transcribe(
        self, speeches: Sequence[Speech], wanted: Wanted
    ) -> Iterator[tuple[int, Transcription]]:
        self.requests += [speech.request for speech in speeches]
        self.audio += [speech.samples for speech in speeches]
        self.entered.set()
        if self.hold is not None:
            assert self.hold.wait(WAIT_SECONDS)
        if not wanted():
            raise Abandoned("no client waits")
        for number, speech in enumerate(speeches):
            yield number, self.transcribe_one(speech)

    def transcribe_one(self, speech: Speech) -> Transcription:
        text = f"{np.count_nonzero(np.abs(speech.samples) > LOUD)} samples"
        return Transcription(text=text, language=speech.request.language or "en")

    def let_go(self) -> None:
        if self.hold is not None:
            self.hold.set()

    def close(self) -> None:
        self.closed = True


FAKE_CARD = EngineCard(
    name="fake",
    description="A fake voice",
    attribution_name="tests",
    attribution_url="",
    languages=("en", "de"),
    voices=(Voice("anna", ("en", "de")), Voice("bert", ("de",), speakers=("one", "two"))),
    clones=True,
)


class FakeSynthesizer:
    """Speaks each sentence at one constant level, in chunks."""

    sample_rate = 8000
    device = "cpu"
    lanes = 1

    def __init__(self, card: EngineCard = FAKE_CARD) -> None:
        self.card = card
        self.requests: list[SynthesisRequest] = []
        self.playbacks: list[PlaybackBuffer] = []
        self.closed_early = threading.Event()
        self.hold: threading.Event | None = None
        self.entered = threading.Event()
        self.closed = False
        self.chunks = 2

    def synthesize(self, request: SynthesisRequest, playback: PlaybackBuffer) -> Iterator[Samples]:
        self.requests.append(request)
        self.playbacks.append(playback)
        try:
            for _ in range(self.chunks):
                level = (len(request.text) % 100) / 100
                yield np.full(400, level, dtype=np.float32)
                self.entered.set()
                if self.hold is not None:
                    assert self.hold.wait(WAIT_SECONDS)
        except GeneratorExit:
            self.closed_early.set()
            raise

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeSource:
    """A source whose engine is made already."""

    engine: FakeSynthesizer = field(default_factory=FakeSynthesizer)

    def card(self) -> EngineCard:
        return self.engine.card

    def max_characters(self, language: str) -> int:
        return 80

    def load(self) -> FakeSynthesizer:
        return self.engine


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds; the bound is reached only when it never will."""
    async with asyncio.timeout(WAIT_SECONDS):
        # What is waited for happens in another thread or process, which sets no event.
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)
