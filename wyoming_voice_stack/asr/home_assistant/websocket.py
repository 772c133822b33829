"""One visit to Home Assistant's websocket API: say who asks, read what there is, leave.

The protocol is that of https://developers.home-assistant.io/docs/api/websocket.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wyoming_voice_stack.asr.home_assistant.access import (
    SUPERVISOR_URL,
    HomeAssistantAccess,
    HomeAssistantUnavailable,
)
from wyoming_voice_stack.asr.home_assistant.entity_names import (
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
"""Until the socket is open."""
VISIT_S = 60.0
"""A whole visit, from looking up the name to having closed."""
CLOSE_S = 1.0
"""How long the other side may take to say goodbye."""
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""All states of some ten thousand entities."""
MAX_INLINE_CHARACTERS = 64 * 1024
"""Of a message that is parsed at once; longer ones are parsed in a thread."""
MAX_QUOTED_CHARACTERS = 300

_REDIRECTS = range(300, 400)

UNKNOWN_COMMAND = "unknown_command"
UNAUTHORIZED = "unauthorized"

AREAS = "config/area_registry/list"
FLOORS = "config/floor_registry/list"
EXPOSURE = "homeassistant/expose_entity/list"
ENTRIES = "config/entity_registry/get_entries"
"""With aliases, which `config/entity_registry/list` does not tell."""
STATES = "get_states"
SOME_STATES = "subscribe_entities"
"""The states of some entities in one event; `get_states` knows only all of them."""


@dataclass(frozen=True)
class Refusal:
    """A command that Home Assistant did not carry out, and its code for why."""

    command: str
    code: str


@dataclass(frozen=True)
class Visit:
    """What was read, and what was not."""

    house: HomeRegistry
    refusals: tuple[Refusal, ...] = ()


async def visit(access: HomeAssistantAccess, *, timeout_s: float = VISIT_S) -> Visit:
    """Read areas, floors and the entities that are exposed to Assist, with all their aliases.

    If Home Assistant is too old to tell what is exposed, or the token's user no administrator,
    the entities are those that people speak to. Commands that it refuses are left out.

    Raises:
        HouseUnavailable: nothing was read.
    """
    import aiohttp

    try:
        async with asyncio.timeout(timeout_s), _connected(access) as talk:
            return await talk.read_house(access)
    except aiohttp.WSServerHandshakeError as error:
        raise HomeAssistantUnavailable(
            "handshake",
            f"it answers with HTTP status {error.status} instead of a websocket; see that Home"
            " Assistant has started, and that HASS_URL is its address.",
        ) from error
    except aiohttp.ClientConnectorCertificateError as error:
        raise HomeAssistantUnavailable(
            "certificate",
            f"its certificate is not trusted ({_quoted(error)}); use the name that it was made"
            " out to, or http inside of the house.",
        ) from error
    except aiohttp.ClientSSLError as error:
        raise HomeAssistantUnavailable(
            "encryption",
            f"no encrypted connection can be made ({_quoted(error)}); if it speaks plain http, begin"
            " HASS_URL with http.",
        ) from error
    except TimeoutError as error:
        raise HomeAssistantUnavailable(
            "slow", "it gave no answer in time; see that it runs, and that HASS_URL is its address."
        ) from error
    except (aiohttp.ClientError, OSError) as error:
        raise HomeAssistantUnavailable(
            "unreachable",
            f"it cannot be reached ({_quoted(error)}); see that it runs, and that HASS_URL is its"
            " address.",
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
    # Whoever answers may send us anywhere, and the token is told to where we arrive.
    response = await send(request)
    target = response.headers.get("Location")
    if response.status in _REDIRECTS and target is not None:
        response.close()
        raise HomeAssistantUnavailable(
            "redirect",
            f"it sends on to {target!r:.{MAX_QUOTED_CHARACTERS}}; set HASS_URL to the address where"
            " Home Assistant really is.",
        )
    return response


class _WebsocketSession:
    """Commands and their answers over an open websocket."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._last_id = 0
        self._refusals: list[Refusal] = []

    async def read_house(self, access: HomeAssistantAccess) -> Visit:
        await self._authenticate(access)
        areas = await self._ask(AREAS)
        floors = await self._ask(FLOORS)
        exposure = await self._ask(EXPOSURE)
        house = HomeRegistry(
            areas=() if areas is None else places(areas),
            floors=() if floors is None else places(floors),
            entities=await (self._spoken_to() if exposure is None else self._exposed(exposure)),
        )
        return Visit(house, tuple(self._refusals))

    async def _authenticate(self, access: HomeAssistantAccess) -> None:
        if (await self._receive()).get("type") != "auth_required":
            raise _not_home_assistant("it does not ask who is there")
        await self._socket.send_json({"type": "auth", "access_token": access.token})
        answer = (await self._receive()).get("type")
        if answer == "auth_invalid":
            raise HomeAssistantUnavailable(
                "token", f"it does not take the token; {_remedy(access)}"
            )
        if answer != "auth_ok":
            raise _not_home_assistant("it neither takes nor refuses the token")

    async def _exposed(self, exposure: Any) -> tuple[NamedEntity, ...]:
        entity_ids = exposed_ids(exposure)
        if not entity_ids:
            # No entities would stand for all of them.
            return ()
        entries = await self._ask(ENTRIES, entity_ids=entity_ids)
        if await self._command(SOME_STATES, entity_ids=entity_ids) is None:
            return ()
        event = (await self._until("event", self._last_id)).get("event")
        return entities(entity_ids, added_names(event), entries, visible_only=False)

    async def _spoken_to(self) -> tuple[NamedEntity, ...]:
        states = await self._ask(STATES)
        friendly = {} if states is None else friendly_names(states)
        entity_ids = spoken_ids(friendly)
        if not entity_ids:
            return ()
        entries = await self._ask(ENTRIES, entity_ids=entity_ids)
        return entities(entity_ids, friendly, entries, visible_only=True)

    async def _ask(self, command: str, **fields: Any) -> Any:
        answer = await self._command(command, **fields)
        return None if answer is None else answer.get("result")

    async def _command(self, command: str, **fields: Any) -> dict[str, Any] | None:
        """The whole answer; None if the command is refused, which is noted."""
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
                "closed", "it closed the connection early; see that Home Assistant has started."
            )
        if self._socket.close_code == WSCloseCode.MESSAGE_TOO_BIG:
            raise HomeAssistantUnavailable(
                "too-large",
                f"it sent a message of more than {MAX_MESSAGE_BYTES} bytes; give the token of an"
                " administrator, so that only what is exposed to Assist is asked for.",
            )
        raise _not_home_assistant("it does not speak in texts")


async def _parsed(text: str) -> dict[str, Any]:
    try:
        if len(text) <= MAX_INLINE_CHARACTERS:
            message = json.loads(text)
        else:
            message = await asyncio.to_thread(json.loads, text, object_hook=_slimmed)
    except (ValueError, RecursionError) as error:
        raise _not_home_assistant("it sent what is no JSON") from error
    if not isinstance(message, dict):
        raise _not_home_assistant("it sent what is no message")
    return message


def _slimmed(item: dict[str, Any]) -> dict[str, Any]:
    # Also lets other threads in between two objects: without a hook, parsing some megabytes
    # holds the interpreter, and with it every connection, for a tenth of a second.
    return {"friendly_name": item["friendly_name"]} if "friendly_name" in item else item


def _remedy(access: HomeAssistantAccess) -> str:
    if access.url == SUPERVISOR_URL:
        return "the add-on's configuration needs homeassistant_api: true."
    return (
        "make a long-lived access token in Home Assistant (an administrator's profile, Security)"
        " and set HASS_TOKEN to it."
    )


def _not_home_assistant(what: str) -> HomeAssistantUnavailable:
    return HomeAssistantUnavailable(
        "malformed", f"{what}; see that HASS_URL is the address of Home Assistant."
    )


def _quoted(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:MAX_QUOTED_CHARACTERS]
