"""Announces this server on the local network by mDNS/DNS-SD (RFC 6762, 6763).

Home Assistant browses for `_wyoming._tcp.local.` and takes host and port from the answer. It ignores
unspecified and link-local addresses, so only addresses that a client can use are announced.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from wyoming_voice_stack.announce.addresses import lan_addresses
from wyoming_voice_stack.announce.discovery import (
    SERVICE_TYPE,
    announced_properties,
    instance_of,
    resolve,
)
from wyoming_voice_stack.announce.multicast_sockets import (
    close_mdns,
    multicast_interfaces,
    open_mdns,
)
from wyoming_voice_stack.background import BackgroundTask

if TYPE_CHECKING:
    from zeroconf import Zeroconf
    from zeroconf.asyncio import AsyncZeroconf

_LOGGER = logging.getLogger(__name__)

REFRESH_S = 10.0
"""How often the addresses are read again."""
OWN_NAME_S = 60.0
"""How often a server that had to take another name asks whether its own is free again."""
PROBE_S = 1.5
"""How long to query a name before using it; a server may not answer for a second of that."""
MAX_NAMES_TRIED = 20
MAX_NAME_BYTES = 56
"""Longest instance name; DNS allows 63 bytes, and a conflict adds a number."""

_NOT_IN_A_NAME = re.compile(r"[.\x00-\x1f\x7f]+")


def default_instance_name(mode: str) -> str:
    """Return a name for this server from the host's name, which stays the same over restarts."""
    host = socket.gethostname().partition(".")[0] or "voice"
    return "-".join(part for part in ("wyoming", mode, host) if part)


class Announcer:
    """Keeps one server announced from `start` to `stop`, also when the network changes.

    Addresses are read again every `refresh_s` seconds; when they change, the announcement is
    withdrawn and a new one made. A failure is logged once and retried; it never stops the server. If
    the name is taken on the network, a number is added until the name is free again; two servers that start within the same two
    seconds do not notice each other.
    """

    def __init__(
        self,
        *,
        instance_name: str,
        port: int,
        bind_host: str | None,
        mode: str | None = None,
        refresh_s: float = REFRESH_S,
        probe_s: float = PROBE_S,
        own_name_s: float = OWN_NAME_S,
        interfaces: Sequence[str] | None = None,
        read_addresses: Callable[[], tuple[str, ...]] | None = None,
    ) -> None:
        """`mode` is announced too, so that the other server of this package finds this one."""
        self._own_name = self._name = _valid_name(instance_name)
        self._port = port
        self._properties = announced_properties(mode) if mode else {}
        self._refresh_s = refresh_s
        self._probe_s = probe_s
        self._own_name_s = own_name_s
        self._interfaces = interfaces
        self._read_addresses = read_addresses or partial(lan_addresses, bind_host)
        self._task = BackgroundTask(
            self._announce_continuously,
            name="announcer",
            on_failure="The server is no longer announced on the network",
        )
        self._zeroconf: AsyncZeroconf | None = None
        self._own_name_asked_at = 0.0
        self._addresses: tuple[str, ...] = ()
        self._logged_level: int | None = None
        self._announced = asyncio.Event()

    async def start(self) -> None:
        """Start announcing in the background. Does not wait and does not fail."""
        self._task.start()

    async def stop(self) -> None:
        """Send the mDNS goodbye and free all resources. May be called at any time, and twice."""
        await self._task.stop()
        await self._withdraw()

    async def announced(self) -> str:
        """Wait until the server is announced, and return the name that it has."""
        await self._announced.wait()
        return self._name

    async def _announce_continuously(self) -> None:
        while True:
            await self._refresh()
            await asyncio.sleep(self._refresh_s)

    async def _refresh(self) -> None:
        from zeroconf import Error

        try:
            addresses = await asyncio.to_thread(self._read_addresses)
            if addresses != self._addresses or await self._own_name_is_free():
                await self._withdraw()
            if not addresses:
                self._log_once(
                    logging.INFO, "The server is not announced yet: no usable network address"
                )
            elif self._zeroconf is None:
                await self._announce(addresses)
        except (Error, OSError, RuntimeError) as error:
            await self._withdraw()
            self._log_once(
                logging.WARNING,
                "The server cannot be announced on the network"
                f" ({type(error).__name__}: {error}); retrying every {self._refresh_s:.0f} s. Until then"
                f" add it in Home Assistant by its address and port {self._port}, or set ZEROCONF=false.",
            )

    async def _announce(self, addresses: tuple[str, ...]) -> None:
        from zeroconf.asyncio import AsyncServiceInfo

        interfaces = list(self._interfaces or multicast_interfaces(addresses))
        self._zeroconf = await open_mdns(interfaces)
        free = await self._free_name(self._zeroconf.zeroconf)
        # A new host name each time, so that clients do not mix in outdated addresses.
        info = AsyncServiceInfo(
            SERVICE_TYPE,
            f"{free}.{SERVICE_TYPE}",
            port=self._port,
            parsed_addresses=list(addresses),
            properties=self._properties,
            server=f"wyoming-{secrets.token_hex(6)}.local.",
        )
        sent = await self._zeroconf.async_register_service(info, allow_name_change=True)
        await sent
        name = instance_of(info.name)
        if name not in {self._name, self._own_name}:
            _LOGGER.warning(
                "The name %r is already used on the network; using %r", self._own_name, name
            )
        self._own_name_asked_at = time.monotonic()
        self._name, self._addresses, self._logged_level = name, addresses, None
        self._announced.set()
        _LOGGER.info("Announced as %r at %s, port %d", name, ", ".join(addresses), self._port)

    async def _free_name(self, zeroconf: Zeroconf) -> str:
        # The library queries too, but for unicast answers: another program that shares the port, such as
        # avahi, may receive those.
        name = self._own_name
        for number in range(2, MAX_NAMES_TRIED):
            if await self._is_free(zeroconf, name):
                break
            name = f"{self._own_name}-{number}"
        return name

    async def _is_free(self, zeroconf: Zeroconf, name: str) -> bool:
        return await resolve(zeroconf, f"{name}.{SERVICE_TYPE}", self._probe_s * 1000) is None

    async def _own_name_is_free(self) -> bool:
        """Ask now and then, while the server has another name, whether its own can be used again."""
        if self._zeroconf is None or self._name == self._own_name:
            return False
        if time.monotonic() - self._own_name_asked_at < self._own_name_s:
            return False
        self._own_name_asked_at = time.monotonic()
        return await self._is_free(self._zeroconf.zeroconf, self._own_name)

    async def _withdraw(self) -> None:
        """Unregister, which sends the goodbye of RFC 6762, section 10.1."""
        self._announced.clear()
        self._addresses = ()
        if self._zeroconf is not None:
            await close_mdns(self._zeroconf)
            self._zeroconf = None

    def _log_once(self, level: int, message: str) -> None:
        _LOGGER.log(logging.DEBUG if self._logged_level == level else level, "%s", message)
        self._logged_level = level


def _valid_name(instance_name: str) -> str:
    name = _NOT_IN_A_NAME.sub("-", instance_name).strip() or "wyoming"
    return name.encode()[:MAX_NAME_BYTES].decode(errors="ignore")
