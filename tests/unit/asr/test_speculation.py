"""Transcribing before the sound ends: what is asked of the engine, and when."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from wyoming.asr import Transcribe
from wyoming.audio import AudioStop

from tests.support.asr_client import OPTIONS, open_session, replies, serving, sound, tell
from tests.support.fakes import FakeRecognizer, eventually
from wyoming_voice_stack.asr import utterance as utterance_module
from wyoming_voice_stack.asr.engine import (
    Speech,
    SpeechRecognizer,
    Transcription,
    TranscriptionRequest,
)
from wyoming_voice_stack.asr.service import AsrService, UtteranceRequest
from wyoming_voice_stack.engine.job_handle import JobHandle
from wyoming_voice_stack.engine.queue import Priority
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.protocol.asr_session import AsrSession

QUIET = replace(OPTIONS, partial_text=False, max_utterance_s=100)
PAUSE = sound(0.2, loud=False)
STOP = AudioStop().event()


@pytest.fixture
def engine() -> FakeRecognizer:
    return FakeRecognizer()


@pytest.fixture(autouse=True)
def _live(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests send faster than anybody speaks; here that is no file."""
    monkeypatch.setattr(utterance_module, "MAX_AHEAD_S", float("inf"))


async def loaded(service: AsrService) -> AsrSession:
    worker = service.resolve(UtteranceRequest()).worker
    await eventually(lambda: worker.state == "ready" and worker.engine is not None)
    return open_session(service)


def jobs_done(session: AsrSession) -> Iterator[bool]:
    """Whether each text that was asked for in advance is there."""
    assert session._utterance is not None
    return (job.done for job in session._utterance._jobs.values())


class TestGuess:
    async def test_text_is_there_before_the_sound_ends(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            await tell(session, sound(1.0), PAUSE)
            await eventually(lambda: list(jobs_done(session)) == [True])
            [heard] = await tell(session, sound(0.5, loud=False), STOP)
        assert heard.text == "16000 samples"
        assert len(engine.requests) == 1

    async def test_nothing_is_guessed_while_somebody_speaks(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            await tell(session, *[sound(0.1)] * 10, sound(0.06, loud=False))
            assert list(jobs_done(session)) == []
            await tell(session, PAUSE)
            assert len(list(jobs_done(session))) == 1

    async def test_who_speaks_on_is_heard_whole(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            await tell(session, sound(1.0), PAUSE)
            await eventually(lambda: list(jobs_done(session)) == [True])
            await tell(session, sound(0.5))
            assert list(jobs_done(session)) == []
            [heard] = await tell(session, PAUSE, STOP)
        assert heard.text == "24000 samples"

    async def test_engine_hears_the_same_with_and_without_a_guess(
        self, engine: FakeRecognizer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = [sound(0.3, loud=False), sound(0.7), PAUSE, sound(1.0), sound(0.9, loud=False)]
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            await tell(session, *said)
            await eventually(lambda: list(jobs_done(session)) == [True])
            guessed = engine.audio[-1]
            asked = len(engine.audio)
            await tell(session, STOP)
            assert len(engine.audio) == asked
            monkeypatch.setattr(utterance_module, "MAX_AHEAD_S", -float("inf"))
            await tell(session, *said, STOP)
        assert len(engine.audio) == asked + 1
        assert guessed.tolist() == engine.audio[-1].tolist()

    async def test_file_is_not_guessed_at(
        self, engine: FakeRecognizer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(utterance_module, "MAX_AHEAD_S", 0.5)
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            await tell(session, sound(1.0), PAUSE)
            assert list(jobs_done(session)) == []

    async def test_stale_guess_never_starts(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            queue = service.resolve(UtteranceRequest()).worker._queue
            other = await busy(service, engine)
            await tell(session, sound(1.0), PAUSE)
            assert len(queue) == 1
            await tell(session, sound(1.0))
            assert len(queue) == 0
            other.cancel()

    async def test_awaited_guess_is_a_final(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            queue = service.resolve(UtteranceRequest()).worker._queue
            await busy(service, engine)
            await tell(session, sound(1.0), PAUSE)
            assert [job.priority for job in queue._waiting] == [Priority.SPECULATIVE]
            stopping = session.handle(STOP)
            answer = asyncio.ensure_future(anext(stopping))
            await eventually(lambda: [job.priority for job in queue._waiting] == [Priority.FINAL])
            engine.let_go()
            assert (await answer).data["text"] == "16000 samples"
            await stopping.aclose()

    async def test_no_guess_while_others_wait_for_their_text(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            worker = service.resolve(UtteranceRequest()).worker
            await busy(service, engine)
            waiting = ask(worker)
            await tell(session, sound(1.0), PAUSE)
            assert list(jobs_done(session)) == []
            engine.let_go()
            await waiting.wait()
            await eventually(lambda: worker._queue.idle)
            # The pause goes on and the engine is free: now is the time.
            await tell(session, sound(0.01, loud=False))
            assert len(list(jobs_done(session))) == 1

    async def test_guess_that_failed_is_done_again(self, engine: FakeRecognizer) -> None:
        failures = ["once"]

        def hear(speech: Speech) -> Transcription:
            if failures:
                raise EngineError(failures.pop())
            return Transcription("heard", "en")

        engine.hear = hear  # type: ignore[method-assign]
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            await tell(session, sound(1.0), PAUSE)
            await eventually(lambda: list(jobs_done(session)) == [True])
            [heard] = await tell(session, STOP)
        assert heard.text == "heard"

    async def test_client_that_leaves_takes_its_guess_along(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            queue = service.resolve(UtteranceRequest()).worker._queue
            await busy(service, engine)
            await tell(session, sound(1.0), PAUSE)
            assert len(queue) == 1
            session.close()
            assert len(queue) == 0


class TestLongSpeech:
    async def test_pieces_are_transcribed_as_they_become_whole(
        self, engine: FakeRecognizer
    ) -> None:
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            await tell(session, *[sound(7.8), PAUSE] * 4)
            await eventually(lambda: list(jobs_done(session)) == [True])
            # Only now is the language known in which the rest is spoken.
            await tell(session, sound(0.01, loud=False))
            await eventually(lambda: list(jobs_done(session)) == [True, True])
            asked = len(engine.requests)
            [heard] = await tell(session, STOP)
        assert len(engine.requests) == asked
        counts = [int(number) for number in heard.text.split() if number.isdigit()]
        assert sum(counts) == pytest.approx(4 * 7.8 * 16000, abs=4 * 512)
        assert max(counts) < 29 * 16000

    async def test_language_of_the_first_piece_is_that_of_all(self, engine: FakeRecognizer) -> None:
        engine.hear = lambda speech: Transcription(  # type: ignore[method-assign]
            "text", speech.request.language or ("de" if begins(speech) else "fr")
        )
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            [heard] = await tell(session, *[sound(7.8), PAUSE] * 9, STOP)
        assert (heard.text, heard.language) == ("text text text text", "de")

    async def test_piece_in_which_nothing_is_heard_adds_nothing(
        self, engine: FakeRecognizer
    ) -> None:
        engine.hear = lambda speech: Transcription(  # type: ignore[method-assign]
            *(("", None) if begins(speech) else ("text", "de"))
        )
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            [heard] = await tell(session, *[sound(7.8), PAUSE] * 4, STOP)
        assert (heard.text, heard.language) == ("text", "de")


class TestLoading:
    async def test_sound_that_comes_during_the_load_is_heard(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = open_session(service)
            [heard] = await tell(session, Transcribe(name="first.en").event(), sound(1.0), STOP)
        assert heard.text == "16000 samples"

    async def test_first_sound_loads_the_model(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = open_session(service)
            worker = service.resolve(UtteranceRequest(model="first.en")).worker
            assert worker.state == "idle"
            await tell(session, Transcribe(name="first.en").event(), sound(0.1))
            await eventually(lambda: worker.state == "ready" and worker._queue.idle)
            await tell(session, sound(0.9), PAUSE)
            await eventually(lambda: list(jobs_done(session)) == [True])


class TestEndpoint:
    async def test_answer_comes_before_the_sound_ends(self, engine: FakeRecognizer) -> None:
        options = replace(QUIET, endpoint_silence_s=0.5)
        async with serving(engine, options) as service:
            session = await loaded(service)
            assert await tell(session, sound(1.0), sound(0.4, loud=False)) == []
            [heard] = await tell(session, sound(0.2, loud=False))
            assert heard.text == "16000 samples"
            assert not session.busy
            # What comes until the client has noticed belongs to nothing.
            assert await tell(session, sound(1.0), STOP) == []
            [again] = await tell(session, sound(0.5), sound(0.6, loud=False))
        assert again.text == "8000 samples"

    async def test_nobody_speaks(self, engine: FakeRecognizer) -> None:
        options = replace(QUIET, endpoint_silence_s=0.5)
        async with serving(engine, options) as service:
            session = await loaded(service)
            assert await tell(session, *[sound(1.0, loud=False)] * 14) == []
            [heard] = await tell(session, sound(2.0, loud=False))
        assert heard.text == ""
        assert engine.requests == []

    async def test_off_nobody_but_the_client_ends(self, engine: FakeRecognizer) -> None:
        async with serving(engine, QUIET) as service:
            session = await loaded(service)
            assert await replies(session, sound(1.0), sound(30.0, loud=False)) == []
            assert session.busy


def begins(speech: Speech) -> bool:
    """True for the first piece, which alone has silence put before it."""
    return bool(speech.samples[0] == 0)


async def busy(service: AsrService, engine: FakeRecognizer) -> JobHandle[Transcription]:
    """Have the engine work on somebody else's speech until it is let go."""
    engine.hold = threading.Event()
    engine.entered.clear()
    job = ask(service.resolve(UtteranceRequest()).worker)
    await eventually(engine.entered.is_set)
    return job


def ask(worker: Worker[SpeechRecognizer]) -> JobHandle[Transcription]:
    speech = Speech(np.ones(1600, np.float32), TranscriptionRequest())
    return worker.submit(speech, utterance_module.transcribe, Priority.FINAL)
