"""Finds the other of the two servers, while somebody looks at the web page of this one.

The other machines of the network choose what they announce and answer. So a candidate must be on a private
network and answer as this package does, and nothing but its address is taken over.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import urlsplit

from wyoming_voice_stack.announce.addresses import lan_addresses
from wyoming_voice_stack.announce.discovery import FoundServer
from wyoming_voice_stack.background import BackgroundTask
from wyoming_voice_stack.errors import VoiceStackError

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

_LOGGER = logging.getLogger(__name__)

SEARCH_S = 60.0
"""How often it is looked for while a page is open."""
AGAIN_S = 5.0
"""Pause after the start of a search that was not finished, because the last page was closed."""
DISCOVERY_S = 2.5
"""How long the network is searched; a server that has just answered another client is silent for a second."""
ANSWER_S = 2.0
"""How long a candidate may take to answer everything that it is asked."""
MAX_CANDIDATES = 8
"""Addresses that are tried in one search, of each origin."""
MAX_ANSWER_BYTES = 16 * 1024
LOOPBACK = "127.0.0.1"

Reach: TypeAlias = Literal["machine", "loopback", "container", "network", "configured"]
"""Where a server is: at an address of this machine, at its loopback address only, in the container of the other
add-on, at an address that was announced on the network, or at the address in `OTHER_SERVER`."""


@dataclass(frozen=True)
class FoundOther:
    """A server that was found."""

    mode: str
    """`asr` or `tts`."""
    host: str
    """Address or name at which it answered."""
    port: int
    reach: Reach
    has_page: bool
    published_port: int | None = None
    """Port at which browsers reach it on the host of this server; None if `host` and `port` do."""

    @property
    def authority(self) -> str:
        """Host and port as in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Candidate:
    """A place at which the server may be."""

    host: str
    port: int
    reach: Reach
    published_port: int | None = None
    """See `FoundOther`."""


Look: TypeAlias = Callable[[Candidate, str], Awaitable[FoundOther | None]]
Nearby: TypeAlias = Callable[[], Sequence[Candidate]]
Discover: TypeAlias = Callable[[float], Awaitable[Sequence[FoundServer]]]


async def look_at(candidate: Candidate, mode: str) -> FoundOther | None:
    """Return the server at a place if it is one of this package and of this mode. Never fails."""
    from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar

    found = FoundOther(
        mode,
        candidate.host,
        candidate.port,
        candidate.reach,
        has_page=False,
        published_port=candidate.published_port,
    )
    try:
        async with (
            asyncio.timeout(ANSWER_S),
            ClientSession(
                f"http://{found.authority}",
                timeout=ClientTimeout(total=ANSWER_S),
                cookie_jar=DummyCookieJar(),
                auto_decompress=False,
            ) as session,
        ):
            if not _is_ours(await _health(session), mode):
                return None
            return replace(found, has_page=await _leads_to_a_page(session))
    except (ClientError, OSError, ValueError, RecursionError, TimeoutError):
        return None


async def _health(session: ClientSession) -> Any:
    async with session.get("/health", allow_redirects=False) as answer:
        return json.loads(await _bounded(answer))


async def _bounded(answer: ClientResponse) -> bytes:
    body = bytearray()
    async for part in answer.content.iter_any():
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            raise ValueError("the answer is too long")
    return bytes(body)


def _is_ours(health: Any, mode: str) -> bool:
    # Other servers have a /health too.
    return isinstance(health, dict) and health.get("mode") == mode and "version" in health


async def _leads_to_a_page(session: ClientSession) -> bool:
    # Without a request for the page itself, which the other server would have to load for it.
    headers = {"Accept": "text/html"}
    async with session.get("/", headers=headers, allow_redirects=False) as answer:
        return answer.headers.get("Location") == "ui/"


class OtherServerSearch:
    """Looks for the other server as long as `watched` is entered. Used from one event loop."""

    def __init__(
        self, mode: str, nearby: Nearby, discover: Discover | None, *, look: Look = look_at
    ) -> None:
        """`mode` is that of the other server.

        `nearby` returns places that are on this machine or configured, and may block. `discover`
        searches the network; None leaves that out.
        """
        self._mode = mode
        self._nearby = nearby
        self._discover = discover
        self._look = look
        self._watchers = 0
        self._next_search_at = 0.0
        self._task = BackgroundTask(
            self._search_continuously,
            name="search for the other server",
            on_failure="The other server is no longer looked for",
        )
        self.known: FoundOther | None = None
        """The server, as the last search found it."""

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Search while the context is entered, by one or by several."""
        self._watchers += 1
        self._task.start()
        try:
            yield
        finally:
            self._watchers -= 1
            if not self._watchers:
                await self._task.stop()

    async def _search_continuously(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            # Pages that are opened again and again cause no more searches.
            await asyncio.sleep(max(0.0, self._next_search_at - clock()))
            begun = clock()
            self._next_search_at = begun + AGAIN_S
            self.known = await self.search()
            self._next_search_at = begun + SEARCH_S

    async def search(self) -> FoundOther | None:
        """Look once: on this machine, then on the network."""
        places = await asyncio.to_thread(self._nearby)
        found = await self._first(places[:MAX_CANDIDATES])
        if found is None and self._discover is not None:
            try:
                announced = await self._discover(DISCOVERY_S)
            except VoiceStackError as error:
                _LOGGER.debug("The network cannot be searched for the other server: %s", error)
            else:
                found = await self._first(announced_places(announced, self._mode))
        return found

    async def _first(self, places: Sequence[Candidate]) -> FoundOther | None:
        looks = await asyncio.gather(*(self._look(place, self._mode) for place in places))
        return next((found for found in looks if found is not None), None)


def announced_places(servers: Iterable[FoundServer], mode: str) -> list[Candidate]:
    """Return the places of servers of this mode, of each its first address on a private network."""
    places = []
    for server in servers:
        address = next(filter(is_private, server.addresses), None)
        if server.mode == mode and address is not None:
            places.append(Candidate(address, server.port, "network"))
    return places[:MAX_CANDIDATES]


def is_private(text: str) -> bool:
    """Return whether an address is one of other machines of a private network."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    elsewhere = address.is_loopback or address.is_link_local or address.is_unspecified
    return address.is_private and not (elsewhere or address.is_multicast or address.is_reserved)


def places_nearby(mode: str, port: int | None, *, bind_host: str | None) -> list[Candidate]:
    """Return where the other server may be on this machine. May block.

    `port` is its port; None if it is not known. `bind_host` is the address of this server: the other one
    listens on the same addresses, if both have the same settings.
    """
    if port is None:
        return []
    try:
        own = lan_addresses(bind_host)
    except OSError:
        own = ()
    places = [Candidate(address, port, "machine") for address in own[: MAX_CANDIDATES - 2]]
    places.append(Candidate(LOOPBACK, port, "loopback"))
    container = _container_of(mode)
    if container is not None:
        places.append(Candidate(container, port, "container"))
    return places


def configured_place(address: str, port: int) -> list[Candidate]:
    """Return the place of the other server at the address in `OTHER_SERVER`.

    `port` is its port for browsers, and for this server unless the address has one.
    """
    parts = urlsplit(f"//{address}")
    host = parts.hostname or address
    if host == "localhost" or _is_loopback(host):
        return [Candidate(host, parts.port or port, "loopback")]
    # The services of Compose know each other by names that browsers do not know.
    is_service = "." not in host and ":" not in host
    published = port if is_service else None
    return [Candidate(host, parts.port or port, "configured", published)]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _container_of(mode: str) -> str | None:
    """Return the name of the other add-on's container, whose name differs in the mode only."""
    here = "asr" if mode == "tts" else "tts"
    base, dash, end = socket.gethostname().rpartition("-")
    return f"{base}-{mode}" if dash and end == here else None
