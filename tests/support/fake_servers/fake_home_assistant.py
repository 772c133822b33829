"""A fake Home Assistant: its WebSocket API on loopback, with every way in which it can fail."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler

from tests.support.fake_servers.loopback import LoopbackServer, running
from tests.support.fakes import WAIT_SECONDS
from wyoming_voice_stack.asr.home_assistant import (
    HomeAssistantAccess,
    HomeAssistantNames,
    home_assistant_access,
)

TOKEN = "secret-access-token"
EXPOSURE = "homeassistant/expose_entity/list"
ENTRIES = "config/entity_registry/get_entries"
AREAS = "config/area_registry/list"
FLOORS = "config/floor_registry/list"

NAMES = (
    "Kitchen",
    "Studio",
    "Reading lamp",
    "Kettle",
    "Outside temperature",
    "Galley",
    "Bookworm",
    "Attic",
    "Loft",
)
"""Names of the default household."""
REFRESH_S = 100.0


def state(entity_id: str, name: str | None) -> dict[str, Any]:
    attributes = {} if name is None else {"friendly_name": name}
    return {"entity_id": entity_id, "state": "on", "attributes": {"icon": "mdi:x", **attributes}}


def entry(entity_id: str, *aliases: str | None, **more: Any) -> dict[str, Any]:
    return {"entity_id": entity_id, "name": None, "aliases": list(aliases), **more}


@dataclass
class Household:
    """The areas, floors and entities, in the formats of the API."""

    areas: list[Any] = field(
        default_factory=lambda: [
            {"area_id": "kitchen", "name": "Kitchen", "aliases": ["Galley"]},
            {"area_id": "studio", "name": "Studio", "aliases": []},
        ]
    )
    floors: list[Any] = field(
        default_factory=lambda: [{"floor_id": "attic", "name": "Attic", "aliases": ["Loft"]}]
    )
    states: list[Any] = field(
        default_factory=lambda: [
            state("sensor.outside", "Outside temperature"),
            state("switch.kettle", "Kettle"),
            state("light.lamp", "Reading lamp"),
            state("light.secret", "Secret lamp"),
            state("switch.led", "Status LED"),
        ]
    )
    entries: dict[str, Any] = field(
        default_factory=lambda: {
            "light.lamp": entry("light.lamp", None, "Bookworm"),
            "switch.led": entry("switch.led", entity_category="config"),
            "light.secret": entry("light.secret", hidden_by="user"),
        }
    )
    exposed: dict[str, Any] = field(
        default_factory=lambda: {
            "sensor.outside": {"conversation": True},
            "switch.kettle": {"conversation": True, "cloud.alexa": True},
            "light.lamp": {"conversation": True},
            "light.secret": {"conversation": False, "cloud.alexa": True},
            "switch.led": {},
            "light.gone": {"conversation": True},
        }
    )

    def answer(self, command: dict[str, Any]) -> Any:
        wanted = command.get("entity_ids", [])
        answers: dict[str, Callable[[], Any]] = {
            AREAS: lambda: self.areas,
            FLOORS: lambda: self.floors,
            EXPOSURE: lambda: {"exposed_entities": self.exposed},
            ENTRIES: lambda: {name: self.entries.get(name) for name in wanted},
            "get_states": lambda: self.states,
            "subscribe_entities": lambda: None,
        }
        return answers[command["type"]]()

    def added(self, wanted: list[str]) -> dict[str, Any]:
        # As in Home Assistant, an empty list means all.
        return {
            each["entity_id"]: {"s": each["state"], "a": each["attributes"]}
            for each in self.states
            if not wanted or each["entity_id"] in wanted
        }


class FakeHomeAssistant(LoopbackServer):
    """Answers as its attributes say; they may change between two reads."""

    def __init__(self) -> None:
        super().__init__()
        self.heal()
        self.commands: list[str] = []
        self.asked_about: list[list[str]] = []
        self.tokens: list[str] = []
        self.open = 0
        self.held = asyncio.Event()

    def heal(self) -> None:
        """Restore the default household and remove all failures."""
        self.household = Household()
        self.admin = True
        self.missing: set[str] = set()
        """Commands that this release does not know."""
        self.errors: dict[str, str] = {}
        """Commands that fail, with the code."""
        self.silent_at = ""
        """A command that is never answered, or `auth` or `connect`."""
        self.drop_at = ""
        """A command, or `auth` or `connect`, at which the connection is closed."""
        self.raw: dict[str, str | bytes] = {}
        """What is sent instead of an answer, or of `auth_required` for `connect`."""
        self.status = 101
        self.location = ""

    def handlers(self) -> dict[str, Handler]:
        return {"/api/websocket": self._serve, "/elsewhere/api/websocket": self._serve}

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if self.location and request.path != self.location:
            return web.Response(status=302, headers={"Location": self.location})
        if self.status != 101:
            return web.Response(status=self.status, text="not now")
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        self.open += 1
        try:
            # The other side may be gone while something is sent to it.
            with suppress(ConnectionError):
                await self._converse(socket)
        finally:
            self.open -= 1
        return socket

    async def _converse(self, socket: web.WebSocketResponse) -> None:
        if not await self._disturbed(socket, "connect"):
            await socket.send_json({"type": "auth_required", "ha_version": "2026.11.0"})
        hello = await socket.receive()
        if hello.type is not WSMsgType.TEXT or await self._disturbed(socket, "auth"):
            return
        self.tokens.append(json.loads(hello.data)["access_token"])
        if self.tokens[-1] != TOKEN:
            refusal = f"Invalid access token or password {self.tokens[-1]}"
            await socket.send_json({"type": "auth_invalid", "message": refusal})
            return
        await socket.send_json({"type": "auth_ok", "ha_version": "2026.11.0"})
        async for message in socket:
            await self._obey(socket, json.loads(message.data))

    async def _obey(self, socket: web.WebSocketResponse, command: dict[str, Any]) -> None:
        kind, number = command["type"], command["id"]
        self.commands.append(kind)
        if await self._disturbed(socket, kind):
            return
        # Messages that were not requested may come at any time.
        await socket.send_json({"id": number + 1000, "type": "event", "event": {"a": {}}})
        late = {"id": number + 1000, "type": "result", "success": True, "result": []}
        await socket.send_json(late)
        if code := self._refusal(kind):
            error = {"code": code, "message": "No."}
            answer = {"id": number, "type": "result", "success": False, "error": error}
            await socket.send_json(answer)
            return
        result = self.household.answer(command)
        answer = {"id": number, "type": "result", "success": True, "result": result}
        await socket.send_json(answer)
        if "entity_ids" in command:
            self.asked_about.append(command["entity_ids"])
        if kind == "subscribe_entities":
            added = self.household.added(command["entity_ids"])
            await socket.send_json({"id": number, "type": "event", "event": {"a": added}})

    def _refusal(self, kind: str) -> str:
        if kind in self.missing:
            return "unknown_command"
        if kind == EXPOSURE and not self.admin:
            return "unauthorized"
        return self.errors.get(kind, "")

    async def _disturbed(self, socket: web.WebSocketResponse, moment: str) -> bool:
        if self.silent_at == moment:
            self.held.set()
            await socket.receive()
            return True
        if self.drop_at == moment:
            await socket.close()
            return True
        if moment in self.raw:
            raw = self.raw[moment]
            await (socket.send_str(raw) if isinstance(raw, str) else socket.send_bytes(raw))
            return True
        return False


def home_assistant(
    prepare: Callable[[FakeHomeAssistant], None] = lambda _: None,
) -> AbstractAsyncContextManager[FakeHomeAssistant]:
    return running(FakeHomeAssistant(), prepare)


def access_to(fake: FakeHomeAssistant, token: str = TOKEN) -> HomeAssistantAccess:
    access = home_assistant_access(url=fake.url, token=token, supervisor_token=None)
    assert access is not None
    return access


class Pauses:
    """Stands for sleeping: each pause lasts until the test lets it end."""

    def __init__(self) -> None:
        self._begun: asyncio.Queue[float] = asyncio.Queue()
        self._ended = asyncio.Semaphore(0)

    async def __call__(self, seconds: float) -> None:
        self._begun.put_nowait(seconds)
        await self._ended.acquire()

    async def next(self) -> float:
        """Wait until a read is over; return the pause that follows."""
        async with asyncio.timeout(WAIT_SECONDS):
            return await self._begun.get()

    def end(self) -> None:
        """End this pause."""
        self._ended.release()

    async def again(self) -> float:
        """End this pause, and wait for the next."""
        self.end()
        return await self.next()


@asynccontextmanager
async def owned(
    fake: FakeHomeAssistant, *, token: str = TOKEN, timeout_s: float = WAIT_SECONDS
) -> AsyncIterator[tuple[HomeAssistantNames, Pauses]]:
    pauses = Pauses()
    names = HomeAssistantNames(
        access_to(fake, token), refresh_s=REFRESH_S, timeout_s=timeout_s, pause=pauses
    )
    await names.start()
    try:
        yield names, pauses
    finally:
        await names.stop()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
