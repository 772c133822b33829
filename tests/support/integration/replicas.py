"""Three real servers on their own addresses, behind HAProxy with the shipped configuration."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from shutil import which
from typing import cast

import pytest

from tests.support.integration.servers import (
    EMBEDDED_PIPER,
    EMBEDDED_WHISPER,
    POLL_SECONDS,
    Server,
    free_port,
    running,
)

CONFIGURATION = Path(__file__).parents[3] / "deploy" / "haproxy" / "haproxy.cfg"
ADDRESSES = ("127.0.0.21", "127.0.0.22", "127.0.0.23")
UP_SECONDS = 300.0
_ANSWER, _NO_SUCH_NAME = 0x8400, 0x8403
_TYPE_A, _CLASS_INTERNET = 1, 1
_LIFE_SECONDS = 1


@dataclass
class OneUrl:
    """HAProxy in front of one server of each kind, with one port for the API of both."""

    base_url: str
    asr: Server
    tts: Server


@dataclass
class Front:
    """HAProxy and its replicas."""

    port: int
    stats_port: int
    replicas: list[Server]
    api_port: int = 0

    def states(self) -> dict[str, str]:
        """HAProxy's state of each replica with an address: UP, DOWN and so on."""
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.stats_port}/stats;csv", timeout=300
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
    """A DNS server like Docker's: a service's name has one address for each replica."""

    def __init__(self, addresses: Mapping[str, Sequence[str]]) -> None:
        self._addresses = {
            bytes([len(name)]) + name.encode() + b"\0": each for name, each in addresses.items()
        }
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None
        end = data.index(b"\0", 12) + 1
        kind, _ = struct.unpack_from("!HH", data, end)
        addresses = self._addresses.get(data[12:end].lower())
        records = [
            struct.pack("!HHHIH", 0xC00C, _TYPE_A, _CLASS_INTERNET, _LIFE_SECONDS, 4)
            + socket.inet_aton(address)
            for address in addresses or ()
            if kind == _TYPE_A
        ]
        head = data[:2] + struct.pack(
            "!HHHHH", _NO_SUCH_NAME if addresses is None else _ANSWER, 1, len(records), 0, 0
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
        resolver = await stack.enter_async_context(_name_server({"asr": ADDRESSES}))
        front = await stack.enter_async_context(_haproxy(folder, resolver, replicas))
        yield front


@asynccontextmanager
async def one_url(folder: Path) -> AsyncIterator[OneUrl]:
    """Start one server of each kind behind one port, and wait until HAProxy reports both as ready."""
    async with AsyncExitStack() as stack:
        models = {"asr": {"ASR_MODEL": EMBEDDED_WHISPER}, "tts": {"TTS_MODEL": EMBEDDED_PIPER}}
        asr, tts = (
            stack.enter_context(running(mode, folder, models[mode], wait_for=None, host=host))
            for mode, host in zip(models, ADDRESSES[:2], strict=True)
        )
        for server in (asr, tts):
            await asyncio.to_thread(server.wait_until, "/ready")
        names = {"asr": (asr.host,), "tts": (tts.host,)}
        resolver = await stack.enter_async_context(_name_server(names))
        front = await stack.enter_async_context(_haproxy(folder, resolver, [asr], tts.port))
        url = f"http://127.0.0.1:{front.api_port}"
        async with asyncio.timeout(UP_SECONDS):
            # HAProxy sets no event.
            ready = False
            while not ready:
                ready = await asyncio.to_thread(_status, f"{url}/health") == HTTPStatus.OK
        yield OneUrl(f"{url}/v1", asr, tts)


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=300) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@asynccontextmanager
async def _name_server(addresses: Mapping[str, Sequence[str]]) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _NameServer(addresses), local_addr=("127.0.0.1", 0)
    )
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


@asynccontextmanager
async def _haproxy(
    folder: Path, resolver: int, replicas: list[Server], tts_port: int = 0
) -> AsyncIterator[Front]:
    front = Front(free_port(), free_port(), replicas, free_port())
    with (folder / "haproxy.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(haproxy(), "-f", str(CONFIGURATION)),
            env={
                "BIND_ADDRESS": "127.0.0.1",
                "ASR_PORT": str(front.port),
                "TTS_PORT": str(free_port()),
                "API_PORT": str(front.api_port),
                "STATS_PORT": str(front.stats_port),
                "RESOLVER": f"127.0.0.1:{resolver}",
                "REPLICA_ASR_PORT": str(replicas[0].port),
                "REPLICA_TTS_PORT": str(tts_port or free_port()),
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
                if await asyncio.to_thread(front.up) == {each.host for each in front.replicas}:
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
