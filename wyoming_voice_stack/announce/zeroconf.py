"""Announcing this server on the local network by mDNS/DNS-SD (RFC 6762, 6763), and finding others.

Home Assistant browses for `_wyoming._tcp.local.` and takes host and port from the answer. It drops
unspecified and link-local addresses, so only addresses that a client can use are announced.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from wyoming_voice_stack.announce.addresses import lan_addresses
from wyoming_voice_stack.announce.mdns import close_mdns, multicast_interfaces, open_mdns
from wyoming_voice_stack.background import BackgroundTask
from wyoming_voice_stack.errors import VoiceStackError

if TYPE_CHECKING:
    from zeroconf import ServiceStateChange, Zeroconf
    from zeroconf.asyncio import AsyncZeroconf

__all__ = ["Announcer", "FoundServer", "default_instance_name", "discover", "lan_addresses"]

_LOGGER = logging.getLogger(__name__)

SERVICE_TYPE = "_wyoming._tcp.local."
REFRESH_S = 10.0
"""How long a changed address may go unnoticed."""
PROBE_S = 1.5
"""How long to ask for a name before using it; a server may be silent for a second of that."""
MAX_NAMES_TRIED = 20
MAX_FOUND = 256
"""Servers that `discover` looks at; the rest of a flooded network is left out."""
MAX_NAME_BYTES = 56
"""Of an instance name; DNS allows 63, and a conflict adds a number."""

_NOT_IN_A_NAME = re.compile(r"[.\x00-\x1f\x7f]+")


@dataclass(frozen=True)
class FoundServer:
    """A Wyoming server that announces itself."""

    name: str
    """Instance name, unique on the network."""
    host: str
    """The address to connect to: IPv4 if there is one."""
    port: int
    addresses: tuple[str, ...]
    """Every address that was announced, IPv4 first."""


def default_instance_name(mode: str) -> str:
    """A name for this server that stays the same over restarts: from the host's name."""
    host = socket.gethostname().partition(".")[0] or "voice"
    return "-".join(part for part in ("wyoming", mode, host) if part)


class Announcer:
    """Keeps one server announced from `start` to `stop`, whatever happens to the network.

    Addresses are read again every `refresh_s` seconds; when they change, the old announcement is
    taken back and a new one made. Trouble is logged once and tried again; it never stops the
    server. A name that is taken on the network gets a number; two servers that start within the
    same two seconds do not notice each other.
    """

    def __init__(
        self,
        *,
        instance_name: str,
        port: int,
        bind_host: str | None,
        refresh_s: float = REFRESH_S,
        probe_s: float = PROBE_S,
        interfaces: Sequence[str] | None = None,
        read_addresses: Callable[[], tuple[str, ...]] | None = None,
    ) -> None:
        self._name = _fitted(instance_name)
        self._port = port
        self._refresh_s = refresh_s
        self._probe_s = probe_s
        self._interfaces = interfaces
        self._read_addresses = read_addresses or partial(lan_addresses, bind_host)
        self._task = BackgroundTask(
            self._follow,
            name="announcer",
            on_failure="The server is no longer announced on the network",
        )
        self._zeroconf: AsyncZeroconf | None = None
        self._addresses: tuple[str, ...] = ()
        self._trouble: str | None = None
        self._announced = asyncio.Event()

    async def start(self) -> None:
        """Begin to announce, in the background. Does not wait and does not fail."""
        self._task.start()

    async def stop(self) -> None:
        """Say goodbye and leave nothing behind. May be called at any time, and twice."""
        await self._task.stop()
        await self._withdraw()

    async def announced(self) -> str:
        """Wait until the server is announced, and give the name under which it is."""
        await self._announced.wait()
        return self._name

    async def _follow(self) -> None:
        while True:
            await self._refresh()
            await asyncio.sleep(self._refresh_s)

    async def _refresh(self) -> None:
        from zeroconf import Error

        try:
            addresses = await asyncio.to_thread(self._read_addresses)
            if addresses != self._addresses:
                await self._withdraw()
            if not addresses:
                self._note(logging.INFO, "No network address to announce the server at, for now")
            elif self._zeroconf is None:
                await self._announce(addresses)
        except (Error, OSError, RuntimeError) as error:
            await self._withdraw()
            self._note(
                logging.WARNING,
                "The server cannot be announced on the network and is tried again every"
                f" {self._refresh_s:.0f} s; until then add it in Home Assistant by address and port"
                f" {self._port}, or set ZEROCONF=false ({type(error).__name__}: {error})",
            )

    async def _announce(self, addresses: tuple[str, ...]) -> None:
        from zeroconf.asyncio import AsyncServiceInfo

        interfaces = list(self._interfaces or multicast_interfaces(addresses))
        self._zeroconf = await open_mdns(interfaces)
        free = await self._free_name(self._zeroconf.zeroconf)
        # A host name of its own each time: nobody can mix in addresses that are gone.
        info = AsyncServiceInfo(
            SERVICE_TYPE,
            f"{free}.{SERVICE_TYPE}",
            port=self._port,
            parsed_addresses=list(addresses),
            server=f"wyoming-{secrets.token_hex(6)}.local.",
        )
        sent = await self._zeroconf.async_register_service(info, allow_name_change=True)
        await sent
        name = _instance(info.name)
        if name != self._name:
            _LOGGER.warning("The name %r is taken on the network; using %r", self._name, name)
        self._name, self._addresses, self._trouble = name, addresses, None
        self._announced.set()
        _LOGGER.info("Announced as %r at %s, port %d", name, ", ".join(addresses), self._port)

    async def _free_name(self, zeroconf: Zeroconf) -> str:
        # The library asks too, for answers by unicast: those may end at another program that
        # shares the port, avahi for one.
        name = self._name
        for number in range(2, MAX_NAMES_TRIED):
            if await _resolve(zeroconf, f"{name}.{SERVICE_TYPE}", self._probe_s * 1000) is None:
                break
            name = f"{self._name}-{number}"
        return name

    async def _withdraw(self) -> None:
        self._announced.clear()
        self._addresses = ()
        if self._zeroconf is not None:
            await close_mdns(self._zeroconf)
            self._zeroconf = None

    def _note(self, level: int, message: str) -> None:
        kind = logging.getLevelName(level)
        _LOGGER.log(logging.DEBUG if self._trouble == kind else level, "%s", message)
        self._trouble = kind


async def discover(
    timeout_s: float, *, interfaces: Sequence[str] | None = None
) -> list[FoundServer]:
    """Every Wyoming server that answers within `timeout_s`, by name.

    A server that has just answered somebody else is silent for a second (RFC 6762, section 6), so
    less than 2 s may miss some.

    Raises:
        VoiceStackError: this machine has no multicast.
    """
    from zeroconf import DNSQuestionType, Error
    from zeroconf.asyncio import AsyncServiceBrowser

    search = _Search(timeout_s)
    try:
        if interfaces is None:
            interfaces = await asyncio.to_thread(_own_interfaces)
        zeroconf = await open_mdns(None if interfaces is None else list(interfaces))
    except (Error, OSError, RuntimeError) as error:
        raise VoiceStackError(
            f"cannot look for servers on the network ({type(error).__name__}: {error}); in a"
            " container use the host's network"
        ) from error
    try:
        # By multicast: see `Announcer._free_name`.
        browser = AsyncServiceBrowser(
            zeroconf.zeroconf,
            SERVICE_TYPE,
            handlers=[search.on_change],
            question_type=DNSQuestionType.QM,
        )
        await asyncio.sleep(timeout_s)
        await browser.async_cancel()
        return await search.finish()
    finally:
        await close_mdns(zeroconf)


def _own_interfaces() -> tuple[str, ...] | None:
    # None leaves the choice to the library, which looks over IPv4 alone.
    addresses = lan_addresses(None)
    return addresses if addresses and ":" in addresses[0] else None


class _Search:
    """Resolves names while more of them come in."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_ms = timeout_s * 1000
        self._tasks: dict[str, asyncio.Task[FoundServer | None]] = {}

    def on_change(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        from zeroconf import ServiceStateChange

        del service_type
        if state_change is ServiceStateChange.Removed:
            gone = self._tasks.pop(name, None)
            if gone is not None:
                gone.cancel()
        elif name not in self._tasks and len(self._tasks) < MAX_FOUND:
            self._tasks[name] = asyncio.create_task(_resolve(zeroconf, name, self._timeout_ms))

    async def finish(self) -> list[FoundServer]:
        for task in self._tasks.values():
            task.cancel()
        results = await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        found = [server for server in results if isinstance(server, FoundServer)]
        return sorted(found, key=lambda server: server.name)


async def _resolve(zeroconf: Zeroconf, name: str, timeout_ms: float) -> FoundServer | None:
    from zeroconf import DNSQuestionType, IPVersion
    from zeroconf.asyncio import AsyncServiceInfo

    info = AsyncServiceInfo(SERVICE_TYPE, name)
    await info.async_request(zeroconf, timeout_ms, DNSQuestionType.QM)
    addresses = tuple(info.parsed_scoped_addresses(IPVersion.All))
    if not addresses or info.port is None:
        return None
    return FoundServer(_instance(name), addresses[0], info.port, addresses)


def _fitted(instance_name: str) -> str:
    name = _NOT_IN_A_NAME.sub("-", instance_name).strip() or "wyoming"
    return name.encode()[:MAX_NAME_BYTES].decode(errors="ignore")


def _instance(full_name: str) -> str:
    return full_name.removesuffix(f".{SERVICE_TYPE}")
