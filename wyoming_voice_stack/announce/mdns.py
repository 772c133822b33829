"""Opening and closing what speaks multicast DNS, with every wait bounded and nothing leaked."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncZeroconf

_LOGGER = logging.getLogger(__name__)

START_S = 5.0
"""How long opening the multicast sockets may take."""
CLOSE_S = 3.0
"""How long the goodbyes may take."""

_MDNS_IPV4 = "224.0.0.251"


async def open_mdns(interfaces: list[str] | None) -> AsyncZeroconf:
    """Multicast sockets on these interfaces, given by their addresses; None stands for all.

    Raises:
        OSError, RuntimeError, zeroconf.Error: this machine or these interfaces have no multicast.
    """
    from zeroconf import InterfaceChoice
    from zeroconf.asyncio import AsyncZeroconf

    _require(interfaces is None or interfaces)
    zeroconf = AsyncZeroconf(InterfaceChoice.All if interfaces is None else interfaces)
    try:
        # Cancelled halfway, the library could not be closed any more: hence the shield.
        await asyncio.shield(zeroconf.zeroconf.async_wait_for_start(START_S))
        _require(zeroconf.zeroconf.engine.senders)
    except BaseException:
        await close_mdns(zeroconf)
        raise
    return zeroconf


def _require(interfaces: object) -> None:
    if not interfaces:
        raise OSError("no network interface takes part in multicast")


async def close_mdns(zeroconf: AsyncZeroconf) -> None:
    """Take back what is announced and close the sockets. Does not fail; twice is fine."""
    from zeroconf import Error

    try:
        async with asyncio.timeout(CLOSE_S):
            await zeroconf.async_close()
    except (Error, OSError, RuntimeError) as error:
        _LOGGER.debug("The announcement was not taken back cleanly: %s", error)


def multicast_interfaces(addresses: Sequence[str]) -> list[str]:
    """Addresses of the interfaces to speak on: over IPv4, which every client hears, if possible."""
    ipv4 = [text for text in addresses if ":" not in text]
    return [text for text in ipv4 if _takes_multicast(text)] if ipv4 else list(addresses)


def _takes_multicast(ipv4_address: str) -> bool:
    group = socket.inet_aton(_MDNS_IPV4) + socket.inet_aton(ipv4_address)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        except OSError as error:
            _LOGGER.debug("%s takes no part in multicast: %s", ipv4_address, error)
            return False
    return True
