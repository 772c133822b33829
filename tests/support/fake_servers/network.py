"""Announcers on the loopback interface, and what others see of them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from zeroconf import ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from wyoming_voice_stack.announce.discovery import SERVICE_TYPE, FoundServer, discover
from wyoming_voice_stack.announce.zeroconf import OWN_NAME_S, Announcer

LOOPBACK = ["127.0.0.1"]
PATIENCE_S = 120.0


def unique_name() -> str:
    return f"test-{uuid.uuid4().hex[:12]}"


def announcer(
    name: str,
    addresses: tuple[str, ...] = ("192.168.1.5",),
    read_addresses: Callable[[], tuple[str, ...]] | None = None,
    refresh_s: float = 3600.0,
    probe_s: float = 0.0,
    own_name_s: float = OWN_NAME_S,
) -> Announcer:
    return Announcer(
        instance_name=name,
        port=5001,
        bind_host=None,
        refresh_s=refresh_s,
        probe_s=probe_s,
        own_name_s=own_name_s,
        interfaces=LOOPBACK,
        read_addresses=read_addresses or (lambda: addresses),
    )


@asynccontextmanager
async def running(one: Announcer) -> AsyncIterator[str]:
    await one.start()
    try:
        async with asyncio.timeout(PATIENCE_S):
            name = await one.announced()
        yield name
    finally:
        await one.stop()


async def discovered(
    prefix: str, count: int, interfaces: list[str] | None = LOOPBACK
) -> list[FoundServer]:
    """Looks again while a busy machine answers late."""
    found: list[FoundServer] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(found) < count:
            everybody = await discover(2.0, interfaces=interfaces)
            found = [server for server in everybody if server.name.startswith(prefix)]
    return found


@asynccontextmanager
async def port_shared_with_others() -> AsyncIterator[None]:
    """As on a host with avahi: what comes by unicast reaches one program, and rarely the right one."""
    async with AsyncExitStack() as others:
        for _ in range(8):
            await others.enter_async_context(AsyncZeroconf(interfaces=LOOPBACK))
        yield


class Observer:
    """What another machine on the network sees of names that begin with a prefix."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._seen: asyncio.Queue[tuple[ServiceStateChange, str]] = asyncio.Queue()

    @classmethod
    @asynccontextmanager
    async def of(cls, prefix: str) -> AsyncIterator[Observer]:
        observer = cls(prefix)
        async with AsyncZeroconf(interfaces=LOOPBACK) as network:
            observer.network = network
            async with AsyncServiceBrowser(
                network.zeroconf, SERVICE_TYPE, handlers=[observer._on_change]
            ):
                yield observer

    network: AsyncZeroconf

    def _on_change(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        if name.startswith(self._prefix) and state_change is not ServiceStateChange.Updated:
            self._seen.put_nowait((state_change, name.removesuffix("." + SERVICE_TYPE)))

    async def next(self) -> tuple[ServiceStateChange, str]:
        async with asyncio.timeout(PATIENCE_S):
            return await self._seen.get()

    async def resolve(self, name: str) -> tuple[list[str], int | None]:
        info = AsyncServiceInfo(SERVICE_TYPE, f"{name}.{SERVICE_TYPE}")
        assert await info.async_request(self.network.zeroconf, PATIENCE_S * 1000)
        return sorted(info.parsed_addresses()), info.port
