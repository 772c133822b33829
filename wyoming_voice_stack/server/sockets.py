"""The sockets of a server: listening on all addresses, and the options of accepted ones."""

from __future__ import annotations

import asyncio
import errno
import resource
import socket
from contextlib import suppress
from typing import Any

from wyoming_voice_stack.errors import ConfigError

SEND_BUFFER_BYTES = 32 * 1024
"""What the system keeps of replies that the client has not received; without a bound, minutes of audio."""
RECEIVE_BUFFER_BYTES = 128 * 1024
"""What the system receives ahead of the server: seconds of speech, not the minutes that it takes by
default."""
READ_BYTES = 32 * 1024
"""Bytes of a connection that are read in one turn: hundreds may have sent something."""
BACKLOG = 1024
"""Connections that the system keeps until the server accepts them. Beyond them, it drops the request of a
client, which repeats it only after a second. The system may have a smaller limit (net.core.somaxconn)."""

RESERVED_DESCRIPTORS = 16
"""Descriptors of the process that connections leave to its files, such as models and modules."""
RESERVED_PART_OF_DESCRIPTORS = 4
"""At most one of so many descriptors is reserved, where the system allows only a few."""


async def bind_server(host: str | None, port: int) -> asyncio.Server:
    """Bind the sockets of all addresses of a host, or of this machine; the server does not listen.

    Raises:
        OSError: an address is not one of this machine, or the port is taken.
    """
    loop = asyncio.get_running_loop()
    where: dict[str, Any] = {"host": host, "port": port}
    if host is None:
        where = {"sock": any_address_socket(port)}
    return await loop.create_server(asyncio.Protocol, start_serving=False, **where)


def any_address_socket(port: int) -> socket.socket:
    """Return a socket of all IPv4 and IPv6 addresses; of IPv4 alone where there is no IPv6."""
    if socket.has_dualstack_ipv6():
        # A host may support IPv6 and have no IPv6 address.
        with suppress(OSError):
            return _bound(socket.AF_INET6, "::", port)
    return _bound(socket.AF_INET, "0.0.0.0", port)


def _bound(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    # socket.create_server would listen before the socket has its options.
    one = socket.socket(family)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        one.bind((address, port))
    except OSError:
        one.close()
        raise
    return one


def set_options(listening: socket.socket) -> None:
    """Send events without delay, and notice a client that is gone."""
    # asyncio does this only for sockets that were created with the protocol's number. Without it, an
    # event waits until the one before is acknowledged, which takes the receiver up to 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Linux doubles the number, and accounts its own overhead in it.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    # A satellite that loses power does not close its connection; the system's probes notice it.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, seconds in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, option):
            listening.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)


def takes_reserved_descriptor(one: socket.socket) -> bool:
    """Return whether a new socket has one of the last descriptors that the process may have.

    The system gives each the lowest number that is free.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return False
    return one.fileno() >= limit - min(RESERVED_DESCRIPTORS, limit // RESERVED_PART_OF_DESCRIPTORS)


def read_in_steps(transport: asyncio.Transport) -> None:
    """Bound what is read of a connection in one turn."""
    # An attribute of asyncio's transports, 256 KiB by default.
    transport.max_size = READ_BYTES  # type: ignore[attr-defined]


def cannot_listen(host: str | None, port: int, error: OSError) -> ConfigError:
    """Return the error of a server whose sockets cannot be bound, with what to do."""
    remedy = "stop what uses the port, or choose another one with HOST, ASR_PORT or TTS_PORT"
    if _is_about_the_address(error):
        remedy = "set HOST to an address of this machine, or leave it unset"
    return ConfigError(
        f"The server cannot listen on {host or 'any address'}, port {port}"
        f" ({error.strerror or error}); {remedy}."
    )


def _is_about_the_address(error: OSError) -> bool:
    # asyncio gives no number if it has tried all addresses of a name.
    return isinstance(error, socket.gaierror) or error.errno in {
        errno.EADDRNOTAVAIL,
        # A link-local address without its interface.
        errno.EINVAL,
        None,
    }
