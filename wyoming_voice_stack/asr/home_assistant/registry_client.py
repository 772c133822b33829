"""Reads areas, floors and entities from Home Assistant's WebSocket API, in one short connection.

The protocol is documented at https://developers.home-assistant.io/docs/api/websocket.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from wyoming_voice_stack.asr.home_assistant.access import (
    SUPERVISOR_URL,
    HomeAssistantAccess,
    HomeAssistantUnavailable,
)
from wyoming_voice_stack.asr.home_assistant.household_names import (
    HomeRegistry,
    NamedEntity,
    added_names,
    entities,
    exposed_ids,
    friendly_names,
    places,
    spoken_ids,
)

if TYPE_CHECKING:
    from aiohttp import ClientHandlerType, ClientRequest, ClientResponse, ClientWebSocketResponse

CONNECT_S = 10.0
"""Limit for opening the TCP connection."""
READ_TIMEOUT_S = 60.0
"""Limit for the whole read, from the name lookup to the closed connection."""
CLOSE_S = 1.0
"""Limit for the other side to answer the close frame."""
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""Enough for the states of about ten thousand entities."""
MAX_INLINE_CHARACTERS = 64 * 1024
"""Longer messages are parsed in a thread."""
MAX_QUOTED_CHARACTERS = 300

_REDIRECTS = range(300, 400)

UNKNOWN_COMMAND = "unknown_command"
UNAUTHORIZED = "unauthorized"

AREAS = "config/area_registry/list"
FLOORS = "config/floor_registry/list"
EXPOSURE = "homeassistant/expose_entity/list"
ENTRIES = "config/entity_registry/get_entries"
"""Includes aliases, unlike `config/entity_registry/list`."""
STATES = "get_states"
SOME_STATES = "subscribe_entities"
"""Sends the states of some entities in one event; `get_states` sends all."""


class Refusal(NamedTuple):
    """A command that Home Assistant rejected, and its error code."""

    command: str
    code: str


@dataclass(frozen=True)
class RegistryResult:
    """What was read, and the commands that were rejected."""

    registry: HomeRegistry
    refusals: tuple[Refusal, ...] = ()


async def read_registry(
    access: HomeAssistantAccess, *, timeout_s: float = READ_TIMEOUT_S
) -> RegistryResult:
    """Read areas, floors and the entities that are exposed to Assist, with their aliases.

    If Home Assistant is too old to list the exposed entities, or the user is not an administrator,
    entities of `SPOKEN_DOMAINS` are read instead. Rejected commands are left out.

    Raises:
        HomeAssistantUnavailable: nothing was read.
    """
    import aiohttp

    try:
        async with asyncio.timeout(timeout_s), _connected(access) as session:
            return await session.read_registry(access)
    except aiohttp.WSServerHandshakeError as error:
        raise HomeAssistantUnavailable(
            "handshake",
            f"it answered with HTTP status {error.status} instead of a WebSocket; check that Home"
            " Assistant has started and that HASS_URL is its address.",
        ) from error
    except aiohttp.ClientConnectorCertificateError as error:
        raise HomeAssistantUnavailable(
            "certificate",
            f"its certificate is not trusted ({_quoted(error)}); use the host name in the"
            " certificate, or http inside your network.",
        ) from error
    except aiohttp.ClientSSLError as error:
        raise HomeAssistantUnavailable(
            "encryption",
            f"an encrypted connection failed ({_quoted(error)}); if it uses plain http, start"
            " HASS_URL with http.",
        ) from error
    except TimeoutError as error:
        raise HomeAssistantUnavailable(
            "slow",
            "it did not answer in time; check that it is running and that HASS_URL is its address.",
        ) from error
    except (aiohttp.ClientError, OSError) as error:
        raise HomeAssistantUnavailable(
            "unreachable",
            f"it cannot be reached ({_quoted(error)}); check that it is running and that HASS_URL is"
            " its address.",
        ) from error


@asynccontextmanager
async def _connected(access: HomeAssistantAccess) -> AsyncIterator[_WebsocketSession]:
    import aiohttp

    async with (
        aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
            middlewares=(_refuse_redirect,),
        ) as session,
        session.ws_connect(
            access.url,
            max_msg_size=MAX_MESSAGE_BYTES,
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
        ) as socket,
    ):
        yield _WebsocketSession(socket)


async def _refuse_redirect(request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
    # The token would be sent to wherever the redirect leads.
    response = await send(request)
    target = response.headers.get("Location")
    if response.status in _REDIRECTS and target is not None:
        response.close()
        raise HomeAssistantUnavailable(
            "redirect",
            f"it redirects to {target!r:.{MAX_QUOTED_CHARACTERS}}; set HASS_URL to the final address"
            " of Home Assistant.",
        )
    return response


class _WebsocketSession:
    """Sends commands over an open WebSocket and reads their answers."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._last_id = 0
        self._refusals: list[Refusal] = []

    async def read_registry(self, access: HomeAssistantAccess) -> RegistryResult:
        await self._authenticate(access)
        areas = await self._ask(AREAS)
        floors = await self._ask(FLOORS)
        exposure = await self._ask(EXPOSURE)
        # In threads, as all that follows: 100,000 entities take a tenth of a second.
        registry = HomeRegistry(
            areas=() if areas is None else await asyncio.to_thread(places, areas),
            floors=() if floors is None else await asyncio.to_thread(places, floors),
            entities=await (self._spoken() if exposure is None else self._exposed(exposure)),
        )
        return RegistryResult(registry, tuple(self._refusals))

    async def _authenticate(self, access: HomeAssistantAccess) -> None:
        if (await self._receive()).get("type") != "auth_required":
            raise _not_home_assistant("it does not ask for authentication")
        await self._socket.send_json({"type": "auth", "access_token": access.token})
        answer = (await self._receive()).get("type")
        if answer == "auth_invalid":
            raise HomeAssistantUnavailable("token", f"it rejected the token; {_remedy(access)}")
        if answer != "auth_ok":
            raise _not_home_assistant("it neither accepted nor rejected the token")

    async def _exposed(self, exposure: Any) -> tuple[NamedEntity, ...]:
        entity_ids = await asyncio.to_thread(exposed_ids, exposure)
        if not entity_ids:
            # An empty list would mean all entities.
            return ()
        entries = await self._ask(ENTRIES, entity_ids=entity_ids)
        if await self._command(SOME_STATES, entity_ids=entity_ids) is None:
            return ()
        event = (await self._until("event", self._last_id)).get("event")
        friendly = await asyncio.to_thread(added_names, event)
        return entities(entity_ids, friendly, entries, visible_only=False)

    async def _spoken(self) -> tuple[NamedEntity, ...]:
        states = await self._ask(STATES)
        friendly = {} if states is None else await asyncio.to_thread(friendly_names, states)
        entity_ids = await asyncio.to_thread(spoken_ids, friendly)
        if not entity_ids:
            return ()
        entries = await self._ask(ENTRIES, entity_ids=entity_ids)
        return entities(entity_ids, friendly, entries, visible_only=True)

    async def _ask(self, command: str, **fields: Any) -> Any:
        answer = await self._command(command, **fields)
        return None if answer is None else answer.get("result")

    async def _command(self, command: str, **fields: Any) -> dict[str, Any] | None:
        """Return the whole answer; None if the command was rejected, which is recorded."""
        self._last_id += 1
        await self._socket.send_json({"id": self._last_id, "type": command, **fields})
        answer = await self._until("result", self._last_id)
        if answer.get("success") is True:
            return answer
        error = answer.get("error")
        code = error.get("code") if isinstance(error, dict) else None
        self._refusals.append(Refusal(command, str(code)[:MAX_QUOTED_CHARACTERS]))
        return None

    async def _until(self, kind: str, message_id: int) -> dict[str, Any]:
        while True:
            message = await self._receive()
            if message.get("type") == kind and message.get("id") == message_id:
                return message

    async def _receive(self) -> dict[str, Any]:
        from aiohttp import WSCloseCode, WSMsgType

        message = await self._socket.receive()
        if message.type is WSMsgType.TEXT:
            return await _parsed(message.data)
        if message.type in {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED}:
            raise HomeAssistantUnavailable(
                "closed", "it closed the connection early; check that Home Assistant has started."
            )
        if self._socket.close_code == WSCloseCode.MESSAGE_TOO_BIG:
            raise HomeAssistantUnavailable(
                "too-large",
                f"it sent a message of more than {MAX_MESSAGE_BYTES} bytes; use the token of an"
                " administrator, so that only entities exposed to Assist are requested.",
            )
        raise _not_home_assistant("it sent a message that is not text")


async def _parsed(text: str) -> dict[str, Any]:
    try:
        if len(text) <= MAX_INLINE_CHARACTERS:
            message = json.loads(text)
        else:
            message = await asyncio.to_thread(json.loads, text, object_hook=_only_names)
    except (ValueError, RecursionError) as error:
        raise _not_home_assistant("it sent invalid JSON") from error
    if not isinstance(message, dict):
        raise _not_home_assistant("it sent JSON that is not an object")
    return message


def _only_names(item: dict[str, Any]) -> dict[str, Any]:
    # A hook also lets other threads run between two objects: without one, parsing some megabytes
    # blocks the interpreter, and with it every connection, for a tenth of a second.
    return {"friendly_name": item["friendly_name"]} if "friendly_name" in item else item


def _remedy(access: HomeAssistantAccess) -> str:
    if access.url == SUPERVISOR_URL:
        return "the configuration of the add-on needs homeassistant_api: true."
    return (
        "create a long-lived access token in Home Assistant (profile of an administrator, Security)"
        " and set HASS_TOKEN to it."
    )


def _not_home_assistant(what: str) -> HomeAssistantUnavailable:
    return HomeAssistantUnavailable(
        "malformed", f"{what}; check that HASS_URL is the address of Home Assistant."
    )


def _quoted(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:MAX_QUOTED_CHARACTERS]
