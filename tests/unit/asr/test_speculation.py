"""Speculative transcription: what is submitted to the engine before the audio ends, and when."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from wyoming.asr import Transcribe
from wyoming.audio import AudioStop

from tests.support.asr_client import (
    OPTIONS,
    loaded_worker,
    open_session,
    replies,
    serving,
    sound,
    transcripts,
)
from tests.support.fakes import FakeRecognizer, eventually
from wyoming_voice_stack.asr import utterance as utterance_module
from wyoming_voice_stack.asr.engine import (
    Speech,
    SpeechRecognizer,
    SpeechSpan,
    Transcription,
    TranscriptionRequest,
)
from wyoming_voice_stack.asr.recorded_audio import AudioExcerpt
from wyoming_voice_stack.asr.service import AsrService
from wyoming_voice_stack.asr.span_jobs import PendingSpeech, transcribe
from wyoming_voice_stack.asr.utterance_request import UtteranceRequest
from wyoming_voice_stack.engine.job_handle import JobHandle
from wyoming_voice_stack.engine.queue import Priority
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.protocol.asr_session import AsrSession

pytestmark = pytest.mark.usefixtures("live")

QUIET = replace(OPTIONS, partial_text=False, max_utterance_s=100)
PAUSE = sound(0.2, loud=False)
STOP = AudioStop().event()


@pytest.fixture
def engine() -> FakeRecognizer:
    return FakeRecognizer()


async def loaded(service: AsrService) -> AsrSession:
    await loaded_worker(service)
    return open_session(service)


def jobs_done(session: AsrSession) -> Iterator[bool]:
    """Whether each speculative job is done."""
    assert session._utterance is not None
    return (job.done for job in session._utterance._jobs._handles.values())


class TestSpeculativeJobs:
    async def test_text_is_there_before_the_sound_ends(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            await transcripts(session, sound(1.0), PAUSE)
            await eventually(lambda: list(jobs_done(session)) == [True])
            [transcript] = await transcripts(session, sound(0.5, loud=False), STOP)
        assert transcript.text == "16000 samples"
        assert len(engine.requests) == 1

    async def test_no_job_during_speech(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            await transcripts(session, *[sound(0.1)] * 10, sound(0.06, loud=False))
            assert list(jobs_done(session)) == []
            await transcripts(session, PAUSE)
            assert len(list(jobs_done(session))) == 1

    async def test_resumed_speech_is_transcribed_whole(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            await transcripts(session, sound(1.0), PAUSE)
            await eventually(lambda: list(jobs_done(session)) == [True])
            await transcripts(session, sound(0.5))
            assert list(jobs_done(session)) == []
            [transcript] = await transcripts(session, PAUSE, STOP)
        assert transcript.text == "24000 samples"

    async def test_the_engine_gets_the_same_samples_without_speculation(
        self, engine: FakeRecognizer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = [sound(0.3, loud=False), sound(0.7), PAUSE, sound(1.0), sound(0.9, loud=False)]
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            await transcripts(session, *said)
            await eventually(lambda: list(jobs_done(session)) == [True])
            speculative = engine.audio[-1]
            asked = len(engine.audio)
            await transcripts(session, STOP)
            assert len(engine.audio) == asked
            monkeypatch.setattr(utterance_module, "MAX_AHEAD_S", -float("inf"))
            await transcripts(session, *said, STOP)
        assert len(engine.audio) == asked + 1
        assert speculative.tolist() == engine.audio[-1].tolist()

    async def test_a_file_causes_no_speculative_job(
        self, engine: FakeRecognizer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(utterance_module, "MAX_AHEAD_S", 0.5)
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            await transcripts(session, sound(1.0), PAUSE)
            assert list(jobs_done(session)) == []

    async def test_a_stale_job_never_starts(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            queue = service.resolve(UtteranceRequest()).worker._queue
            other = await busy(service, engine)
            await transcripts(session, sound(1.0), PAUSE)
            assert len(queue) == 1
            await transcripts(session, sound(1.0))
            assert len(queue) == 0
            other.cancel()

    async def test_an_awaited_job_gets_final_priority(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            queue = service.resolve(UtteranceRequest()).worker._queue
            await busy(service, engine)
            await transcripts(session, sound(1.0), PAUSE)
            assert [job.priority for job in queue._waiting] == [Priority.SPECULATIVE]
            stopping = session.handle(STOP)
            answer = asyncio.ensure_future(anext(stopping))
            await eventually(lambda: [job.priority for job in queue._waiting] == [Priority.FINAL])
            engine.let_go()
            assert (await answer).data["text"] == "16000 samples"
            await stopping.aclose()

    async def test_no_job_while_others_wait_for_their_text(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            worker = service.resolve(UtteranceRequest()).worker
            await busy(service, engine)
            waiting = ask(worker)
            await transcripts(session, sound(1.0), PAUSE)
            assert list(jobs_done(session)) == []
            engine.let_go()
            await waiting.wait()
            await eventually(lambda: worker._queue.idle)
            # The pause goes on and the engine is free: now is the time.
            await transcripts(session, sound(0.04, loud=False))
            assert len(list(jobs_done(session))) == 1

    async def test_a_failed_job_is_repeated(self, engine: FakeRecognizer) -> None:
        failures = ["once"]

        def transcribe_one(speech: Speech) -> Transcription:
            if failures:
                raise EngineError(failures.pop())
            return Transcription("text", "en")

        engine.transcribe_one = transcribe_one  # type: ignore[method-assign]
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            await transcripts(session, sound(1.0), PAUSE)
            await eventually(lambda: list(jobs_done(session)) == [True])
            [transcript] = await transcripts(session, STOP)
        assert transcript.text == "text"

    async def test_closing_cancels_the_job(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            queue = service.resolve(UtteranceRequest()).worker._queue
            await busy(service, engine)
            await transcripts(session, sound(1.0), PAUSE)
            assert len(queue) == 1
            session.close()
            assert len(queue) == 0


class TestLongSpeech:
    async def test_spans_are_transcribed_as_they_close(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            engine.hold = threading.Event()
            await transcripts(session, *[sound(7.8), PAUSE] * 4)
            engine.let_go()
            await eventually(lambda: list(jobs_done(session)) == [True])
            # Only now is the language known in which the rest is spoken.
            await transcripts(session, sound(0.04, loud=False))
            await eventually(lambda: list(jobs_done(session)) == [True, True])
            asked = len(engine.requests)
            [transcript] = await transcripts(session, STOP)
        assert len(engine.requests) == asked
        counts = [int(number) for number in transcript.text.split() if number.isdigit()]
        assert sum(counts) == pytest.approx(4 * 7.8 * 16000, abs=4 * 512)
        assert max(counts) < 29 * 16000

    async def test_the_first_language_applies_to_all_spans(self, engine: FakeRecognizer) -> None:
        engine.transcribe_one = lambda speech: Transcription(  # type: ignore[method-assign]
            "text", speech.request.language or ("de" if begins(speech) else "fr")
        )
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            [transcript] = await transcripts(session, *[sound(7.8), PAUSE] * 9, STOP)
        assert (transcript.text, transcript.language) == ("text text text text", "de")

    async def test_a_span_without_text_adds_nothing(self, engine: FakeRecognizer) -> None:
        engine.transcribe_one = lambda speech: Transcription(  # type: ignore[method-assign]
            *(("", None) if begins(speech) else ("text", "de"))
        )
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            [transcript] = await transcripts(session, *[sound(7.8), PAUSE] * 4, STOP)
        assert (transcript.text, transcript.language) == ("text", "de")


class TestLoading:
    async def test_audio_during_the_load_is_transcribed(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = open_session(service)
            [transcript] = await transcripts(
                session, Transcribe(name="first.en").event(), sound(1.0), STOP
            )
        assert transcript.text == "16000 samples"

    async def test_first_sound_loads_the_model(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = open_session(service)
            worker = service.resolve(UtteranceRequest(model="first.en")).worker
            assert worker.state == "idle"
            await transcripts(session, Transcribe(name="first.en").event(), sound(0.1))
            await eventually(lambda: worker.state == "ready" and worker._queue.idle)
            await transcripts(session, sound(0.9), PAUSE)
            await eventually(lambda: list(jobs_done(session)) == [True])


class TestEndpoint:
    async def test_answer_comes_before_the_sound_ends(self, engine: FakeRecognizer) -> None:
        options = replace(QUIET, endpoint_silence_s=0.5)
        async with serving(engine, options) as service:
            session = await loaded(service)
            assert await transcripts(session, sound(1.0), sound(0.4, loud=False)) == []
            [transcript] = await transcripts(session, sound(0.2, loud=False))
            assert transcript.text == "16000 samples"
            assert not session.busy
            # What comes until the client has noticed belongs to nothing.
            assert await transcripts(session, sound(1.0), STOP) == []
            [again] = await transcripts(session, sound(0.5), sound(0.6, loud=False))
        assert again.text == "8000 samples"

    async def test_no_speech(self, engine: FakeRecognizer) -> None:
        options = replace(QUIET, endpoint_silence_s=0.5)
        async with serving(engine, options) as service:
            session = await loaded(service)
            assert await transcripts(session, *[sound(1.0, loud=False)] * 14) == []
            [transcript] = await transcripts(session, sound(2.0, loud=False))
        assert transcript.text == ""
        assert engine.requests == []

    async def test_without_it_only_the_client_ends(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            assert await replies(session, sound(1.0), sound(30.0, loud=False)) == []
            assert session.busy


def begins(speech: Speech) -> bool:
    """True for the first span, the only one with silence added before it."""
    return bool(speech.samples[0] == 0)


async def busy(service: AsrService, engine: FakeRecognizer) -> JobHandle[Transcription]:
    """Keep the engine busy with other speech until it is let go."""
    engine.hold = threading.Event()
    engine.entered.clear()
    job = ask(service.resolve(UtteranceRequest()).worker)
    await eventually(engine.entered.is_set)
    return job


def ask(worker: Worker[SpeechRecognizer]) -> JobHandle[Transcription]:
    said = AudioExcerpt([np.full(1600, 2**14, np.int16)])
    pending = PendingSpeech(said, SpeechSpan(512, 2112), TranscriptionRequest())
    return worker.submit(pending, transcribe, Priority.FINAL)
