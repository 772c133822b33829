"""Three real servers on their own addresses, behind HAProxy with the shipped configuration."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import cast

import pytest

from tests.support.integration.servers import (
    EMBEDDED_WHISPER,
    POLL_SECONDS,
    Server,
    free_port,
    running,
)

CONFIGURATION = Path(__file__).parents[3] / "deploy" / "haproxy" / "haproxy.cfg"
ADDRESSES = ("127.0.0.21", "127.0.0.22", "127.0.0.23")
UP_SECONDS = 60.0
_ANSWER, _NO_SUCH_NAME = 0x8400, 0x8403
_TYPE_A, _CLASS_INTERNET = 1, 1
_LIFE_SECONDS = 1


@dataclass
class Front:
    """HAProxy and its replicas."""

    port: int
    stats_port: int
    replicas: list[Server]

    def states(self) -> dict[str, str]:
        """HAProxy's state of each replica with an address: UP, DOWN and so on."""
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.stats_port}/stats;csv", timeout=10
        ) as answer:
            heads, *rows = answer.read().decode().splitlines()
        names = heads.removeprefix("# ").split(",")
        servers = [dict(zip(names, row.split(","), strict=True)) for row in rows if row]
        return {
            server["addr"].rpartition(":")[0]: server["status"]
            for server in servers
            if server["pxname"] == "asr" and server["addr"]
        }

    def up(self) -> set[str]:
        return {address for address, state in self.states().items() if state == "UP"}


class _NameServer(asyncio.DatagramProtocol):
    """A DNS server like Docker's: the service's name has one address for each replica."""

    def __init__(self, name: str, addresses: Sequence[str]) -> None:
        self._question = (
            b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
        )
        self._addresses = addresses
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None
        end = data.index(b"\0", 12) + 1
        kind, _ = struct.unpack_from("!HH", data, end)
        known = data[12:end].lower() == self._question
        records = [
            struct.pack("!HHHIH", 0xC00C, _TYPE_A, _CLASS_INTERNET, _LIFE_SECONDS, 4)
            + socket.inet_aton(address)
            for address in self._addresses
            if known and kind == _TYPE_A
        ]
        head = data[:2] + struct.pack(
            "!HHHHH", _ANSWER if known else _NO_SUCH_NAME, 1, len(records), 0, 0
        )
        self._transport.sendto(head + data[12 : end + 4] + b"".join(records), addr)


@asynccontextmanager
async def three_replicas(folder: Path) -> AsyncIterator[Front]:
    """Start everything, and wait until HAProxy reports all three as ready."""
    async with AsyncExitStack() as stack:
        port = free_port()
        replicas = [
            stack.enter_context(
                running(
                    *("asr", folder),
                    wait_for=None,
                    host=address,
                    port=port,
                    ASR_MODEL=EMBEDDED_WHISPER,
                    SHUTDOWN_GRACE_SECONDS="300",
                )
            )
            for address in ADDRESSES
        ]
        for replica in replicas:
            await asyncio.to_thread(replica.wait_until, "/ready")
        resolver = await stack.enter_async_context(_name_server("asr", ADDRESSES))
        front = await stack.enter_async_context(_haproxy(folder, resolver, replicas))
        yield front


@asynccontextmanager
async def _name_server(name: str, addresses: Sequence[str]) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _NameServer(name, addresses), local_addr=("127.0.0.1", 0)
    )
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


@asynccontextmanager
async def _haproxy(folder: Path, resolver: int, replicas: list[Server]) -> AsyncIterator[Front]:
    front = Front(free_port(), free_port(), replicas)
    with (folder / "haproxy.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(haproxy(), "-f", str(CONFIGURATION)),
            env={
                "BIND_ADDRESS": "127.0.0.1",
                "ASR_PORT": str(front.port),
                "TTS_PORT": str(free_port()),
                "STATS_PORT": str(front.stats_port),
                "RESOLVER": f"127.0.0.1:{resolver}",
                "REPLICA_ASR_PORT": str(replicas[0].port),
            },
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        await _until_up(front, process)
        yield front
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _until_up(front: Front, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(UP_SECONDS):
        while True:
            assert process.returncode is None, "HAProxy ended; see haproxy.log in the test's folder"
            # At first it has not opened the port yet.
            with suppress(OSError):
                if await asyncio.to_thread(front.up) == set(ADDRESSES):
                    return
            await asyncio.sleep(POLL_SECONDS)


def haproxy() -> str:
    """Path of the program; CI must have it."""
    # Debian installs it in a folder that is on root's PATH only.
    program = which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        message = "HAProxy is not installed; run scripts/install_system_deps.sh --with-tests"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return program
