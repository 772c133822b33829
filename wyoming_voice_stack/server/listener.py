"""One port for two protocols; a connection's first byte decides which of them it speaks.

A Wyoming header begins with `{`, an HTTP request with an upper-case letter. Anything else goes to
the Wyoming side, which answers with an error event.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from aiohttp import web
from wyoming.error import Error

from wyoming_voice_stack.errors import Busy, ConfigError
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.protocol.connection import CLOSING_SECONDS, Connection, ConnectionLimits
from wyoming_voice_stack.protocol.framing import encode
from wyoming_voice_stack.protocol.session import FrontEnd
from wyoming_voice_stack.server.bounded_connections import BoundedConnections

_LOGGER = logging.getLogger(__name__)

HTTP_CONNECTIONS = 16
"""HTTP connections at once. They have a limit of their own, so that a busy server stays observable."""
HTTP_CONNECTION_SECONDS = 60.0
"""Longest duration of one HTTP connection."""
FIRST_BYTE_CONNECTIONS = 64
"""Connections that have not sent their first byte yet."""
REFUSED_CONNECTIONS = 64
"""Connections that were answered `busy` and may not have read it yet."""
BACKLOG = 128

Network = IPv4Network | IPv6Network


class Listener:
    """Accepts connections and keeps track of them until they end."""

    def __init__(
        self,
        *,
        front_end: FrontEnd,
        http: web.AppRunner,
        metrics: Metrics,
        limits: ConnectionLimits,
        max_connections: int,
        allowed_clients: Sequence[Network] = (),
    ) -> None:
        self._front_end = front_end
        self._http = http
        self._metrics = metrics
        self._limits = limits
        self._max_connections = max_connections
        self._allowed_clients = tuple(allowed_clients)
        self._connections: dict[asyncio.Task[None], Connection] = {}
        self._awaiting_first_byte = BoundedConnections(FIRST_BYTE_CONNECTIONS, limits.idle_s)
        self._refused = BoundedConnections(REFUSED_CONNECTIONS, CLOSING_SECONDS)
        self._http_connections = BoundedConnections(HTTP_CONNECTIONS, HTTP_CONNECTION_SECONDS)
        self._server: asyncio.Server | None = None
        metrics.connections.set_function(lambda: len(self._connections))

    @property
    def port(self) -> int:
        """The port that the server listens on, once started."""
        if self._server is None or not self._server.sockets:
            raise RuntimeError("The listener is not started.")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self, host: str | None, port: int) -> None:
        """Open the port at once; engines may still be loading.

        Raises:
            ConfigError: the server cannot listen on the address.
        """
        await self._http.setup()
        loop = asyncio.get_running_loop()
        where: dict[str, Any] = {"host": host, "port": port}
        try:
            if host is None:
                where = {"sock": _any_address_socket(port)}
            self._server = await loop.create_server(
                lambda: _FirstByte(self), backlog=BACKLOG, **where
            )
        except OSError as error:
            if _is_about_the_address(error):
                remedy = "set HOST to an address of this machine, or leave it unset"
            else:
                remedy = (
                    "stop what uses the port, or choose another one with HOST, ASR_PORT or TTS_PORT"
                )
            raise ConfigError(
                f"The server cannot listen on {host or 'any address'}, port {port}"
                f" ({error.strerror or error}); {remedy}."
            ) from error

    def stop_accepting(self) -> None:
        """Close the port; existing connections continue."""
        if self._server is not None:
            self._server.close()
        self._awaiting_first_byte.close()

    async def drain(self, grace_s: float) -> None:
        """Let running requests finish within `grace_s` seconds, then end the remaining connections."""
        self.stop_accepting()
        for connection in self._connections.values():
            connection.drain()
        tasks = set(self._connections)
        if tasks:
            _, tasks = await asyncio.wait(tasks, timeout=grace_s)
        for task in tasks:
            task.cancel()
        if tasks:
            _LOGGER.warning("%d requests were cut off at the end of the grace period", len(tasks))
            await asyncio.wait(tasks)
        await self._http.cleanup()
        self._http_connections.close()
        self._refused.close()

    def accept(self, transport: asyncio.Transport) -> bool:
        """Return whether a new connection is accepted."""
        peer = transport.get_extra_info("peername")
        if not is_allowed(peer, self._allowed_clients):
            _LOGGER.warning("refused %s: not in ALLOWED_CLIENTS", _name(peer))
            return False
        self._awaiting_first_byte.add(transport)
        return True

    def hand_over(self, transport: asyncio.Transport, data: bytes) -> None:
        """Take a connection's first bytes and decide which protocol serves it."""
        self._awaiting_first_byte.remove(transport)
        if b"A" <= data[:1] <= b"Z":
            self._serve_http(transport, data)
        else:
            self._serve_wyoming(transport, data)

    def forget(self, transport: asyncio.Transport) -> None:
        """Forget a connection that ended before its first byte."""
        self._awaiting_first_byte.remove(transport)

    def _serve_http(self, transport: asyncio.Transport, data: bytes) -> None:
        server = self._http.server
        if server is None:
            transport.abort()
            return
        self._http_connections.add(transport)
        protocol = server()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        protocol.data_received(data)

    def _serve_wyoming(self, transport: asyncio.Transport, data: bytes) -> None:
        name = _name(transport.get_extra_info("peername"))
        if len(self._connections) >= self._max_connections:
            self._refuse(transport, name)
            return
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        connection = Connection(
            reader,
            asyncio.StreamWriter(transport, protocol, reader, loop),
            front_end=self._front_end,
            limits=self._limits,
            metrics=self._metrics,
            name=name,
        )
        protocol.data_received(data)
        task = loop.create_task(connection.run(), name=f"connection-{name}")
        self._connections[task] = connection
        task.add_done_callback(self._ended)

    def _refuse(self, transport: asyncio.Transport, name: str) -> None:
        busy = Busy(
            f"{self._max_connections} connections are already open; try again in a moment,"
            " or raise MAX_CONNECTIONS."
        )
        _LOGGER.warning("[%s] refused: %s", name, busy)
        self._metrics.errors.labels(busy.code).inc()
        transport.write(encode(Error(text=str(busy), code=busy.code).event()))
        # Closing at once would reset a client that is still sending, before it has read the error.
        transport.write_eof()
        self._refused.add(transport)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._connections.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOGGER.error("a connection ended with an unexpected error", exc_info=error)


def is_allowed(peer: Sequence[Any] | None, allowed: Sequence[Network]) -> bool:
    """Return whether a peer, as a socket names it, may connect; empty `allowed` stands for all."""
    if not allowed:
        return True
    if not peer:
        return False
    address = ip_address(_host(peer))
    # Health checks of the machine itself come over loopback.
    return address.is_loopback or any(address in network for network in allowed)


class _FirstByte(asyncio.Protocol):
    """Waits for the first bytes of a connection and hands its transport over."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport) and self._listener.accept(transport):
            self._transport = transport
            _set_socket_options(transport)
        else:
            transport.close()

    def data_received(self, data: bytes) -> None:
        transport, self._transport = self._transport, None
        # A refused client may still send; that is ignored.
        if transport is not None:
            self._listener.hand_over(transport, data)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._transport is not None:
            self._listener.forget(self._transport)


def _any_address_socket(port: int) -> socket.socket:
    if socket.has_dualstack_ipv6():
        # A host may support IPv6 and have no IPv6 address.
        with suppress(OSError):
            return socket.create_server(
                ("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=BACKLOG
            )
    return socket.create_server(("0.0.0.0", port), backlog=BACKLOG)


def _set_socket_options(transport: asyncio.Transport) -> None:
    sock = transport.get_extra_info("socket")
    # asyncio does this only for sockets that were created with the protocol's number. Without it, an
    # event waits until the one before is acknowledged, which takes the receiver up to 40 ms.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # A satellite that loses power does not close its connection; the system's probes notice it.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, seconds in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)


def _host(peer: Sequence[Any]) -> str:
    return str(peer[0]).removeprefix("::ffff:").partition("%")[0]


def _name(peer: Sequence[Any] | None) -> str:
    return f"{_host(peer)}:{peer[1]}" if peer else "unknown"


def _is_about_the_address(error: OSError) -> bool:
    # asyncio gives no number if it has tried all addresses of a name.
    return isinstance(error, socket.gaierror) or error.errno in {errno.EADDRNOTAVAIL, None}
