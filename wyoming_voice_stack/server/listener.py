"""One port for two protocols; a connection's first byte decides which of them it speaks.

A Wyoming header begins with `{`, an HTTP request with an upper-case letter. Anything else goes to
the Wyoming side, which answers with an error event.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from aiohttp import web

from wyoming_voice_stack.background import OverloadTurns
from wyoming_voice_stack.errors import Busy, NotAllowed, VoiceStackError
from wyoming_voice_stack.logs import REPEATS, Repeats
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.protocol.connection.closing import CLOSING_SECONDS
from wyoming_voice_stack.protocol.connection.connection import Connection
from wyoming_voice_stack.protocol.connection.server_context import ConnectionLimits, ServerContext
from wyoming_voice_stack.protocol.session import FrontEnd
from wyoming_voice_stack.server.acceptor import Acceptor
from wyoming_voice_stack.server.admission import Admission, client_name, host_of, source_of
from wyoming_voice_stack.server.allowed_clients import Network, is_allowed
from wyoming_voice_stack.server.bounded_connections import BoundedConnections
from wyoming_voice_stack.server.departures import DepartureWatch
from wyoming_voice_stack.server.http_connections import HttpConnections
from wyoming_voice_stack.server.memory_return import MemoryReturn
from wyoming_voice_stack.server.refusals import error_event, forbidden, is_http
from wyoming_voice_stack.server.sockets import (
    READ_BYTES,
    bind_server,
    cannot_listen,
    read_in_steps,
)

_LOGGER = logging.getLogger(__name__)

FIRST_BYTE_CONNECTIONS = 256
"""Connections that have not sent their first byte yet."""
STRANGERS = 16
"""Connections of clients that are not allowed, which have not sent their first byte yet."""
STRANGER_SECONDS = 5.0
"""How long such a client may take to send something, and so to learn why it is refused."""
EVICTED_CONNECTIONS = 64
"""Connections that gave way to others and may not have read the error yet."""
REFUSED_CONNECTIONS = 64
"""Connections that were answered an error and may not have read it yet."""
DISCARD_SECONDS = 0.05
"""Pause after each piece (`READ_BYTES`) that such a client still sends."""


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
        http_connections: HttpConnections,
        overload_turns: OverloadTurns | None = None,
    ) -> None:
        """`http_connections` and `overload_turns` are shared with the HTTP application."""
        turns = overload_turns or OverloadTurns()
        self._context = ServerContext(front_end, limits, metrics, turns)
        self._http = http
        self._metrics = metrics
        self._admission = Admission(max_connections)
        self._memory_return = MemoryReturn()
        self._departures = DepartureWatch()
        self._allowed_clients = tuple(allowed_clients)
        self._connections: dict[asyncio.Task[None], Connection] = {}
        self._awaiting_first_byte = BoundedConnections(FIRST_BYTE_CONNECTIONS, limits.idle_s)
        self._strangers = BoundedConnections(STRANGERS, STRANGER_SECONDS)
        self._refused = BoundedConnections(REFUSED_CONNECTIONS, CLOSING_SECONDS)
        self._bounded = (self._awaiting_first_byte, self._strangers, self._refused)
        self._http_connections = http_connections
        begin = partial(_FirstByte, self)
        self._acceptor = Acceptor(begin, metrics, self._make_room)
        self._server: asyncio.Server | None = None
        self._stopped = False
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
        self._metrics.tasks.set_function(lambda: len(asyncio.all_tasks(loop)))
        try:
            self._server = await bind_server(host, port)
            self._acceptor.start(self._server.sockets)
        except OSError as error:
            raise cannot_listen(host, port, error) from error

    def stop_accepting(self) -> None:
        """Close the port; existing connections continue."""
        self._stopped = True
        if self._server is not None:
            self._acceptor.close()
            self._server.close()
        self._awaiting_first_byte.close()
        self._strangers.close()

    async def drain(self, grace_s: float) -> None:
        """Let running requests finish within `grace_s` seconds, then end the remaining connections."""
        self.stop_accepting()
        self._http_connections.drain()
        for connection in self._connections.values():
            connection.drain()
        http = asyncio.create_task(self._http_connections.finished(), name="HTTP requests")
        tasks = {http, *self._connections}
        try:
            _, tasks = await asyncio.wait(tasks, timeout=grace_s)
        finally:
            http.cancel()
        cut_off = len(tasks - {http}) + self._http_connections.requests
        self._http_connections.cut_off()
        for task in tasks:
            task.cancel()
        if cut_off:
            _LOGGER.warning("%d requests were cut off at the end of the grace period", cut_off)
        if tasks:
            await asyncio.wait(tasks)
        await self._http.cleanup()
        await self._http_connections.close()
        await self._memory_return.close()
        self._departures.close()
        self._refused.close()

    def accept(self, transport: asyncio.Transport) -> None:
        """Take in a new connection, which has not sent anything yet."""
        if self._stopped:
            # It was accepted just before.
            transport.abort()
            return
        peer = transport.get_extra_info("peername")
        if is_allowed(peer, self._allowed_clients):
            self._awaiting_first_byte.add(transport)
        else:
            self._strangers.add(transport)

    def hand_over(self, transport: asyncio.Transport, data: bytes) -> None:
        """Take a connection's first bytes and decide which protocol serves it."""
        if self._stopped:
            transport.abort()
        elif transport in self._strangers:
            self._strangers.remove(transport)
            self._refuse_stranger(transport, http=is_http(data))
        else:
            self._awaiting_first_byte.remove(transport)
            serve = self._serve_http if is_http(data) else self._serve_wyoming
            serve(transport, data)

    def forget(self, transport: asyncio.Transport) -> None:
        """Forget a connection that ended before its first byte."""
        self._awaiting_first_byte.remove(transport)
        self._strangers.remove(transport)

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
        peer = transport.get_extra_info("peername")
        source = source_of(peer)
        if not self._admission.has_room(source):
            self._refuse(transport, Busy("Too many connections are open; try again in a moment."))
            return
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(READ_BYTES // 2, loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        connection = Connection(
            reader,
            asyncio.StreamWriter(transport, protocol, reader, loop),
            context=self._context,
            name=client_name(peer),
            admit=lambda: self._admission.claim(connection, source),
        )
        self._admission.enter(connection, source)
        self._abort_evicted(EVICTED_CONNECTIONS)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        protocol.data_received(data)
        task = connection.start()
        self._connections[task] = connection
        self._departures.add(connection, transport.get_extra_info("socket"))
        task.add_done_callback(self._ended)

    def _abort_evicted(self, keep: int) -> bool:
        # They take some seconds to end, so that their error event arrives.
        evicted = [one for one in self._connections.values() if one not in self._admission]
        for connection in evicted[: max(0, len(evicted) - keep)]:
            connection.abort()
        return len(evicted) > keep

    def _make_room(self) -> bool:
        """End a connection that is not in use, for its descriptor; False if all are in use."""
        ended = self._abort_evicted(0)
        bounded = any(map(BoundedConnections.shorten, self._bounded))
        return bounded or self._http_connections.make_room() or self._admission.make_room() or ended

    def _refuse_stranger(self, transport: asyncio.Transport, *, http: bool) -> None:
        address = host_of(transport.get_extra_info("peername") or ("unknown",))
        refusal = NotAllowed(f"{address} is not in ALLOWED_CLIENTS of this server.")
        self._refuse(transport, refusal, http=http)

    def _refuse(
        self, transport: asyncio.Transport, error: VoiceStackError, *, http: bool = False
    ) -> None:
        name = client_name(transport.get_extra_info("peername"))
        _LOGGER.warning(
            "[%s] refused: %s", name, error, extra={REPEATS: Repeats(f"refused: {error.code}")}
        )
        self._metrics.refused_connections.labels(error.code).inc()
        transport.write(forbidden(error) if http else error_event(error))
        # Closing at once would reset a client that is still sending, before it has read the error.
        # It may have been reset.
        with suppress(OSError):
            transport.write_eof()
        self._refused.add(transport)

    def _ended(self, task: asyncio.Task[None]) -> None:
        connection = self._connections.pop(task, None)
        if connection is not None:
            self._admission.leave(connection)
            self._departures.remove(connection)
            self._memory_return.connection_ended(connection.received_bytes)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOGGER.error("a connection ended with an unexpected error", exc_info=error)


class _FirstByte(asyncio.Protocol):
    """Waits for the first bytes of a connection and hands its transport over.

    Of a connection that is refused, it discards what the client still sends, at a bounded rate.
    """

    def __init__(self, listener: Listener, first: bytes) -> None:
        """`first` is what the client has sent already."""
        self._listener = listener
        self._first = first
        self._transport: asyncio.Transport | None = None
        self._handed_over = False
        self._pause: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            read_in_steps(transport)
            self._listener.accept(transport)
            if self._first:
                self.data_received(self._first)
        else:
            transport.close()

    def data_received(self, data: bytes) -> None:
        if self._transport is None:
            return
        if self._handed_over:
            self._transport.pause_reading()
            resume = self._transport.resume_reading
            self._pause = asyncio.get_running_loop().call_later(DISCARD_SECONDS, resume)
            return
        self._handed_over = True
        self._listener.hand_over(self._transport, data)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._pause is not None:
            self._pause.cancel()
        if self._transport is not None and not self._handed_over:
            self._listener.forget(self._transport)
        self._transport = None
