"""A speech-to-text service with a fake engine behind a real worker, and the events that tests send it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from wyoming.asr import Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from tests.support.fakes import WAIT_SECONDS, FakeRecognizer, eventually
from wyoming_voice_stack.asr import utterance as utterance_module
from wyoming_voice_stack.asr.engine import SpeechRecognizer, TranscriptionRequest
from wyoming_voice_stack.asr.service import AsrEntry, AsrOptions, AsrService, NameSource
from wyoming_voice_stack.asr.utterance_request import UtteranceRequest
from wyoming_voice_stack.engine.queue import Capacity
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.protocol.asr_session import AsrFrontEnd, AsrSession

OPTIONS = AsrOptions(
    language=None,
    household=(),
    request=TranscriptionRequest(initial_prompt="The lights."),
    max_utterance_s=2,
)
FORM = (16000, 2, 1)


def count_as_live(monkeypatch: pytest.MonkeyPatch) -> None:
    """Transcribe in advance although the audio of a test arrives faster than in real time."""
    monkeypatch.setattr(utterance_module, "MAX_AHEAD_S", float("inf"))


@asynccontextmanager
async def serving(
    engine: FakeRecognizer,
    options: AsrOptions = OPTIONS,
    *,
    name_source: NameSource | None = None,
    max_queued: int = 4,
    load: Callable[[], SpeechRecognizer] | None = None,
) -> AsyncIterator[AsrService]:
    """A running service with two models that share one fake engine; `load` may fail."""
    metrics = Metrics()
    workers: list[Worker[SpeechRecognizer]] = [
        Worker(
            name,
            load or (lambda: engine),
            max_queued=max_queued,
            metrics=metrics,
            threads=2,
            capacity=lambda fake: Capacity(fake.lanes, fake.batch_size),
        )
        for name in ("first", "first.en")
    ]
    entries = [
        AsrEntry("first", ("en", "de", "jw"), workers[0], translates=True),
        AsrEntry("first.en", ("en",), workers[1]),
    ]
    service = AsrService(entries, options, metrics, name_source)
    await service.start()
    try:
        yield service
    finally:
        engine.let_go()
        await eventually(lambda: all(worker.state != "loading" for worker in workers))
        assert await service.stop(WAIT_SECONDS)


async def loaded_worker(service: AsrService) -> Worker[SpeechRecognizer]:
    """The default model's worker, once the model is loaded and nothing runs."""
    worker = service.resolve(UtteranceRequest()).worker
    await eventually(lambda: worker.engine is not None and worker._queue.idle)
    return worker


def open_session(service: AsrService) -> AsrSession:
    """The session of a new connection."""
    return AsrFrontEnd(service).open_session("c")


async def replies(session: AsrSession, *events: Event) -> list[Event]:
    """All replies of a session to these events."""
    return [reply for event in events async for reply in session.handle(event)]


async def transcripts(session: AsrSession, *events: Event) -> list[Transcript]:
    """The transcripts among a session's replies to these events."""
    answers = await replies(session, *events)
    return [Transcript.from_event(one) for one in answers if Transcript.is_type(one.type)]


def sound(seconds: float, *, loud: bool = True) -> Event:
    """One chunk that the fake takes for speech, or for silence."""
    return AudioChunk(*FORM, (b"\x20" if loud else b"\0") * (2 * round(seconds * 16000))).event()


def utterance(
    samples: int = 1600, rate: int = 16000, width: int = 2, channels: int = 1
) -> list[Event]:
    """Speech alone, in one chunk."""
    form = (rate, width, channels)
    audio = b"\x20" * (samples * width * channels)
    return [
        AudioStart(*form).event(),
        AudioChunk(*form, audio=audio).event(),
        AudioStop().event(),
    ]
