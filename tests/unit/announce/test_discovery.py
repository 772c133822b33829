"""Discovery on a network where other machines send what they like."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterator

import pytest

from tests.support.fake_servers.network import LOOPBACK, unique_name
from wyoming_voice_stack.announce.discovery import MAX_FOUND, SERVICE_TYPE, discover

TYPE = b"".join(bytes([len(part)]) + part for part in (b"_wyoming", b"_tcp", b"local")) + b"\0"
HOST = b"\x01h\x05local\0"
PTR, A, TXT, SRV = 12, 1, 16, 33
GROUP = ("224.0.0.251", 5353)
MAX_PACKET_BYTES = 9000
SEARCH_SECONDS = (0.5, 3.0, 20.0)
"""Searches until a server is found: the first one suffices unless the machine is busy."""


def record(name: bytes, kind: int, data: bytes) -> bytes:
    return name + struct.pack("!HHIH", kind, 1, 120, len(data)) + data


def announcement(instance: bytes, text: bytes = b"\0") -> bytes:
    """An answer that announces one server."""
    full = bytes([len(instance)]) + instance + TYPE
    records = (
        record(TYPE, PTR, full),
        record(full, SRV, struct.pack("!HHH", 0, 0, 10300) + HOST),
        record(full, TXT, text),
        record(HOST, A, bytes([192, 168, 7, 9])),
    )
    return struct.pack("!6H", 0, 0x8400, 0, len(records), 0, 0) + b"".join(records)


def is_response(packet: bytes) -> bool:
    """Whether a packet is a response and no query."""
    return len(packet) < 3 or bool(packet[2] & 0x80)


@pytest.fixture
def network() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        interface = socket.inet_aton(LOOPBACK[0])
        sending.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface)
        sending.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sending.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        membership = socket.inet_aton(GROUP[0]) + interface
        sending.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        sending.bind(GROUP)
        sending.setblocking(False)
        yield sending


async def found(network: socket.socket, seconds: float, *packets: bytes) -> list[str]:
    """Names that are found while these packets answer every query."""
    problems: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: problems.append(context))

    async def send() -> None:
        while True:
            if is_response(await loop.sock_recv(network, MAX_PACKET_BYTES)):
                continue
            for packet in packets:
                await loop.sock_sendto(network, packet, GROUP)
                await asyncio.sleep(0)

    sending = asyncio.create_task(send())
    try:
        servers = await discover(seconds, interfaces=LOOPBACK)
    finally:
        sending.cancel()
    assert not problems
    return [server.name for server in servers]


async def is_found(network: socket.socket, name: str, *packets: bytes) -> bool:
    """Whether a name is found while these packets answer every query."""
    for seconds in SEARCH_SECONDS:
        if name in await found(network, seconds, *packets):
            return True
    return False


@pytest.mark.parametrize(
    "instance",
    [b"a\n\x1b[31m", b"\xff\xfe" * 31, b"x" * 63, b"a.b", b"[/red]", b"\xe2\x80\xaeb", b"\0"],
)
async def test_any_name(network: socket.socket, instance: bytes) -> None:
    name = unique_name()
    packets = (announcement(instance), announcement(name.encode()))
    assert await is_found(network, name, *packets)


@pytest.mark.parametrize("text", [b"", b"\xff\xff", b"\x05ab", b"\x03a=b\x00", b"\x01=" * 100])
async def test_any_text_record(network: socket.socket, text: bytes) -> None:
    name = unique_name()
    assert await is_found(network, name, announcement(name.encode(), text))


async def test_no_packet_ends_it(network: socket.socket) -> None:
    name = unique_name()
    whole = announcement(name.encode())
    cut = [whole[:end] for end in range(1, len(whole), 7)]
    assert await is_found(network, name, *cut, b"\xff" * 1400, whole)


async def test_a_flood_is_bounded(network: socket.socket) -> None:
    packets = [announcement(b"flood %d" % number) for number in range(2 * MAX_FOUND)]
    names = await found(network, 3.0, *packets)
    assert 0 < len(names) <= MAX_FOUND


def test_the_type() -> None:
    assert SERVICE_TYPE == "_wyoming._tcp.local."
