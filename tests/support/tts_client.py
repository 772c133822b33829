"""A text-to-speech service with a fake engine, and sessions of its Wyoming front end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from wyoming.event import Event

from tests.support.fakes import WAIT_SECONDS, FakeSource, FakeSynthesizer, eventually
from wyoming_voice_stack.engine.queue import Capacity
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.protocol.tts_session import TtsFrontEnd, TtsSession
from wyoming_voice_stack.tts.backend import SynthesisOptions
from wyoming_voice_stack.tts.engine import Samples, SpeechSynthesizer
from wyoming_voice_stack.tts.service import TtsOptions, TtsService

RATE = FakeSynthesizer.sample_rate


@asynccontextmanager
async def serving(
    engine: FakeSynthesizer, folder: Path, *, lanes: int = 1, **options: object
) -> AsyncIterator[TtsService]:
    metrics = Metrics()
    source = FakeSource(engine)
    worker: Worker[SpeechSynthesizer] = Worker(
        "fake",
        source.load,
        max_queued=4,
        metrics=metrics,
        threads=lanes,
        capacity=lambda loaded: Capacity(loaded.lanes),
    )
    chosen = TtsOptions(
        model="fake",
        voices_dir=folder,
        voice=None,
        language="en",
        household=(),
        speaking=SynthesisOptions(sentence_pause_ms=100, max_text_characters=1000),
    )
    service = TtsService(source, worker, replace(chosen, **options), metrics)  # type: ignore[arg-type]
    await service.start()
    try:
        yield service
    finally:
        await eventually(lambda: worker.state != "loading")
        assert await service.stop(WAIT_SECONDS)


def open_session(service: TtsService, connection_name: str = "c") -> TtsSession:
    """A session of the Wyoming front end."""
    return TtsFrontEnd(service).open_session(connection_name)


async def tell(session: TtsSession, *events: Event) -> list[Event]:
    return [reply for event in events async for reply in session.handle(event)]


def kinds(events: list[Event]) -> list[str]:
    """Types in order, repeated ones once."""
    names = [event.type for event in events]
    return [name for place, name in enumerate(names) if names[place - 1 : place] != [name]]


def samples(events: list[Event]) -> int:
    return sum(len(event.payload or b"") // 2 for event in events)


def tone(seconds: float, level: float = 0.3) -> Samples:
    time = np.arange(int(seconds * RATE)) / RATE
    return (level * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
