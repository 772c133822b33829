"""What attacks have in common: connections from a chosen address, a deadline, and counts of what happened."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from wyoming.event import Event

from wyoming_voice_stack.protocol.framing import encode

Service: TypeAlias = Literal["asr", "tts"]

CONNECT_S = 5.0
READ_BYTES = 64 * 1024
RECONNECT_S = 0.05
"""Pause of a client that lost its connection, so that it floods the server and not this machine."""
RESET = struct.pack("ii", 1, 0)


class Link:
    """One connection of an attacker. Errors of the connection are OSError."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        """Send, and wait while the server does not read."""
        self.writer.write(data)
        await self.writer.drain()

    async def send_events(self, *events: Event) -> None:
        """Send Wyoming events."""
        await self.send(b"".join(map(encode, events)))

    async def drain_replies(self) -> None:
        """Read and discard until the server closes the connection."""
        while await self.reader.read(READ_BYTES):
            pass

    def close(self, *, reset: bool = False) -> None:
        """End the connection at once."""
        if reset:
            plain = self.writer.get_extra_info("socket")
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.writer.transport.abort()


@dataclass
class AttackRun:
    """One attack in progress."""

    host: str
    port: int
    service: Service
    seconds: float
    source: str | None = None
    """Address that the connections come from."""
    counts: Counter[str] = field(default_factory=Counter)
    facts: list[str] = field(default_factory=list)
    """What was found beside the counts."""
    began_at: float = field(default_factory=time.monotonic)

    @property
    def seconds_left(self) -> float:
        """Seconds until the attack has to end; 0 after its end."""
        return max(0.0, self.began_at + self.seconds - time.monotonic())

    async def connect(self, *, receive_buffer: int | None = None) -> Link:
        """Open a connection; with a small receive buffer, what is not read stays at the server.

        Raises:
            OSError: it is refused, or takes longer than `CONNECT_S`.
        """
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        plain = socket.socket(family, socket.SOCK_STREAM)
        try:
            plain.setblocking(False)
            if receive_buffer is not None:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            if self.source is not None:
                plain.bind((self.source, 0))
            async with asyncio.timeout(CONNECT_S):
                await asyncio.get_running_loop().sock_connect(plain, (self.host, self.port))
            limit = receive_buffer or READ_BYTES
            reader, writer = await asyncio.open_connection(sock=plain, limit=limit)
        except BaseException:
            plain.close()
            raise
        self.counts["connections"] += 1
        return Link(reader, writer)

    async def until_the_end(
        self, work: Callable[[Link], Awaitable[None]], *, receive_buffer: int | None = None
    ) -> None:
        """Do `work` on one connection after the other until the attack has to end."""
        while self.seconds_left:
            await self.once(work, receive_buffer=receive_buffer)
            await asyncio.sleep(RECONNECT_S)

    async def once(
        self, work: Callable[[Link], Awaitable[None]], *, receive_buffer: int | None = None
    ) -> None:
        """Do `work` on a connection of its own; a lost connection is counted."""
        try:
            link = await self.connect(receive_buffer=receive_buffer)
        except OSError:
            self.counts["not connected"] += 1
            return
        try:
            await work(link)
        except OSError:
            self.counts["cut off"] += 1
        finally:
            link.close()

    async def on_connections(
        self,
        number: int,
        work: Callable[[Link], Awaitable[None]],
        *,
        receive_buffer: int | None = None,
    ) -> None:
        """Do `work` on this number of connections at a time, until the attack has to end."""
        async with asyncio.TaskGroup() as group:
            for _ in range(number):
                group.create_task(self.until_the_end(work, receive_buffer=receive_buffer))

    def summary(self) -> str:
        """What was counted and found, in one line."""
        counted = [f"{number} {name}" for name, number in self.counts.items()]
        return "; ".join([*self.facts, ", ".join(counted)] if counted else self.facts)


Work: TypeAlias = Callable[[AttackRun], Awaitable[None]]


@dataclass(frozen=True)
class Attack:
    """A row of the table."""

    name: str
    work: Work
    services: tuple[Service, ...] = ("asr", "tts")
    """The kinds of servers that it concerns."""
    over_http: bool = False
    """Whether it is HTTP, which the other programs do not speak."""
    outsiders: bool = False
    """Whether the server must not allow the addresses that the attack comes from."""


async def carry_out(attack: Attack, run: AttackRun) -> None:
    """Attack until the work is done or the time is up."""
    with suppress(TimeoutError):
        async with asyncio.timeout(run.seconds_left):
            await attack.work(run)
