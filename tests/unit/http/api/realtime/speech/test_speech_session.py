"""Speech on the WebSocket, with a fake engine behind a real worker and a real listener."""

from __future__ import annotations

import asyncio
import json
import threading
from unittest.mock import AsyncMock, patch

import pytest

from tests.support.fakes import WAIT_SECONDS, FakeSynthesizer, eventually
from tests.support.http_api import Api
from tests.support.realtime_client import (
    ASR_ELSEWHERE,
    RealtimeClient,
    connected,
    kinds,
)
from tests.support.speaking_client import COMPLETE, QUERY, audio, configure, message, say
from wyoming_voice_stack.http.api.names import VoiceNames
from wyoming_voice_stack.http.api.realtime import speech_session
from wyoming_voice_stack.http.api.realtime.client_events import parse_event
from wyoming_voice_stack.http.api.realtime.event_socket import EventSocket
from wyoming_voice_stack.http.api.realtime.speech_session import SpeechMode
from wyoming_voice_stack.http.deadlines import Deadlines
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.tts.reply import Reply
from wyoming_voice_stack.tts.service import TtsService
from wyoming_voice_stack.tts.voices.catalogue import VoiceRequest


class TestResponses:
    async def test_all_events_in_order(
        self, client: RealtimeClient, engine: FakeSynthesizer
    ) -> None:
        assert (await configure(client))["type"] == "session.updated"
        await say(client, "Turn on the light.")
        events = await client.until("response.done")
        assert kinds(events) == COMPLETE
        created, done = events[0]["response"], events[-1]["response"]
        assert created["object"] == done["object"] == "realtime.response"
        assert (created["status"], done["status"]) == ("in_progress", "completed")
        assert created["id"] == done["id"]
        assert {event["response_id"] for event in events[1:-1]} == {created["id"]}
        assert len({event["event_id"] for event in events}) == len(events)
        assert {(e["output_index"], e["content_index"]) for e in events[1:-1]} == {(0, 0)}
        [transcript] = [event["transcript"] for event in events if "transcript" in event]
        assert transcript == events[1]["delta"] == "Turn on the light."
        assert done["output"][0]["content"][0]["transcript"] == "Turn on the light."
        # Instructions are not spoken, and change nothing.
        assert [request.text for request in engine.requests] == ["Turn on the light."]

    async def test_the_sound_has_24_kilohertz(
        self, client: RealtimeClient, engine: FakeSynthesizer, service: TtsService
    ) -> None:
        engine.chunks = 20
        reply = await service.open_reply(VoiceRequest(), "c")
        samples = [len(one.samples) async for one in reply.speak("Turn on the light.", ends=True)]
        samples.append(len(reply.finish().samples))
        reply.close()
        await say(client, "Turn on the light.")
        sound = audio(await client.until("response.done"))
        assert len(sound) // 2 == pytest.approx(sum(samples) * 24000 / engine.sample_rate, abs=2)

    @pytest.mark.parametrize("text", ["Turn on the light.", "Turn on the light. " * 100])
    async def test_the_engine_is_left_to_others(self, client: RealtimeClient, text: str) -> None:
        with patch.object(Reply, "close", autospec=True, side_effect=Reply.close) as closed:
            await say(client, text)
            await client.until("response.done")
            await say(client, "And off.")
            await client.until("response.created")
            assert closed.call_count >= 1
            await client.until("response.done")

    async def test_punctuation_alone_is_a_short_silence(
        self, client: RealtimeClient, engine: FakeSynthesizer
    ) -> None:
        await say(client, ".")
        events = await client.until("response.done")
        assert kinds(events) == COMPLETE
        assert set(audio(events)) == {0}
        assert engine.requests == []

    async def test_no_event_is_long(self, client: RealtimeClient, engine: FakeSynthesizer) -> None:
        engine.chunks = 100
        await say(client, "Turn on the light.")
        deltas = [event for event in await client.until("response.done") if "delta" in event]
        assert max(len(event["delta"]) for event in deltas) <= 12_800
        assert len(deltas) > 10

    async def test_several_on_one_socket_in_their_order(
        self, client: RealtimeClient, engine: FakeSynthesizer
    ) -> None:
        texts = ["One.", "Two two.", "Three three three."]
        for text in texts:
            await say(client, text)
        spoken: list[str] = []
        while len(spoken) < 3:
            events = await client.until("response.done")
            spoken += [event["transcript"] for event in events if "transcript" in event]
        assert spoken == texts
        assert [request.text for request in engine.requests] == texts

    @pytest.mark.parametrize(("name", "limit"), [("MAX_RESPONSES", 2), ("MAX_TEXT_CHARACTERS", 40)])
    async def test_too_many_at_once(
        self,
        client: RealtimeClient,
        engine: FakeSynthesizer,
        monkeypatch: pytest.MonkeyPatch,
        name: str,
        limit: int,
    ) -> None:
        monkeypatch.setattr(speech_session, name, limit)
        engine.hold = threading.Event()
        try:
            for _ in range(3):
                await say(client, "Turn on the light.")
            events = await client.until("error")
        finally:
            engine.hold.set()
        assert kinds(events).count("response.created") == 1
        assert sum(event["type"] == "response.created" for event in events) == 2
        assert events[-1]["error"]["type"] == "rate_limit_error"

    async def test_voice_and_speed(self, client: RealtimeClient, engine: FakeSynthesizer) -> None:
        updated = await configure(client, voice="bert", speed=1.5)
        assert updated["session"]["audio"]["output"]["voice"] == "bert"
        await say(client, "Turn on the light.")
        await client.until("response.done")
        await say(client, "And off.", audio={"output": {"voice": {"id": "anna"}, "speed": 0.5}})
        await client.until("response.done")
        spoken = [(request.voice, request.speed) for request in engine.requests]
        assert spoken == [("bert", 1.5), ("anna", 0.5)]

    @pytest.mark.parametrize(("asked", "spoken"), [("alloy", "bert"), ("marin", "anna")])
    async def test_voices_that_clients_send_unasked(
        self, client: RealtimeClient, engine: FakeSynthesizer, asked: str, spoken: str
    ) -> None:
        await configure(client, voice=asked)
        await say(client, "Turn on the light.")
        await client.until("response.done")
        assert engine.requests[0].voice == spoken

    async def test_metadata_comes_back(self, client: RealtimeClient) -> None:
        await say(client, "Turn on the light.", metadata={"call": "7"})
        events = await client.until("response.done")
        assert events[0]["response"]["metadata"] == events[-1]["response"]["metadata"]
        assert events[0]["response"]["metadata"] == {"call": "7"}
        await say(client, "Turn on the light.", metadata={"call": 7})
        assert (await client.next())["error"]["param"] == "response.metadata"

    async def test_before_session_updated(
        self, client: RealtimeClient, engine: FakeSynthesizer
    ) -> None:
        await client.send("session.update", session={"audio": {"output": {"voice": "bert"}}})
        await say(client, "Turn on the light.")
        events = await client.until("response.done")
        assert kinds(events) == ["session.updated", *COMPLETE]
        assert engine.requests[0].voice == "bert"


class TestCancel:
    @pytest.mark.parametrize("named", [True, False])
    async def test_stops_the_job(
        self, client: RealtimeClient, engine: FakeSynthesizer, named: bool
    ) -> None:
        engine.hold = threading.Event()
        engine.chunks = 1000
        await say(client, "Turn on the light.")
        created = await client.next()
        await eventually(engine.entered.is_set)
        response = {"response_id": created["response"]["id"]} if named else {}
        await client.send("response.cancel", **response)
        events = await client.until("response.done")
        assert events[-1]["response"]["status"] == "cancelled"
        engine.hold.set()
        await eventually(engine.closed_early.is_set)
        engine.hold, engine.chunks = None, 2
        await say(client, "And off.")
        assert kinds(await client.until("response.done")) == COMPLETE

    async def test_at_once(self, client: RealtimeClient) -> None:
        await say(client, "Turn on the light.")
        await client.send("response.cancel")
        events = await client.until("response.done")
        assert events[-1]["response"]["status"] in {"cancelled", "completed"}

    async def test_one_that_waits(self, client: RealtimeClient, engine: FakeSynthesizer) -> None:
        engine.hold = threading.Event()
        await say(client, "Turn on the light.")
        await say(client, "And off.")
        first = (await client.next())["response"]["id"]
        await eventually(engine.entered.is_set)
        while (event := await client.next())["type"] != "response.created":
            pass
        second = event["response"]["id"]
        for _ in range(50):
            # The engine would have taken it by now.
            await client.send("input_audio_buffer.clear")
            await client.until("input_audio_buffer.cleared")
        await client.send("response.cancel", response_id=second)
        done = (await client.until("response.done"))[-1]["response"]
        assert (done["id"], done["status"]) == (second, "cancelled")
        engine.hold.set()
        done = (await client.until("response.done"))[-1]["response"]
        assert (done["id"], done["status"]) == (first, "completed")
        assert len(engine.requests) == 1

    async def test_nothing_to_cancel(self, client: RealtimeClient) -> None:
        await client.send("response.cancel")
        assert (await client.next())["error"]["code"] == "response_cancel_not_active"
        await say(client, "Turn on the light.")
        assert kinds(await client.until("response.done")) == COMPLETE

    async def test_a_response_that_ends_with_its_session_was_not_cancelled(
        self, service: TtsService, engine: FakeSynthesizer
    ) -> None:
        engine.hold = threading.Event()
        socket = EventSocket(Deadlines(), AsyncMock())
        with patch.object(socket, "send", new=AsyncMock()) as send:
            async with asyncio.timeout(WAIT_SECONDS), asyncio.TaskGroup() as tasks:
                mode = SpeechMode(
                    service,
                    VoiceNames(lambda: service.voices.catalogue, dict),
                    ASR_ELSEWHERE,
                    Metrics(),
                )
                session = mode.open_session(None, socket, "c", tasks)
                response = {"input": [message("Turn on the light.")]}
                await session.handle(
                    parse_event(json.dumps({"type": "response.create", "response": response}))
                )
                await eventually(engine.entered.is_set)
                session.close()
            engine.hold.set()
        assert not session.busy
        assert "response.done" not in str(send.await_args_list)

    async def test_a_client_that_leaves(self, api: Api, engine: FakeSynthesizer) -> None:
        engine.hold = threading.Event()
        engine.chunks = 1000
        async with connected(api, QUERY) as client:
            await say(client, "Turn on the light.")
            await client.next()
            await eventually(engine.entered.is_set)
        engine.hold.set()
        await eventually(engine.closed_early.is_set)
