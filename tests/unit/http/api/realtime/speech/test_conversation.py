"""Messages that a later response speaks, and what a session refuses."""

from __future__ import annotations

import pytest

from tests.support.fakes import FakeSynthesizer
from tests.support.http_api import Api
from tests.support.realtime_client import (
    HANDSHAKE,
    Json,
    RealtimeClient,
    connected,
    kinds,
    pcm,
)
from tests.support.speaking_client import COMPLETE, configure, message, say


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
        assert user["item"]["id"].startswith("item_")
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
