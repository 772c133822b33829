"""Finds the Wyoming servers that are announced on the local network. Other machines choose what they send."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wyoming_voice_stack.announce.addresses import lan_addresses
from wyoming_voice_stack.announce.multicast_sockets import close_mdns, open_mdns
from wyoming_voice_stack.errors import VoiceStackError

if TYPE_CHECKING:
    from zeroconf import ServiceStateChange, Zeroconf

SERVICE_TYPE = "_wyoming._tcp.local."
SERVER_NAME = "wyoming-voice-stack"
"""How servers of this package are told from others."""
MODES = ("asr", "tts")
MAX_FOUND = 256
"""Servers that `discover` resolves; on a flooded network the others are ignored."""
MAX_LABEL_BYTES = 63
"""Longest part of a name in DNS."""

_SERVER_KEY, _MODE_KEY = "server", "mode"
"""Keys in the TXT record of an announcement."""


@dataclass(frozen=True)
class FoundServer:
    """A Wyoming server announced on the network."""

    name: str
    """Instance name, unique on the network."""
    host: str
    """Address to connect to: IPv4 if available."""
    port: int
    addresses: tuple[str, ...]
    """All announced addresses, IPv4 first."""
    mode: str | None = None
    """`asr` or `tts`, if a server of this package says so; None of others."""


async def discover(
    timeout_s: float, *, interfaces: Sequence[str] | None = None
) -> list[FoundServer]:
    """Return all Wyoming servers that answer within `timeout_s`, sorted by name.

    A server that has just answered another client does not answer for a second (RFC 6762, section 6),
    so less than 2 s may miss some.

    Raises:
        VoiceStackError: this machine does not support multicast.
    """
    from zeroconf import DNSQuestionType, Error
    from zeroconf.asyncio import AsyncServiceBrowser

    search = _Search(timeout_s)
    try:
        if interfaces is None:
            interfaces = await asyncio.to_thread(_own_interfaces)
        zeroconf = await open_mdns(None if interfaces is None else list(interfaces))
    except (Error, OSError, RuntimeError) as error:
        raise VoiceStackError(
            f"Cannot search the network for servers ({type(error).__name__}: {error}). In a"
            " container, use the host's network."
        ) from error
    try:
        # By multicast, for the reason in `Announcer`.
        browser = AsyncServiceBrowser(
            zeroconf.zeroconf,
            SERVICE_TYPE,
            handlers=[search.on_change],
            question_type=DNSQuestionType.QM,
        )
        await asyncio.sleep(timeout_s)
        await browser.async_cancel()
        return await search.finish()
    finally:
        await close_mdns(zeroconf)


def _own_interfaces() -> tuple[str, ...] | None:
    # None leaves the choice to the library, which uses IPv4 only.
    addresses = lan_addresses(None)
    return addresses if addresses and ":" in addresses[0] else None


class _Search:
    """Resolves announced names while more of them arrive."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_ms = timeout_s * 1000
        self._tasks: dict[str, asyncio.Task[FoundServer | None]] = {}

    def on_change(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        from zeroconf import ServiceStateChange

        del service_type
        if state_change is ServiceStateChange.Removed:
            removed = self._tasks.pop(name, None)
            if removed is not None:
                removed.cancel()
        elif not _fits_into_dns(name):
            _forget(zeroconf, name)
        elif name not in self._tasks and len(self._tasks) < MAX_FOUND:
            self._tasks[name] = asyncio.create_task(resolve(zeroconf, name, self._timeout_ms))

    async def finish(self) -> list[FoundServer]:
        for task in self._tasks.values():
            task.cancel()
        results = await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        found = [server for server in results if isinstance(server, FoundServer)]
        return sorted(found, key=lambda server: server.name)


async def resolve(zeroconf: Zeroconf, name: str, timeout_ms: float) -> FoundServer | None:
    """Return the server of this name, or None if no answer has an address and a port."""
    from zeroconf import DNSQuestionType, IPVersion
    from zeroconf.asyncio import AsyncServiceInfo

    info = AsyncServiceInfo(SERVICE_TYPE, name)
    await info.async_request(zeroconf, timeout_ms, DNSQuestionType.QM)
    addresses = tuple(info.parsed_scoped_addresses(IPVersion.All))
    if not addresses or info.port is None:
        return None
    mode = _mode_of(info.properties)
    return FoundServer(instance_of(name), addresses[0], info.port, addresses, mode)


def announced_properties(mode: str) -> dict[str, str]:
    """Return what a server of this package announces besides its address."""
    return {_SERVER_KEY: SERVER_NAME, _MODE_KEY: mode}


def _mode_of(properties: Mapping[bytes, bytes | None]) -> str | None:
    if properties.get(_SERVER_KEY.encode()) != SERVER_NAME.encode():
        return None
    mode = (properties.get(_MODE_KEY.encode()) or b"").decode(errors="replace")
    return mode if mode in MODES else None


def _fits_into_dns(name: str) -> bool:
    return all(len(label.encode()) <= MAX_LABEL_BYTES for label in name.split("."))


def _forget(zeroconf: Zeroconf, name: str) -> None:
    """Remove a name that is not UTF-8: the library fails on all further queries, which contain it."""
    cache = zeroconf.cache
    known = cache.async_entries_with_name(SERVICE_TYPE)
    cache.async_remove_records([each for each in known if getattr(each, "alias", "") == name])


def instance_of(full_name: str) -> str:
    """Return the first part of a service's name."""
    return full_name.removesuffix(f".{SERVICE_TYPE}")
