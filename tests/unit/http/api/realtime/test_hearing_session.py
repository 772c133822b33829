"""Transcription on the WebSocket, with a fake engine behind a real worker and a real listener."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from unittest.mock import AsyncMock, patch

import numpy as np
import pytest

from tests.support.asr_client import OPTIONS, loaded_worker
from tests.support.asr_client import serving as serving_asr
from tests.support.fakes import LOUD, WAIT_SECONDS, FakeRecognizer, eventually
from tests.support.http_api import Api
from tests.support.realtime_client import (
    HANDSHAKE,
    RATE,
    SERVER_VAD,
    TRANSCRIPTION,
    TTS_ELSEWHERE,
    Json,
    RealtimeClient,
    append,
    connected,
    hearing,
    kinds,
    pcm,
)
from wyoming_voice_stack.asr import partial_jobs
from wyoming_voice_stack.asr import utterance as utterance_module
from wyoming_voice_stack.asr.engine import Speech, Transcription
from wyoming_voice_stack.asr.service import AsrService
from wyoming_voice_stack.errors import EngineError, ModelNotFound
from wyoming_voice_stack.http.api.realtime import hearing_session, turn_detection
from wyoming_voice_stack.http.api.realtime.client_events import parse_event
from wyoming_voice_stack.http.api.realtime.event_socket import EventSocket
from wyoming_voice_stack.http.api.realtime.hearing_session import Hearing
from wyoming_voice_stack.http.deadlines import Deadlines
from wyoming_voice_stack.metrics import Metrics

LONG = replace(OPTIONS, max_utterance_s=100)
QUERY = "?intent=transcription"


class Counting(FakeRecognizer):
    """Transcribes one word per half second of speech, and is unsure of the last in partial text."""

    def transcribe_one(self, speech: Speech) -> Transcription:
        loud = np.count_nonzero(np.abs(speech.samples) > LOUD)
        sure = [f"word{number}" for number in range(round(loud / 8000))]
        unsure = [f"maybe{loud}"] if speech.request.partial else []
        return Transcription(" ".join(sure + unsure), speech.request.language or "en")


@pytest.fixture
def engine() -> Counting:
    return Counting()


@pytest.fixture
async def service(engine: Counting) -> AsyncIterator[AsrService]:
    async with serving_asr(engine, LONG) as service:
        await loaded_worker(service)
        yield service


@pytest.fixture
async def api(service: AsrService) -> AsyncIterator[Api]:
    async with hearing(service) as api:
        yield api


@pytest.fixture(autouse=True)
def _live(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests send faster than real time; count that as live audio."""
    monkeypatch.setattr(utterance_module, "MAX_AHEAD_S", float("inf"))
    monkeypatch.setattr(partial_jobs, "PARTIAL_COOLDOWN", 0.0)


@pytest.fixture
async def manual(api: Api) -> AsyncIterator[RealtimeClient]:
    """A client that commits itself."""
    async with connected(api, QUERY) as client:
        await client.configure(turn_detection=None)
        assert (await client.next())["type"] == "session.updated"
        yield client


def transcript(events: list[Json]) -> str:
    [completed] = [event for event in events if event["type"] == f"{TRANSCRIPTION}.completed"]
    text: str = completed["transcript"]
    return text


def deltas(events: list[Json]) -> str:
    return "".join(event["delta"] for event in events if event["type"] == f"{TRANSCRIPTION}.delta")


class TestSession:
    async def test_created_first(self, api: Api) -> None:
        async with connected(api, QUERY, read_first=False) as client:
            event = await client.next()
        assert event["type"] == "session.created"
        assert event["event_id"].startswith("event_")
        session = event["session"]
        assert session["type"] == "transcription"
        assert session["object"] == "realtime.transcription_session"
        settings = session["audio"]["input"]
        assert settings["format"] == {"type": "audio/pcm", "rate": 24000}
        assert settings["turn_detection"]["type"] == "server_vad"

    async def test_without_intent_too(self, api: Api) -> None:
        async with connected(api, "?model=whisper-1", read_first=False) as client:
            assert (await client.next())["session"]["type"] == "transcription"

    async def test_update_is_merged_and_answered(self, api: Api) -> None:
        async with connected(api, QUERY) as client:
            await client.configure(
                transcription={"model": "gpt-4o-transcribe", "language": "de", "delay": "low"},
                noise_reduction={"type": "near_field"},
            )
            first = (await client.next())["session"]["audio"]["input"]
            await client.configure(turn_detection=None)
            second = (await client.next())["session"]["audio"]["input"]
        assert first["transcription"]["language"] == "de"
        assert first["turn_detection"]["type"] == "server_vad"
        assert second["transcription"] == first["transcription"]
        assert second["turn_detection"] is None

    async def test_an_unknown_model_is_refused_before_the_handshake(self, api: Api) -> None:
        answer, body = await api.ask(
            "GET",
            f"/v1/realtime{QUERY}&model=nonsense",
            headers=HANDSHAKE,
        )
        assert answer.status == 404
        assert body["error"]["code"] == "model_not_found"  # type: ignore[index]

    async def test_a_plain_request_is_told_to_use_a_websocket(self, api: Api) -> None:
        answer, body = await api.ask("GET", f"/v1/realtime{QUERY}")
        assert answer.status == 400
        assert "WebSocket" in body["error"]["message"]  # type: ignore[index]


class TestClientCommits:
    async def test_one_utterance(self, manual: RealtimeClient, engine: Counting) -> None:
        await manual.append(pcm(1.0))
        await manual.append(pcm(0.5))
        await manual.commit()
        events = await manual.until(f"{TRANSCRIPTION}.completed")
        assert kinds(events) == [
            "input_audio_buffer.committed",
            f"{TRANSCRIPTION}.delta",
            f"{TRANSCRIPTION}.completed",
        ]
        assert transcript(events) == deltas(events) == "word0 word1 word2"
        committed, completed = events[0], events[-1]
        assert committed["previous_item_id"] is None
        assert committed["item_id"] == completed["item_id"]
        assert completed["content_index"] == 0
        assert completed["usage"] == {"type": "duration", "seconds": 1.5}
        assert completed["languages"] == [{"code": "en"}]
        assert engine.requests[-1].initial_prompt == "The lights."

    async def test_several_on_one_socket(self, manual: RealtimeClient) -> None:
        texts, ids = [], []
        for seconds in (0.5, 1.0, 1.5):
            await manual.append(pcm(seconds))
            await manual.commit()
            events = await manual.until(f"{TRANSCRIPTION}.completed")
            texts.append(transcript(events))
            ids.append((events[0]["previous_item_id"], events[0]["item_id"]))
        assert texts == ["word0", "word0 word1", "word0 word1 word2"]
        assert [before for before, _ in ids] == [None, ids[0][1], ids[1][1]]

    async def test_texts_come_in_the_order_of_the_commits(
        self, manual: RealtimeClient, engine: Counting
    ) -> None:
        for seconds in (1.5, 0.5):
            await manual.append(pcm(seconds))
            await manual.commit()
        events = await manual.until(f"{TRANSCRIPTION}.completed")
        later = await manual.until(f"{TRANSCRIPTION}.completed")
        assert transcript(events) == "word0 word1 word2"
        assert transcript(later) == "word0"

    async def test_silence_has_an_empty_text(self, manual: RealtimeClient) -> None:
        await manual.append(pcm(1.0, loud=False))
        await manual.commit()
        events = await manual.until(f"{TRANSCRIPTION}.completed")
        assert kinds(events) == ["input_audio_buffer.committed", f"{TRANSCRIPTION}.completed"]
        assert transcript(events) == ""

    async def test_an_empty_commit_is_an_error_and_the_session_continues(
        self, manual: RealtimeClient
    ) -> None:
        await manual.send("input_audio_buffer.commit", event_id="mine")
        error = await manual.next()
        assert error["type"] == "error"
        assert error["error"]["code"] == "input_audio_buffer_commit_empty"
        assert error["error"]["event_id"] == "mine"
        assert set(error["error"]) == {"type", "code", "message", "param", "event_id"}
        await manual.append(pcm(0.5))
        await manual.commit()
        assert transcript(await manual.until(f"{TRANSCRIPTION}.completed")) == "word0"

    async def test_clear_drops_the_audio(self, manual: RealtimeClient) -> None:
        await manual.append(pcm(1.5))
        await manual.send("input_audio_buffer.clear")
        assert (await manual.next())["type"] == "input_audio_buffer.cleared"
        await manual.append(pcm(0.5))
        await manual.commit()
        assert transcript(await manual.until(f"{TRANSCRIPTION}.completed")) == "word0"

    async def test_samples_may_be_cut_anywhere(
        self, manual: RealtimeClient, engine: Counting
    ) -> None:
        # The bytes of a sample differ: samples joined wrongly would be silent.
        audio = pcm(0.3, loud=False) + np.full(RATE, 0x2000, "<i2").tobytes()
        for begin in range(0, len(audio), 4801):
            await manual.append(audio[begin : begin + 4801])
        await manual.commit()
        await manual.until(f"{TRANSCRIPTION}.completed")
        heard = engine.audio[-1]
        assert np.count_nonzero(np.abs(heard - 0.25) < 0.01) > 15_500

    async def test_words_come_while_somebody_speaks(
        self, manual: RealtimeClient, service: AsrService
    ) -> None:
        worker = await loaded_worker(service)
        for _ in range(16):
            await manual.append(pcm(0.5))
            # Each piece is processed, and the partial text it caused is there, before the next one.
            await manual.configure(turn_detection=None)
            events = await manual.until("session.updated")
            if deltas(events):
                break
            await eventually(lambda: worker._queue.idle)
        else:
            pytest.fail("no words before the commit")
        await manual.commit()
        events += await manual.until(f"{TRANSCRIPTION}.completed")
        assert "maybe" not in deltas(events)
        assert deltas(events) == transcript(events)


class TestServerCommits:
    async def test_two_utterances(self, api: Api) -> None:
        async with connected(api, QUERY) as client:
            await client.configure(turn_detection=SERVER_VAD)
            await client.next()
            await client.append(pcm(1.0, loud=False) + pcm(1.0) + pcm(1.5, loud=False))
            first = await client.until(f"{TRANSCRIPTION}.completed")
            await client.append(pcm(1.5) + pcm(1.0, loud=False))
            second = await client.until(f"{TRANSCRIPTION}.completed")
        assert kinds(first) == [
            "input_audio_buffer.speech_started",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            f"{TRANSCRIPTION}.delta",
            f"{TRANSCRIPTION}.completed",
        ]
        started, stopped, committed = first[:3]
        assert len({started["item_id"], stopped["item_id"], committed["item_id"]}) == 1
        assert started["audio_start_ms"] == pytest.approx(500, abs=100)
        assert stopped["audio_end_ms"] == pytest.approx(2500, abs=150)
        assert transcript(first) == "word0 word1"
        assert transcript(second) == "word0 word1 word2"
        assert second[0]["audio_start_ms"] == pytest.approx(3000, abs=100)
        assert second[2]["previous_item_id"] == committed["item_id"]

    async def test_one_append_with_two_utterances(self, api: Api) -> None:
        async with connected(api, QUERY) as client:
            speech = pcm(1.0) + pcm(0.8, loud=False)
            await client.append(speech + speech)
            first = await client.until(f"{TRANSCRIPTION}.completed")
            second = await client.until(f"{TRANSCRIPTION}.completed")
        assert transcript(first) == transcript(second) == "word0 word1"

    async def test_a_longer_silence_can_be_asked_for(self, api: Api) -> None:
        async with connected(api, QUERY) as client:
            await client.configure(turn_detection={**SERVER_VAD, "silence_duration_ms": 1000})
            await client.next()
            await client.append(pcm(1.0) + pcm(0.8, loud=False) + pcm(1.0) + pcm(1.2, loud=False))
            events = await client.until(f"{TRANSCRIPTION}.completed")
        assert transcript(events) == "word0 word1 word2 word3"

    async def test_semantic_vad(self, api: Api) -> None:
        async with connected(api, QUERY) as client:
            await client.configure(turn_detection={"type": "semantic_vad", "eagerness": "high"})
            assert (await client.next())["type"] == "session.updated"
            await client.append(pcm(1.0) + pcm(0.4, loud=False))
            assert transcript(await client.until(f"{TRANSCRIPTION}.completed")) == "word0 word1"

    async def test_silence_is_not_collected(
        self, api: Api, engine: Counting, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(turn_detection, "MAX_SILENT_SECONDS", 2.0)
        async with connected(api, QUERY) as client:
            for _ in range(8):
                await client.append(pcm(1.0, loud=False))
            await client.append(pcm(1.0) + pcm(1.0, loud=False))
            events = await client.until(f"{TRANSCRIPTION}.completed")
        assert events[0]["type"] == "input_audio_buffer.speech_started"
        assert events[0]["audio_start_ms"] == pytest.approx(7500, abs=400)
        assert events[-1]["usage"]["seconds"] < 5
        assert transcript(events) == "word0 word1"

    async def test_long_speech_ends_at_a_short_pause(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(turn_detection, "MAX_TURN_SECONDS", 2.0)
        async with connected(api, QUERY) as client:
            await client.append(pcm(1.0) + pcm(0.2, loud=False) + pcm(1.0))
            await client.append(pcm(0.2, loud=False) + pcm(1.0))
            events = await client.until(f"{TRANSCRIPTION}.completed")
        assert transcript(events) == "word0 word1 word2 word3"

    async def test_the_client_may_commit_as_well(self, api: Api) -> None:
        async with connected(api, QUERY) as client:
            await client.append(pcm(1.0))
            await client.commit()
            events = await client.until(f"{TRANSCRIPTION}.completed")
        assert "input_audio_buffer.speech_stopped" not in kinds(events)
        assert transcript(events) == "word0 word1"

    async def test_audio_that_is_repeated_is_not_ahead_of_real_time(
        self, api: Api, service: AsrService
    ) -> None:
        with patch.object(service, "open_utterance", wraps=service.open_utterance) as opening:
            async with connected(api, QUERY) as client:
                for _ in range(2):
                    await client.append(pcm(0.5) + pcm(1.0, loud=False))
                    await client.until(f"{TRANSCRIPTION}.completed")
        opened = [call.kwargs["began_s_ago"] for call in opening.call_args_list[:2]]
        assert opened == [0.0, pytest.approx(0.3)]

    async def test_nothing_is_heard_twice(self, api: Api, engine: Counting) -> None:
        async with connected(api, QUERY) as client:
            await client.configure(
                turn_detection={**SERVER_VAD, "silence_duration_ms": 100, "prefix_padding_ms": 500}
            )
            await client.next()
            for _ in range(3):
                await client.append(pcm(1.0) + pcm(0.3, loud=False))
                assert transcript(await client.until(f"{TRANSCRIPTION}.completed")) == "word0 word1"


class TestConfiguration:
    async def test_the_language_can_change(self, manual: RealtimeClient, engine: Counting) -> None:
        for language in ("de", "en", None):
            await manual.configure(transcription={"model": "whisper-1", "language": language})
            # Not waiting for session.updated, as some clients do.
            await manual.append(pcm(0.5))
            await manual.commit()
            await manual.until(f"{TRANSCRIPTION}.completed")
        assert [request.language for request in engine.requests] == ["de", "en", None]

    async def test_a_new_language_holds_for_speech_that_follows_silence(
        self, api: Api, engine: Counting
    ) -> None:
        async with connected(api, QUERY) as client:
            await client.append(pcm(1.0, loud=False))
            await client.configure(transcription={"language": "de"})
            await client.append(pcm(1.0) + pcm(1.0, loud=False))
            await client.until(f"{TRANSCRIPTION}.completed")
        assert {request.language for request in engine.requests} == {"de"}

    async def test_keywords_prompt_and_languages(
        self, manual: RealtimeClient, engine: Counting
    ) -> None:
        hints = {"keywords": ["Kubernetes", " "], "prompt": "A talk.", "languages": ["de", "en"]}
        await manual.configure(transcription=hints)
        await manual.append(pcm(0.5))
        await manual.commit()
        await manual.until(f"{TRANSCRIPTION}.completed")
        request = engine.requests[-1]
        assert request.terms == ("Kubernetes",)
        assert request.initial_prompt == "A talk."
        assert request.candidate_languages == ("de", "en")

    @pytest.mark.parametrize(
        ("settings", "param", "code"),
        [
            ({"transcription": {"language": "xx"}}, "language", "unknown_language"),
            ({"transcription": {"model": "nonsense"}}, "model", "model_not_found"),
            (
                {"transcription": {"language": 3}},
                "session.audio.input.transcription.language",
                "invalid_value",
            ),
            ({"transcription": []}, "session.audio.input.transcription", "invalid_value"),
            *(
                (
                    {"transcription": {"keywords": keywords}},
                    "session.audio.input.transcription.keywords",
                    "invalid_value",
                )
                for keywords in ([3], ["x"] * 1001, ["x" * 201])
            ),
            (
                {"format": {"type": "audio/pcmu"}},
                "session.audio.input.format",
                "unsupported_value",
            ),
            (
                {"format": {"type": "audio/pcm", "rate": 16000}},
                "session.audio.input.format",
                "unsupported_value",
            ),
            (
                {"turn_detection": {"type": "magic"}},
                "session.audio.input.turn_detection.type",
                "unsupported_value",
            ),
            (
                {"turn_detection": {"type": "server_vad", "silence_duration_ms": "long"}},
                "session.audio.input.turn_detection.silence_duration_ms",
                "invalid_value",
            ),
        ],
    )
    async def test_wrong_settings_change_nothing(
        self, manual: RealtimeClient, settings: Json, param: str, code: str
    ) -> None:
        await manual.configure(**settings)
        error = (await manual.next())["error"]
        assert (error["param"], error["code"]) == (param, code)
        assert error["type"] == "invalid_request_error"
        await manual.configure()
        updated = (await manual.next())["session"]["audio"]["input"]
        assert updated["turn_detection"] is None
        assert updated["transcription"]["language"] is None


class TestErrors:
    async def test_the_engine_fails(
        self, manual: RealtimeClient, engine: Counting, monkeypatch: pytest.MonkeyPatch
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
        await manual.append(pcm(0.5))
        await manual.commit()
        assert transcript(await manual.until(f"{TRANSCRIPTION}.completed")) == "word0"

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
            await client.append(pcm(0.5))
            await client.commit()
            assert transcript(await client.until(f"{TRANSCRIPTION}.completed")) == "word0"

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

    async def test_speaking_is_served_elsewhere(self, manual: RealtimeClient) -> None:
        await manual.send("response.create", event_id="mine")
        events, code = await manual.end()
        assert [event["type"] for event in events] == ["error"]
        assert events[0]["error"]["event_id"] == "mine"
        assert "port 10200 (TTS_PORT)" in events[0]["error"]["message"]
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
                mode = Hearing(service, TTS_ELSEWHERE, Metrics())
                session = mode.open_session(None, socket, "c", tasks)
                for message in (append(pcm(0.5)), '{"type": "input_audio_buffer.commit"}'):
                    await session.handle(parse_event(message))
                await eventually(engine.entered.is_set)
                # The engine does not return yet, and the group waits for all tasks.
                session.close()

    async def test_few_utterances_wait_for_their_text(
        self, manual: RealtimeClient, engine: Counting, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hearing_session, "MAX_UNANSWERED_ITEMS", 2)
        engine.hold = threading.Event()
        for _ in range(6):
            await manual.append(pcm(0.5))
            await manual.commit()
        committed = [await manual.next() for _ in range(3)]
        assert kinds(committed) == ["input_audio_buffer.committed"]
        engine.let_go()
        assert (await manual.next())["type"].startswith(TRANSCRIPTION)
        for _ in range(6):
            await manual.until(f"{TRANSCRIPTION}.completed")
            if len(engine.requests) == 6:
                break
