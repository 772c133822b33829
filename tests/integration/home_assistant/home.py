"""Client of Home Assistant's REST and WebSocket APIs."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import aiohttp

from tests.integration.home_assistant.process import HomeAssistant

WAIT_SECONDS = 300.0
"""Limit of a wait; only a broken server reaches it."""
LOOK_AGAIN_SECONDS = 0.1
SPEECH_FORMAT = "format=wav; codec=pcm; sample_rate=16000; bit_rate=16; channel=1"
AUDIO_BYTES = 640
"""Twenty milliseconds, as an app sends them."""

Answer = TypeVar("Answer")


class Home:
    """Signed in as the owner."""

    def __init__(
        self, rest: aiohttp.ClientSession, websocket: aiohttp.ClientWebSocketResponse
    ) -> None:
        self._rest = rest
        self._websocket = websocket
        self._numbers = itertools.count(1)

    async def get(self, path: str) -> Any:
        async with self._rest.get(path) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        async with self._rest.post(path, json=body or {}) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def delete(self, path: str) -> None:
        async with self._rest.delete(path) as answer:
            assert answer.status == 200, await answer.text()

    async def download(self, path: str) -> tuple[str, bytes]:
        """Content type and bytes."""
        async with self._rest.get(path) as answer:
            assert answer.status == 200, await answer.text()
            return answer.content_type, await answer.read()

    async def heard(
        self, entity: str, pcm: bytes | AsyncIterator[bytes], language: str = "en"
    ) -> dict[str, Any]:
        """Send speech to `/api/stt`: 16 kHz, 16 bit, mono."""
        said = {"X-Speech-Content": f"{SPEECH_FORMAT}; language={language}"}
        async with self._rest.post(f"/api/stt/{entity}", data=pcm, headers=said) as answer:
            assert answer.status == 200, await answer.text()
            result: dict[str, Any] = await answer.json()
        return result

    async def spoken(self, entity: str, text: str, **options: str) -> tuple[str, bytes]:
        """Synthesize by `/api/tts_get_url` and fetch the file: content type and bytes."""
        body = {"engine_id": entity, "message": text, "cache": False, "options": options}
        where = await self.post("/api/tts_get_url", body)
        return await self.download(where["path"])

    async def command(self, kind: str, **fields: Any) -> Any:
        """Send a command over the WebSocket and return its result."""
        number = await self._send(kind, fields)
        return await self._result(number)

    async def assist(
        self, pcm: bytes, pipeline: str, *, ended: bool = True, end_stage: str = "tts"
    ) -> list[dict[str, Any]]:
        """Run an Assist pipeline as an app does; return all events up to the end of the run.

        Without `ended`, the app leaves its microphone open.
        """
        number = await self._send(
            "assist_pipeline/run",
            {
                "start_stage": "stt",
                "end_stage": end_stage,
                "pipeline": pipeline,
                "input": {"sample_rate": 16000},
            },
        )
        await self._result(number)
        events = [await self._event(number)]
        prefix = bytes([events[0]["data"]["runner_data"]["stt_binary_handler_id"]])
        for start in range(0, len(pcm), AUDIO_BYTES):
            await self._websocket.send_bytes(prefix + pcm[start : start + AUDIO_BYTES])
        if ended:
            await self._websocket.send_bytes(prefix)
        while events[-1]["type"] != "run-end":
            events.append(await self._event(number))
        return events

    async def _send(self, kind: str, fields: Mapping[str, Any]) -> int:
        number = next(self._numbers)
        await self._websocket.send_json({"id": number, "type": kind, **fields})
        return number

    async def _result(self, number: int) -> Any:
        message = await self._received(number)
        assert message["type"] == "result"
        assert message["success"], message
        return message["result"]

    async def _event(self, number: int) -> dict[str, Any]:
        event: dict[str, Any] = (await self._received(number))["event"]
        return event

    async def _received(self, number: int) -> dict[str, Any]:
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                message: dict[str, Any] = await self._websocket.receive_json()
                if message.get("id") == number:
                    return message


@asynccontextmanager
async def signed_in(home_assistant: HomeAssistant) -> AsyncIterator[Home]:
    """Connect with the owner's token."""
    sign = {"Authorization": f"Bearer {home_assistant.token}"}
    async with (
        aiohttp.ClientSession(home_assistant.address, headers=sign) as rest,
        rest.ws_connect("/api/websocket", max_msg_size=0) as websocket,
    ):
        assert (await websocket.receive_json())["type"] == "auth_required"
        await websocket.send_json({"type": "auth", "access_token": home_assistant.token})
        assert (await websocket.receive_json())["type"] == "auth_ok"
        yield Home(rest, websocket)


async def until(look: Callable[[], Awaitable[Answer | None]]) -> Answer:
    """Poll until the result is not None."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            found = await look()
            if found is not None:
                return found
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
