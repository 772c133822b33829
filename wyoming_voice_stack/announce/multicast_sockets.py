"""Opens and closes multicast DNS sockets; every wait has a limit, and nothing is leaked."""

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
"""How long withdrawing the announcement may take."""

_MDNS_IPV4 = "224.0.0.251"


async def open_mdns(interfaces: list[str] | None) -> AsyncZeroconf:
    """Open multicast sockets on interfaces, given by their addresses; None stands for all.

    Raises:
        OSError, RuntimeError, zeroconf.Error: the machine or the interfaces do not support multicast.
    """
    from zeroconf import InterfaceChoice
    from zeroconf.asyncio import AsyncZeroconf

    _require(interfaces is None or interfaces)
    zeroconf = AsyncZeroconf(InterfaceChoice.All if interfaces is None else interfaces)
    started = asyncio.ensure_future(zeroconf.zeroconf.async_wait_for_start(START_S))
    started.add_done_callback(_mark_as_seen)
    try:
        # If cancelled halfway, the library could not be closed any more; `wait` does not cancel it.
        await asyncio.wait({started})
        started.result()
        _require(zeroconf.zeroconf.engine.senders)
    except BaseException:
        await close_mdns(zeroconf)
        raise
    return zeroconf


def _mark_as_seen(started: asyncio.Future[None]) -> None:
    # Closed before it has started, the library fails with an error that is of no interest.
    if not started.cancelled():
        started.exception()


def _require(interfaces: object) -> None:
    if not interfaces:
        raise OSError("no network interface supports multicast")


async def close_mdns(zeroconf: AsyncZeroconf) -> None:
    """Withdraw announcements and close the sockets. Does not fail; may be called twice."""
    from zeroconf import Error

    try:
        async with asyncio.timeout(CLOSE_S):
            await zeroconf.async_close()
    except (Error, OSError, RuntimeError) as error:
        _LOGGER.debug("The announcement was not withdrawn cleanly: %s", error)


def multicast_interfaces(addresses: Sequence[str]) -> list[str]:
    """Return the addresses of the interfaces to use: IPv4, which every client supports, if possible."""
    ipv4 = [text for text in addresses if ":" not in text]
    return [text for text in ipv4 if _supports_multicast(text)] if ipv4 else list(addresses)


def _supports_multicast(ipv4_address: str) -> bool:
    group = socket.inet_aton(_MDNS_IPV4) + socket.inet_aton(ipv4_address)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        except OSError as error:
            _LOGGER.debug("%s does not support multicast: %s", ipv4_address, error)
            return False
    return True
