"""Transcription that fails, and clients that leave."""

from __future__ import annotations

import asyncio
import threading
from unittest.mock import AsyncMock, patch

import pytest

from tests.support.asr_client import OPTIONS, loaded_worker
from tests.support.asr_client import serving as serving_asr
from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.hearing_client import LONG, QUERY, Counting, transcript
from tests.support.http_api import Api
from tests.support.realtime_client import (
    TRANSCRIPTION,
    TTS_ELSEWHERE,
    RealtimeClient,
    append,
    connected,
    hearing,
    kinds,
    pcm,
)
from wyoming_voice_stack.asr.service import AsrService
from wyoming_voice_stack.errors import EngineError, ModelNotFound
from wyoming_voice_stack.http.api.realtime import transcription_session
from wyoming_voice_stack.http.api.realtime.client_events import parse_event
from wyoming_voice_stack.http.api.realtime.event_socket import EventSocket
from wyoming_voice_stack.http.api.realtime.transcription_session import TranscriptionMode
from wyoming_voice_stack.http.deadlines import Deadlines
from wyoming_voice_stack.metrics import Metrics

COMMITTED = "input_audio_buffer.committed"
COMPLETED = f"{TRANSCRIPTION}.completed"


class TestErrors:
    async def test_the_engine_fails(
        self,
        api: Api,
        manual: RealtimeClient,
        engine: Counting,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def fail(*_: object) -> None:
            raise EngineError("The engine failed.")

        with monkeypatch.context() as failing:
            failing.setattr(engine, "transcribe", fail)
            await manual.append(pcm(0.5))
            await manual.commit()
            events = await manual.until(f"{TRANSCRIPTION}.failed")
        assert events[0]["type"] == "input_audio_buffer.committed"
        assert events[-1]["item_id"] == events[0]["item_id"]
        assert events[-1]["error"]["type"] == "server_error"
        assert b'errors_total{code="engine-failed"} 1.0' in api.metrics.render()
        await manual.append(pcm(0.5))
        await manual.commit()
        assert transcript(await manual.until(COMPLETED)) == "word0"

    async def test_a_model_that_cannot_be_loaded(self, engine: Counting) -> None:
        def fail() -> Counting:
            raise ModelNotFound("There is no such model.")

        async with serving_asr(engine, LONG, load=fail) as service:
            await eventually(lambda: service.status().state == "failed")
            async with hearing(service) as api, connected(api, QUERY) as client:
                for _ in range(61):
                    await client.append(pcm(1.0))
                events = await client.until(f"{TRANSCRIPTION}.failed")
        assert kinds(events) == ["input_audio_buffer.committed", f"{TRANSCRIPTION}.failed"]
        assert events[-1]["error"]["message"] == "There is no such model."

    async def test_an_utterance_that_is_too_long_is_refused_once(self, engine: Counting) -> None:
        async with (
            serving_asr(engine, OPTIONS) as service,
            hearing(service) as api,
            connected(api, QUERY) as client,
        ):
            await loaded_worker(service)
            await client.configure(turn_detection=None)
            await client.next()
            for _ in range(5):
                await client.append(pcm(1.0))
            error = await client.next()
            assert error["error"]["code"] == "utterance_too_long"
            await client.commit()
            # What came after the error was ignored, so there is no text to wait for.
            assert (await client.next())["error"]["code"] == "utterance_too_long"
            for _ in range(5):
                await client.append(pcm(1.0))
            assert (await client.next())["error"]["code"] == "utterance_too_long"
            await client.send("input_audio_buffer.clear")
            assert (await client.next())["type"] == "input_audio_buffer.cleared"
            await client.append(pcm(0.5))
            await client.commit()
            assert transcript(await client.until(COMPLETED)) == "word0"

    async def test_the_server_ends_speech_before_it_is_too_long(self, engine: Counting) -> None:
        async with (
            serving_asr(engine, OPTIONS) as service,
            hearing(service) as api,
            connected(api, QUERY) as client,
        ):
            await loaded_worker(service)
            await client.append(pcm(3.0))
            events = await client.until("input_audio_buffer.committed")
        assert "error" not in kinds(events)

    async def test_speaking_is_served_elsewhere(self, api: Api, manual: RealtimeClient) -> None:
        await manual.send("response.create", event_id="mine")
        events, code = await manual.end()
        assert [event["type"] for event in events] == ["error"]
        assert events[0]["error"]["event_id"] == "mine"
        assert "port 10200 (TTS_PORT)" in events[0]["error"]["message"]
        assert b'errors_total{code="not_found"} 1.0' in api.metrics.render()
        assert code == 1008

    async def test_a_session_that_speaks_is_served_elsewhere(self, api: Api) -> None:
        async with connected(api, "?model=gpt-realtime") as client:
            await client.send("session.update", session={"type": "realtime"})
            events, code = await client.end()
        assert "sessions of the type 'realtime'" in events[0]["error"]["message"]
        assert "TTS_PORT" in events[0]["error"]["message"]
        assert code == 1008


class TestLeaving:
    async def test_the_job_is_cancelled(
        self, api: Api, engine: Counting, service: AsrService
    ) -> None:
        engine.hold = threading.Event()
        worker = await loaded_worker(service)
        async with connected(api, QUERY) as client:
            await client.configure(turn_detection=None)
            for _ in range(3):
                await client.append(pcm(0.5))
                await client.commit()
            await eventually(lambda: engine.entered.is_set() and len(worker._queue) == 2)
        await eventually(lambda: len(worker._queue) == 0)
        engine.let_go()
        await eventually(lambda: worker._queue.idle)
        assert len(engine.requests) == 1

    @pytest.mark.parametrize("committed", [False, True])
    async def test_the_memory_of_its_audio_is_given_back(
        self, api: Api, service: AsrService, engine: Counting, committed: bool
    ) -> None:
        budget = service._audio_budget
        engine.hold = threading.Event()
        async with connected(api, QUERY) as client:
            await client.configure(turn_detection=None)
            for _ in range(80):
                await client.append(pcm(0.5))
            await eventually(lambda: budget.used_bytes > 0)
            if committed:
                await client.commit()
                await client.until("input_audio_buffer.committed")
        await eventually(lambda: budget.used_bytes == 0)

    async def test_closing_ends_what_waits_for_its_text(
        self, service: AsrService, engine: Counting
    ) -> None:
        engine.hold = threading.Event()
        socket = EventSocket(Deadlines(), AsyncMock())
        with patch.object(socket, "send", new=AsyncMock()):
            async with asyncio.timeout(WAIT_SECONDS), asyncio.TaskGroup() as tasks:
                mode = TranscriptionMode(service, TTS_ELSEWHERE, Metrics())
                session = mode.open_session(None, socket, "c", tasks)
                for message in (append(pcm(0.5)), '{"type": "input_audio_buffer.commit"}'):
                    await session.handle(parse_event(message))
                await eventually(engine.entered.is_set)
                # The engine does not return yet, and the group waits for all tasks.
                session.close()

    async def test_a_session_with_too_many_of_them_reads_no_further(
        self, service: AsrService, engine: Counting, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(transcription_session, "MAX_UNANSWERED_ITEMS", 1)
        engine.hold = threading.Event()
        socket = EventSocket(Deadlines(), AsyncMock())
        with patch.object(socket, "send", new=AsyncMock()) as send:
            async with asyncio.timeout(WAIT_SECONDS), asyncio.TaskGroup() as tasks:
                mode = TranscriptionMode(service, TTS_ELSEWHERE, Metrics())
                session = mode.open_session(None, socket, "c", tasks)
                append_audio = parse_event(append(pcm(0.5)))
                commit = parse_event('{"type": "input_audio_buffer.commit"}')

                async def sent_when_handled() -> str:
                    await session.handle(commit)
                    return str(send.await_args_list)

                await session.handle(append_audio)
                handling = tasks.create_task(sent_when_handled())
                await eventually(lambda: COMMITTED in str(send.await_args_list))
                # One may wait for its text.
                assert handling.done()
                await session.handle(append_audio)
                handling = tasks.create_task(sent_when_handled())
                await eventually(lambda: str(send.await_args_list).count(COMMITTED) == 2)
                engine.let_go()
                # The first text was sent before the next event is read.
                assert COMPLETED in await handling

    async def test_few_utterances_wait_for_their_text(
        self, manual: RealtimeClient, engine: Counting, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(transcription_session, "MAX_UNANSWERED_ITEMS", 2)
        engine.hold = threading.Event()
        for _ in range(6):
            await manual.append(pcm(0.5))
            await manual.commit()
        committed = [await manual.next() for _ in range(3)]
        assert kinds(committed) == ["input_audio_buffer.committed"]
        engine.let_go()
        assert (await manual.next())["type"].startswith(TRANSCRIPTION)
        for _ in range(6):
            await manual.until(COMPLETED)
            if len(engine.requests) == 6:
                break
