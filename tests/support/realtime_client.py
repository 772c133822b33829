"""A client of the WebSocket `/v1/realtime`, and servers for it with fake engines behind."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from tests.support.fakes import WAIT_SECONDS
from tests.support.http_api import Api, serving_api
from wyoming_voice_stack.asr.service import AsrService
from wyoming_voice_stack.http.api.elsewhere import Elsewhere
from wyoming_voice_stack.http.api.names import VoiceNames
from wyoming_voice_stack.http.api.realtime.event_socket import Pay
from wyoming_voice_stack.http.api.realtime.realtime_api import RealtimeApi, RealtimeMode
from wyoming_voice_stack.http.api.realtime.speech_session import SpeechMode
from wyoming_voice_stack.http.api.realtime.transcription_session import TranscriptionMode
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.tts.service import TtsService

RATE = 24_000
TTS_ELSEWHERE = Elsewhere("speech-to-text", "Text to speech", "TTS_PORT", 10200, ())
ASR_ELSEWHERE = Elsewhere("text-to-speech", "Speech to text", "ASR_PORT", 10300, ())
TRANSCRIPTION = "conversation.item.input_audio_transcription"
SERVER_VAD = {"type": "server_vad", "silence_duration_ms": 500, "prefix_padding_ms": 300}
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
"""Headers of a request for a WebSocket."""

Json = dict[str, Any]


def pcm(seconds: float, *, loud: bool = True) -> bytes:
    """Audio that the fake takes for speech, or for silence."""
    return (b"\x20" if loud else b"\0") * (2 * round(seconds * RATE))


def append(audio: bytes) -> str:
    """The event that adds audio."""
    encoded = base64.b64encode(audio).decode()
    return json.dumps({"type": "input_audio_buffer.append", "audio": encoded})


class RealtimeClient:
    """Sends and receives events."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, kind: str, **fields: object) -> None:
        await self.socket.send_str(json.dumps({"type": kind, **fields}))

    async def append(self, audio: bytes) -> None:
        await self.socket.send_str(append(audio))

    async def commit(self) -> None:
        await self.send("input_audio_buffer.commit")

    async def configure(self, **settings: object) -> None:
        """Change the `audio.input` of the session."""
        session = {"type": "transcription", "audio": {"input": settings}}
        await self.send("session.update", session=session)

    async def next(self) -> Json:
        """The next event; fails when the server has closed."""
        async with asyncio.timeout(WAIT_SECONDS):
            event: Json = json.loads(await self.socket.receive_str())
        return event

    async def until(self, kind: str) -> list[Json]:
        """All events up to and with the first one of a type."""
        events = [await self.next()]
        while events[-1]["type"] != kind:
            events.append(await self.next())
        return events

    async def end(self) -> tuple[list[Json], int | None]:
        """All events until the server closes, and the code with which it does."""
        async with asyncio.timeout(WAIT_SECONDS):
            events: list[Json] = [json.loads(message.data) async for message in self.socket]
        return events, self.socket.close_code


def kinds(events: Sequence[Json]) -> list[str]:
    """The types of events in order, repeated ones once."""
    names = [event["type"] for event in events]
    return [name for place, name in enumerate(names) if names[place - 1 : place] != [name]]


@asynccontextmanager
async def connected(
    api: Api, query: str = "", *, read_first: bool = True, **options: Any
) -> AsyncIterator[RealtimeClient]:
    """A client that has read `session.created`."""
    url = f"http://127.0.0.1:{api.port}/v1/realtime{query}"
    async with api.http.ws_connect(url, **options) as socket:
        client = RealtimeClient(socket)
        if read_first:
            assert (await client.next())["type"] == "session.created"
        yield client


class Drain:
    """Tells the sessions that the server stops."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()

    async def wait(self) -> None:
        await self.begun.wait()


async def _at_once(size: int) -> None:
    del size


@asynccontextmanager
async def serving_realtime(
    mode: RealtimeMode,
    elsewhere: Elsewhere,
    metrics: Metrics,
    *,
    drain: Drain | None = None,
    pay: Pay = _at_once,
    **options: object,
) -> AsyncIterator[Api]:
    api = RealtimeApi(
        mode,
        elsewhere,
        metrics,
        draining=(drain or Drain()).wait,
        new_rate=lambda: pay,
    )
    sockets = api.routes()
    async with serving_api((), sockets=sockets, metrics=metrics, **options) as server:  # type: ignore[arg-type]
        yield server


@asynccontextmanager
async def hearing(service: AsrService, **options: object) -> AsyncIterator[Api]:
    """A server that transcribes."""
    metrics = Metrics()
    mode = TranscriptionMode(service, TTS_ELSEWHERE, metrics)
    async with serving_realtime(mode, TTS_ELSEWHERE, metrics, **options) as api:  # type: ignore[arg-type]
        yield api


@asynccontextmanager
async def speaking(
    service: TtsService, aliases: dict[str, str] | None = None, **options: object
) -> AsyncIterator[Api]:
    """A server that speaks."""
    voices = VoiceNames(lambda: service.voices.catalogue, lambda: aliases or {})
    metrics = Metrics()
    mode = SpeechMode(service, voices, ASR_ELSEWHERE, metrics)
    async with serving_realtime(mode, ASR_ELSEWHERE, metrics, **options) as api:  # type: ignore[arg-type]
        yield api
