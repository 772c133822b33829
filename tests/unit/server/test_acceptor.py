"""Connections between the system and their first turn."""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import cast

import pytest

from tests.support.fakes import eventually
from wyoming_voice_stack.errors import Busy, ShuttingDown
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.server import acceptor as acceptor_module
from wyoming_voice_stack.server.acceptor import BEGUN_PER_TURN, WAITING_CONNECTIONS, Acceptor
from wyoming_voice_stack.server.refusals import error_event

CROWD = 40
BUSY = Busy("Too many connections wait for the server; try again in a moment.")
RESET = struct.pack("ii", 1, 0)


class Begun(asyncio.Protocol):
    """Notes the ports of the clients whose connections begin."""

    def __init__(self, ports: list[int], first: bytes) -> None:
        self._ports = ports
        self._first = first

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._ports.append(transport.get_extra_info("peername")[1])
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"begun" + self._first)
        transport.close()


class Full:
    """A listening socket of a system without free descriptors."""

    def accept(self) -> tuple[socket.socket, object]:
        raise OSError(errno.EMFILE, "Too many open files")


class House:
    """An acceptor, and clients of it."""

    def __init__(self, clients: ExitStack) -> None:
        self.ports: list[int] = []
        self.metrics = Metrics()
        self.unused = 0
        """Connections that can be ended for others."""
        self.acceptor = Acceptor(
            lambda first: Begun(self.ports, first), self.metrics, self._end_one_unused
        )
        self._clients = clients
        self._bound = clients.enter_context(socket.socket())
        self._bound.bind(("0.0.0.0", 0))

    def _end_one_unused(self) -> bool:
        self.unused -= 1
        return self.unused >= 0

    def start(self) -> None:
        self.acceptor.start([self._bound])

    def connect(self, address: str = "127.0.0.1") -> socket.socket:
        client = self._clients.enter_context(socket.socket())
        client.settimeout(5)
        client.bind((address, 0))
        client.connect(("127.0.0.1", self._bound.getsockname()[1]))
        return client

    @property
    def refused(self) -> float:
        [family] = self.metrics.refused_connections.collect()
        return sum(one.value for one in family.samples if one.name.endswith("_total"))


async def received(client: socket.socket) -> bytes:
    """Read until the server has closed its side."""
    loop = asyncio.get_running_loop()
    client.setblocking(False)
    received = b""
    while data := await loop.sock_recv(client, 4096):
        received += data
    return received


@pytest.fixture
def clients() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
async def house(clients: ExitStack) -> AsyncIterator[House]:
    house = House(clients)
    house.start()
    yield house
    house.acceptor.close()


def port_of(client: socket.socket) -> int:
    port: int = client.getsockname()[1]
    return port


async def test_an_address_does_not_wait_behind_the_crowd_of_another(house: House) -> None:
    for _ in range(CROWD):
        house.connect("127.0.0.2")
    alone = house.connect()
    await eventually(lambda: len(house.ports) == CROWD + 1)
    assert house.ports.index(port_of(alone)) < BEGUN_PER_TURN


async def test_of_one_address_the_first_begins_first(house: House) -> None:
    ports = [port_of(house.connect()) for _ in range(CROWD)]
    await eventually(lambda: len(house.ports) == CROWD)
    assert house.ports == ports


async def test_what_is_over_does_not_begin(house: House) -> None:
    for data in (b"", b"{}"):
        reset = house.connect()
        reset.send(data)
        reset.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        reset.close()
    house.connect().close()
    # Whoever has sent something may still wait for the answer.
    asked = house.connect()
    asked.send(b"{}")
    asked.shutdown(socket.SHUT_WR)
    last = house.connect()
    await eventually(lambda: len(house.ports) == 2)
    assert house.ports == [port_of(asked), port_of(last)]
    assert not len(house.acceptor)


async def test_what_is_over_takes_no_room(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptor_module, "WAITING_CONNECTIONS", 10)
    first = [house.connect() for _ in range(10)]
    for _ in range(CROWD):
        house.connect().close()
    await eventually(lambda: len(house.ports) == len(first))
    assert house.refused == 0


async def test_few_begin_in_a_turn_though_more_arrive(house: House) -> None:
    together = 0
    for _ in range(10):
        for _ in range(2 * BEGUN_PER_TURN):
            house.connect()
        before = len(house.ports)
        await asyncio.sleep(0)
        together = max(together, len(house.ports) - before)
    assert 0 < together <= BEGUN_PER_TURN


async def test_little_is_taken_from_the_system_in_a_turn(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acceptor_module, "TAKEN_PER_TURN", 8)
    for _ in range(CROWD):
        house.connect()
    house.acceptor._take(house.acceptor._listening[0])
    assert len(house.acceptor) + len(house.acceptor._beginning) == 8
    await eventually(lambda: len(house.ports) == CROWD)


async def test_reset_while_it_waits(house: House) -> None:
    crowd = [house.connect() for _ in range(CROWD)]
    await eventually(lambda: len(house.ports) > 0)
    crowd[-1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    gone = port_of(crowd[-1])
    crowd[-1].close()
    await eventually(lambda: len(house.ports) == CROWD - 1 and not len(house.acceptor))
    assert gone not in house.ports


async def test_too_many_wait(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(acceptor_module, "WAITING_CONNECTIONS", 10)
    alone = house.connect()
    crowd = [house.connect("127.0.0.2") for _ in range(12)]
    late = house.connect()
    await eventually(lambda: len(house.ports) == 10)
    assert port_of(alone) in house.ports
    assert port_of(late) in house.ports
    assert port_of(crowd[-1]) in house.ports
    for client in crowd[:4]:
        assert await received(client) == error_event(BUSY)
    assert house.refused == 4
    assert "[127.0.0.2] refused a connection" in caplog.text


async def test_whoever_gives_way_learns_it_in_its_protocol(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acceptor_module, "WAITING_CONNECTIONS", 4)
    crowd = [house.connect() for _ in range(8)]
    crowd[0].send(b"GET /health HTTP/1.1\r\n\r\n")
    crowd[1].send(b'{"type": "describe"}\n')
    crowd[2].shutdown(socket.SHUT_WR)
    await eventually(lambda: len(house.ports) == 4)
    assert (await received(crowd[0])).startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert await received(crowd[1]) == error_event(BUSY)


async def test_what_has_arrived_comes_with_the_connection(house: House) -> None:
    early = house.connect()
    early.send(b"describe")
    late = house.connect()
    await eventually(lambda: len(house.ports) == 2)
    assert await received(early) == b"begundescribe"
    assert await received(late) == b"begun"


async def test_no_descriptor_is_left(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(acceptor_module, "RETRY_SECONDS", 0.0)
    house.acceptor._take(cast("socket.socket", Full()))
    house.connect()
    await eventually(lambda: len(house.ports) == 1)
    assert "no more connections can be accepted (Too many open files)" in caplog.text


async def test_another_error_of_the_system_is_not_hidden(house: House) -> None:
    class Broken:
        def accept(self) -> tuple[socket.socket, object]:
            raise OSError(errno.EINVAL, "Invalid argument")

    with pytest.raises(OSError, match="Invalid argument"):
        house.acceptor._take(cast("socket.socket", Broken()))


async def test_closing_ends_those_that_wait(house: House) -> None:
    crowd = [house.connect() for _ in range(CROWD)]
    await eventually(lambda: len(house.ports) > 0)
    house.acceptor.close()
    begun = len(house.ports)
    assert begun < CROWD
    loop = asyncio.get_running_loop()
    crowd[-1].setblocking(False)
    stopped = error_event(ShuttingDown())
    assert await loop.sock_recv(crowd[-1], 1000) == stopped
    for client in crowd[:-1]:
        client.setblocking(False)
        assert await loop.sock_recv(client, 1000) in {stopped, b"", b"begun"}
    assert len(house.ports) <= begun + BEGUN_PER_TURN
    assert not len(house.acceptor)


def test_the_bound_is_below_the_usual_number_of_descriptors() -> None:
    assert WAITING_CONNECTIONS < 1024


async def test_what_is_reset_as_it_begins_leaves_no_socket(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: object) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(asyncio.get_running_loop(), "connect_accepted_socket", lost)
    assert await received(house.connect()) == b""


class TestLastDescriptors:
    """The process has only descriptors left that it needs for its files."""

    @pytest.fixture(autouse=True)
    def few(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(acceptor_module, "takes_reserved_descriptor", lambda _: True)

    async def test_another_connection_ends(self, house: House) -> None:
        house.unused = 1
        assert await received(house.connect()) == b"begun"
        assert not house.refused

    async def test_all_are_in_use(self, house: House, caplog: pytest.LogCaptureFixture) -> None:
        for _ in range(3):
            assert b"as many connections as it can open" in await received(house.connect())
        assert house.refused == 3
        assert "[127.0.0.1] refused a connection: the system allows" in caplog.text


async def test_another_connection_ends_where_no_descriptor_is_left(house: House) -> None:
    house.unused = 1
    house.acceptor._take(cast("socket.socket", Full()))
    assert house.unused == 0
