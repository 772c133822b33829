"""The WebSocket itself: keys, limits, broken events, and how sessions end."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.support.asr_client import loaded_worker
from tests.support.asr_client import serving as serving_asr
from tests.support.fakes import WAIT_SECONDS, FakeRecognizer, FakeSynthesizer, eventually
from tests.support.http_api import Api
from tests.support.realtime_client import (
    HANDSHAKE,
    TRANSCRIPTION,
    Drain,
    RealtimeClient,
    connected,
    hearing,
    kinds,
    pcm,
    speaking,
)
from tests.support.tts_client import serving as serving_tts
from wyoming_voice_stack.asr.service import AsrService
from wyoming_voice_stack.http.api.realtime import event_socket, realtime_api
from wyoming_voice_stack.http.api.realtime.event_socket import EventSocket
from wyoming_voice_stack.http.deadlines import Deadlines

QUERY = "?intent=transcription"


@pytest.fixture
def engine() -> FakeRecognizer:
    return FakeRecognizer()


@pytest.fixture
async def service(engine: FakeRecognizer) -> AsyncIterator[AsrService]:
    async with serving_asr(engine) as service:
        await loaded_worker(service)
        yield service


@pytest.fixture
async def api(service: AsrService) -> AsyncIterator[Api]:
    async with hearing(service) as api:
        yield api


async def answers(client: RealtimeClient) -> None:
    """The session still works."""
    await client.send("input_audio_buffer.clear")
    assert (await client.next())["type"] == "input_audio_buffer.cleared"


class TestHandshake:
    async def test_the_key_as_a_header(self, service: AsrService) -> None:
        headers = {"Authorization": "Bearer right"}
        async with (
            hearing(service, key="right") as api,
            connected(api, QUERY, headers=headers) as client,
        ):
            assert client.socket.protocol is None

    async def test_the_key_as_a_subprotocol(self, service: AsrService) -> None:
        protocols = ("realtime", "openai-insecure-api-key.right")
        async with (
            hearing(service, key="right") as api,
            connected(api, QUERY, protocols=protocols) as client,
        ):
            assert client.socket.protocol == "realtime"

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Authorization": "Bearer wrong"},
            {"Sec-WebSocket-Protocol": "realtime, openai-insecure-api-key.wrong"},
        ],
    )
    async def test_a_wrong_key(self, service: AsrService, headers: dict[str, str]) -> None:
        async with hearing(service, key="right") as api:
            path = f"/v1/realtime{QUERY}"
            answer, body = await api.ask("GET", path, headers={**HANDSHAKE, **headers})
        assert answer.status == 401
        assert body["error"]["code"] == "invalid_api_key"  # type: ignore[index]

    async def test_a_key_in_a_subprotocol_is_not_logged(
        self, api: Api, caplog: pytest.LogCaptureFixture
    ) -> None:
        headers = {**HANDSHAKE, "Sec-WebSocket-Protocol": "openai-insecure-api-key.secret"}
        answer, body = await api.ask("GET", f"/v1/realtime{QUERY}", headers=headers)
        assert answer.status == 400
        assert "'realtime'" in body["error"]["message"]  # type: ignore[index]
        assert "secret" not in caplog.text

    async def test_any_key_without_a_configured_one(self, api: Api) -> None:
        async with connected(api, QUERY, headers={"Authorization": "Bearer None"}) as client:
            await answers(client)

    async def test_pages_of_other_servers_are_refused(self, api: Api) -> None:
        headers = {**HANDSHAKE, "Origin": "http://other.local"}
        answer, _ = await api.ask("GET", f"/v1/realtime{QUERY}", headers=headers)
        assert answer.status == 403

    async def test_nothing_is_compressed(self, api: Api) -> None:
        async with connected(api, QUERY, compress=15) as client:
            assert client.socket.compress == 0


class TestEvents:
    @pytest.mark.parametrize(
        ("message", "code", "param"),
        [
            ("{", "invalid_json", None),
            ("[]", "invalid_json", None),
            ("[" * 100_000, "invalid_json", None),
            ("{}", "invalid_value", "type"),
            ('{"type": 3}', "invalid_value", "type"),
            ('{"type": "nonsense"}', "invalid_value", "type"),
            ('{"type": "input_audio_buffer.append"}', "invalid_value", "audio"),
            ('{"type": "input_audio_buffer.append", "audio": "?"}', "invalid_value", "audio"),
            ('{"type": "session.update", "session": 3}', "invalid_value", "session"),
        ],
    )
    async def test_broken_ones_are_answered(
        self, api: Api, message: str, code: str, param: str | None
    ) -> None:
        async with connected(api, QUERY) as client:
            await client.socket.send_str(message)
            event = await client.next()
            assert event["type"] == "error"
            assert (event["error"]["code"], event["error"]["param"]) == (code, param)
            assert event["error"]["type"] == "invalid_request_error"
            await answers(client)

    async def test_binary_frames_are_not_events(self, api: Api) -> None:
        async with connected(api, QUERY) as client:
            await client.socket.send_bytes(pcm(0.1))
            assert "text frames" in (await client.next())["error"]["message"]
            await answers(client)

    async def test_a_long_id_is_not_repeated(self, api: Api) -> None:
        async with connected(api, QUERY) as client:
            await client.send("nonsense", event_id="x" * 10_000)
            assert (await client.next())["error"]["event_id"] is None

    async def test_an_event_that_is_too_long_ends_the_session(self, api: Api) -> None:
        async with connected(api, QUERY) as client:
            await client.socket.send_str(" " * (event_socket.MAX_EVENT_BYTES + 1))
            message = await client.socket.receive(timeout=WAIT_SECONDS)
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.data == 1009
        assert "1024 KiB" in str(message.extra)

    async def test_pings_are_answered(self, api: Api) -> None:
        async with connected(api, QUERY, autoping=False) as client:
            await client.socket.ping(b"here")
            message = await client.socket.receive(timeout=WAIT_SECONDS)
        assert (message.type, bytes(message.data)) == (aiohttp.WSMsgType.PONG, b"here")

    async def test_each_frame_is_counted(self, service: AsrService) -> None:
        paid: list[int] = []

        async def pay(size: int) -> None:
            paid.append(size)

        async with hearing(service, pay=pay) as api, connected(api, QUERY) as client:
            await client.append(pcm(1.0, loud=False))
            await client.socket.send_str("{")
            await client.socket.send_bytes(b"12")
            await client.socket.ping(b"123")
            await client.next()
            await client.next()
            await answers(client)
        assert paid[0] > 4 * 48_000 / 3
        assert paid[1:4] == [1, 2, 3]


class TestEndings:
    async def test_a_client_that_says_nothing(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(event_socket, "IDLE_SECONDS", 0.01)
        async with connected(api, QUERY) as client:
            assert await client.end() == ([], 1001)

    async def test_a_session_that_has_lasted_long_enough(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(realtime_api, "SESSION_SECONDS", 0.01)
        async with connected(api, QUERY) as client:
            # No error event, which clients would take for a failure.
            assert await client.end() == ([], 1001)

    async def test_an_utterance_is_finished_first(
        self, service: AsrService, engine: FakeRecognizer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(realtime_api, "RECHECK_SECONDS", 0.001)
        engine.hold, drain = threading.Event(), Drain()
        async with hearing(service, drain=drain) as api, connected(api, QUERY) as client:
            await client.append(pcm(0.5))
            await client.commit()
            await client.until("input_audio_buffer.committed")
            drain.begun.set()
            await eventually(engine.entered.is_set)
            engine.let_go()
            events, code = await client.end()
        assert kinds(events) == [f"{TRANSCRIPTION}.delta", f"{TRANSCRIPTION}.completed"]
        assert code == 1001

    async def test_the_server_stops_when_nothing_is_in_progress(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(realtime_api, "RECHECK_SECONDS", 0.001)
        engine, drain = FakeSynthesizer(), Drain()
        engine.hold = threading.Event()
        async with (
            serving_tts(engine, tmp_path) as service,
            speaking(service, drain=drain) as api,
            connected(api) as client,
        ):
            item = {"role": "user", "content": [{"type": "input_text", "text": "Hello there."}]}
            await client.send("response.create", response={"input": [item]})
            await client.until("response.created")
            await eventually(engine.entered.is_set)
            drain.begun.set()
            engine.hold.set()
            events, code = await client.end()
        assert events[-1]["response"]["status"] == "completed"
        assert code == 1001

    async def test_a_client_that_does_not_read(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(realtime_api, "deadlines_of", lambda _: Deadlines(write_s=0.05))
        buffered = [0]
        send = EventSocket.send

        async def watched(socket: EventSocket, kind: str, **fields: object) -> None:
            request = socket._request
            assert request is not None
            if request.transport is not None:
                buffered.append(request.transport.get_write_buffer_size())
            await send(socket, kind, **fields)

        monkeypatch.setattr(EventSocket, "send", watched)
        engine = FakeSynthesizer()
        engine.chunks = 100_000
        async with serving_tts(engine, tmp_path) as service, speaking(service) as api:
            reader, writer = await asyncio.open_connection("127.0.0.1", api.port, limit=1024)
            head = "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items())
            writer.write(f"GET /v1/realtime HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode())
            await reader.readuntil(b"\r\n\r\n")
            item = {"role": "user", "content": [{"type": "input_text", "text": "Hello there."}]}
            event = {"type": "response.create", "response": {"input": [item]}}
            writer.write(_client_frame(json.dumps(event).encode()))
            await eventually(engine.closed_early.is_set)
            connections = api.listener._http_connections
            # What it has not read is dropped, not kept until it does.
            await eventually(lambda: connections.requests + connections.resting == 0)
            writer.close()
        # Each event waits until there is room.
        assert 0 < max(buffered) <= event_socket.WRITE_BUFFER_BYTES


def _client_frame(payload: bytes) -> bytes:
    """A text frame with a mask of zeros."""
    assert 126 <= len(payload) < 65536
    return b"\x81\xfe" + len(payload).to_bytes(2, "big") + b"\0\0\0\0" + payload
