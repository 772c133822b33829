"""Speech on the WebSocket, with a fake engine behind a real worker and a real listener."""

from __future__ import annotations

import base64
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.support.fakes import FakeSynthesizer, eventually
from tests.support.http_api import Api
from tests.support.realtime_client import (
    HANDSHAKE,
    Json,
    RealtimeClient,
    connected,
    kinds,
    pcm,
    speaking,
)
from tests.support.tts_client import serving as serving_tts
from wyoming_voice_stack.http.api.realtime import speaking_session
from wyoming_voice_stack.tts.reply import Reply
from wyoming_voice_stack.tts.service import TtsService
from wyoming_voice_stack.tts.voices.catalogue import VoiceRequest

QUERY = "?model=gpt-realtime-2.1-mini"
COMPLETE = [
    "response.created",
    "response.output_audio_transcript.delta",
    "response.output_audio.delta",
    "response.output_audio_transcript.done",
    "response.output_audio.done",
    "response.done",
]


@pytest.fixture
def engine() -> FakeSynthesizer:
    engine = FakeSynthesizer()
    # Two sentences at once, unless a session waits for its response before.
    engine.lanes = 2
    return engine


@pytest.fixture
async def service(engine: FakeSynthesizer, tmp_path: Path) -> AsyncIterator[TtsService]:
    async with serving_tts(engine, tmp_path, lanes=2) as service:
        yield service


@pytest.fixture
async def api(service: TtsService) -> AsyncIterator[Api]:
    async with speaking(service, {"alloy": "bert"}) as api:
        yield api


@pytest.fixture
async def client(api: Api) -> AsyncIterator[RealtimeClient]:
    async with connected(api, QUERY) as client:
        yield client


def message(text: str, role: str = "user", kind: str = "input_text") -> Json:
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


async def say(client: RealtimeClient, text: str, **response: object) -> None:
    await client.send(
        "response.create",
        response={
            "conversation": "none",
            "output_modalities": ["audio"],
            "input": [message(text)],
            **response,
        },
    )


async def configure(client: RealtimeClient, **output: object) -> Json:
    await client.send(
        "session.update",
        session={
            "type": "realtime",
            "output_modalities": ["audio"],
            "tool_choice": "none",
            "tools": [],
            "instructions": "Read aloud word for word.",
            "audio": {
                "input": {"turn_detection": None, "transcription": None},
                "output": {"format": {"type": "audio/pcm", "rate": 24000}, **output},
            },
        },
    )
    return await client.next()


def audio(events: list[Json]) -> bytes:
    return b"".join(
        base64.b64decode(event["delta"], validate=True)
        for event in events
        if event["type"] == "response.output_audio.delta"
    )


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
        monkeypatch.setattr(speaking_session, name, limit)
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

    async def test_a_client_that_leaves(self, api: Api, engine: FakeSynthesizer) -> None:
        engine.hold = threading.Event()
        engine.chunks = 1000
        async with connected(api, QUERY) as client:
            await say(client, "Turn on the light.")
            await client.next()
            await eventually(engine.entered.is_set)
        engine.hold.set()
        await eventually(engine.closed_early.is_set)


class TestConversation:
    async def test_items_are_spoken_by_a_response_without_input(
        self, client: RealtimeClient, engine: FakeSynthesizer
    ) -> None:
        await client.send("conversation.item.create", item=message("You are kind.", "system"))
        await client.send("conversation.item.create", item=message("Turn on the light."))
        await client.send("response.create")
        events = await client.until("response.done")
        assert kinds(events) == [
            "conversation.item.added",
            "conversation.item.done",
            "conversation.item.added",
            "conversation.item.done",
            *COMPLETE,
        ]
        system, user = events[0], events[2]
        assert system["previous_item_id"] is None
        assert user["previous_item_id"] == system["item"]["id"]
        assert user["item"]["content"][0]["text"] == "Turn on the light."
        assert [request.text for request in engine.requests] == ["Turn on the light."]

    async def test_each_item_is_spoken_once(
        self, client: RealtimeClient, engine: FakeSynthesizer
    ) -> None:
        for text in ("Turn on the light.", "And off."):
            await client.send("conversation.item.create", item=message(text))
            await client.send("response.create")
            await client.until("response.done")
        assert [request.text for request in engine.requests] == ["Turn on the light.", "And off."]

    async def test_a_deleted_item_is_not_spoken(
        self, client: RealtimeClient, engine: FakeSynthesizer
    ) -> None:
        await client.send("conversation.item.create", item={"id": "a", **message("One.")})
        await client.send("conversation.item.create", item={"id": "b", **message("Two.")})
        await client.send("conversation.item.delete", item_id="a")
        assert (await client.until("conversation.item.deleted"))[-1]["item_id"] == "a"
        await client.send("response.create")
        await client.until("response.done")
        assert [request.text for request in engine.requests] == ["Two."]

    @pytest.mark.parametrize(("text", "count"), [("One.", 65), ("One. " * 50_000, 5)])
    async def test_the_messages_that_wait_are_bounded(
        self, client: RealtimeClient, text: str, count: int
    ) -> None:
        for _ in range(count):
            await client.send("conversation.item.create", item=message(text))
        assert (await client.until("error"))[-1]["error"]["code"] == "too_many_items"

    @pytest.mark.parametrize("response", [{}, {"input": []}, {"input": [message(" ")]}])
    async def test_nothing_to_speak(self, client: RealtimeClient, response: Json) -> None:
        await client.send("response.create", response=response)
        error = (await client.next())["error"]
        assert (error["type"], error["param"]) == ("invalid_request_error", "response.input")


class TestErrors:
    @pytest.mark.parametrize(
        ("output", "param"),
        [
            ({"voice": "nobody"}, "voice"),
            ({"speed": 9}, "session.audio.output.speed"),
            ({"format": {"type": "audio/pcmu"}}, "session.audio.output.format"),
        ],
    )
    async def test_wrong_settings_change_nothing(
        self, client: RealtimeClient, engine: FakeSynthesizer, output: Json, param: str
    ) -> None:
        event = await configure(client, **output)
        assert (event["type"], event["error"]["param"]) == ("error", param)
        await say(client, "Turn on the light.")
        await client.until("response.done")
        assert (engine.requests[0].voice, engine.requests[0].speed) == ("anna", 1.0)

    async def test_text_alone_is_not_supported(self, client: RealtimeClient) -> None:
        await say(client, "Turn on the light.", output_modalities=["text"])
        assert (await client.next())["error"]["code"] == "unsupported_value"

    async def test_a_text_that_is_too_long(self, client: RealtimeClient) -> None:
        await say(client, "Turn on the light. " * 100)
        done = (await client.until("response.done"))[-1]["response"]
        assert done["status"] == "failed"
        assert done["status_details"]["error"]["code"] == "text_too_long"
        await say(client, "Turn on the light.")
        assert kinds(await client.until("response.done")) == COMPLETE

    @pytest.mark.parametrize("query", ["?intent=transcription", "?intent=transcription&model=x"])
    async def test_transcribing_is_served_elsewhere(self, api: Api, query: str) -> None:
        async with connected(api, query, read_first=False) as client:
            events, code = await client.end()
        assert "port 10300 (ASR_PORT)" in events[0]["error"]["message"]
        assert code == 1008

    async def test_audio_is_taken_elsewhere(self, client: RealtimeClient) -> None:
        await client.append(pcm(0.1))
        events, code = await client.end()
        assert "ASR_PORT" in events[0]["error"]["message"]
        assert code == 1008

    async def test_an_unknown_model_is_refused_before_the_handshake(self, api: Api) -> None:
        answer, body = await api.ask("GET", "/v1/realtime?model=nonsense", headers=HANDSHAKE)
        assert answer.status == 404
        assert body["error"]["code"] == "model_not_found"  # type: ignore[index]
