"""A real listener with a session that echoes, and a client that can say anything."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from wyoming.event import Event
from wyoming.info import Info

from tests.support.fakes import WAIT_SECONDS
from wyoming_voice_stack.engine.status import ServiceStatus
from wyoming_voice_stack.http.application import RequestPlaces, make_runner
from wyoming_voice_stack.http.deadlines import Deadlines
from wyoming_voice_stack.http.health import HasStatus
from wyoming_voice_stack.http.late_routes import BuildRoutes
from wyoming_voice_stack.http.pacing import Pace
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.protocol.connection.server_context import ConnectionLimits
from wyoming_voice_stack.protocol.framing import EventParser, FrameLimits, encode
from wyoming_voice_stack.protocol.session import FrontEnd
from wyoming_voice_stack.server.http_connections import HttpConnections
from wyoming_voice_stack.server.listener import Listener


class EchoSession:
    """Repeats every event, and does more on request; shows what was cancelled."""

    def __init__(self) -> None:
        self.busy = False
        self.closed = False
        self.cancelled = asyncio.Event()
        self.entered = asyncio.Event()
        self.go_on = asyncio.Event()
        """Ends the work of `wait`."""

    async def handle(self, event: Event) -> AsyncGenerator[Event, None]:
        if event.type == "raise":
            raise RuntimeError("this is a bug")
        if event.type == "open":
            self.busy = True
        elif event.type == "close":
            self.busy = False
        elif event.type == "wait":
            self.entered.set()
            try:
                await self.go_on.wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        elif event.type == "flood":
            while True:
                yield Event("flood", payload=b"\0" * 65536)
        yield Event("echo", {"type": event.type, **event.data}, event.payload)

    def closing_events(self) -> Sequence[Event]:
        return (Event("closing"),)

    def close(self) -> None:
        self.closed = True


class EchoService:
    """A service of echo sessions."""

    programs = ("echo",)

    def __init__(self) -> None:
        self.sessions: list[EchoSession] = []
        self.state: str = "ready"

    def info(self) -> Event:
        return Info().event()

    def status(self) -> ServiceStatus:
        return ServiceStatus("asr", "fake", "cpu", self.state, "")  # type: ignore[arg-type]

    def open_session(self, connection_name: str) -> EchoSession:
        self.sessions.append(EchoSession())
        return self.sessions[-1]


class Peer:
    """A client that can say anything."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._parser = EventParser(FrameLimits(payload_bytes=1 << 30))

    async def send(self, *events: Event) -> None:
        self.writer.write(b"".join(encode(event) for event in events))
        await self.writer.drain()

    async def send_raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def next(self) -> Event | None:
        """The next event; None when the server has closed."""
        async with asyncio.timeout(WAIT_SECONDS):
            while (event := self._parser.next_event()) is None:
                data = await self.reader.read(65536)
                if not data:
                    return None
                self._parser.feed(data)
            return event

    async def rest(self) -> list[Event]:
        """Everything until the server closes."""
        events = []
        while (event := await self.next()) is not None:
            events.append(event)
        return events

    async def until(self, event_type: str) -> list[Event]:
        """Everything up to and with the first event of a type."""
        events: list[Event] = []
        while (event := await self.next()) is not None:
            events.append(event)
            if event.type == event_type:
                break
        return events

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            return


def half_close(writer: asyncio.StreamWriter) -> None:
    """End the client's side.

    Raises:
        ConnectionError: the server has closed or reset the connection.
    """
    try:
        writer.write_eof()
    except OSError as error:
        # asyncio passes it on as it comes, and Python has no class of ConnectionError for it.
        if error.errno != errno.ENOTCONN:
            raise
        raise ConnectionResetError(*error.args) from error


@asynccontextmanager
async def peer(port: int) -> AsyncIterator[Peer]:
    client = Peer(*await asyncio.open_connection("127.0.0.1", port))
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def listening(
    front_end: FrontEnd,
    *,
    limits: ConnectionLimits | None = None,
    max_connections: int = 8,
    host: str | None = "127.0.0.1",
    metrics: Metrics | None = None,
    service: HasStatus | None = None,
    max_api_requests: int = 8,
    allowed_origins: Sequence[str] = (),
    allowed_hosts: Sequence[str] = (),
    new_pace: Callable[[], Pace] | None = None,
    deadlines: Deadlines | None = None,
    late_routes: Callable[[RequestPlaces], Mapping[str, BuildRoutes]] = lambda _: {},
    **more: object,
) -> AsyncIterator[Listener]:
    metrics = metrics or Metrics()
    status = service or (front_end if isinstance(front_end, EchoService) else EchoService())
    connections = HttpConnections(max_api_requests)
    listener = Listener(
        front_end=front_end,
        http=make_runner(
            status,
            metrics,
            allowed_origins=allowed_origins,
            allowed_hosts=allowed_hosts,
            new_pace=new_pace,
            deadlines=deadlines,
            handling=connections.handling,
            late_routes=late_routes(connections),
        ),
        http_connections=connections,
        metrics=metrics,
        limits=limits or ConnectionLimits(),
        max_connections=max_connections,
        **more,  # type: ignore[arg-type]
    )
    await listener.start(host, 0)
    try:
        yield listener
    finally:
        await listener.drain(0.0)
