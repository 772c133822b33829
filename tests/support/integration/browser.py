"""Browses for Wyoming servers as Home Assistant does, and prints each change as a line of JSON.

Run as `python -m tests.support.integration.browser` on the host that browses; it ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import sys

from zeroconf import ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

SERVICE_TYPE = "_wyoming._tcp.local."
RESOLVE_MS = 3000.0


class Telling:
    """Prints the changes one by one."""

    def __init__(self) -> None:
        self._changes: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    def on_change(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        self._changes.put_nowait((state_change.name.lower(), name))

    async def tell(self, zeroconf: Zeroconf) -> None:
        while True:
            change, name = await self._changes.get()
            info = AsyncServiceInfo(SERVICE_TYPE, name)
            found = change != "removed" and await info.async_request(zeroconf, RESOLVE_MS)
            seen = {
                "change": change,
                "name": name.removesuffix(f".{SERVICE_TYPE}"),
                "addresses": sorted(info.parsed_addresses()) if found else [],
                "port": info.port if found else None,
            }
            sys.stdout.write(json.dumps(seen) + "\n")
            sys.stdout.flush()


async def browse() -> None:
    telling = Telling()
    async with (
        AsyncZeroconf() as network,
        AsyncServiceBrowser(network.zeroconf, SERVICE_TYPE, handlers=[telling.on_change]),
    ):
        task = asyncio.create_task(telling.tell(network.zeroconf))
        await asyncio.to_thread(sys.stdin.read)
        task.cancel()


if __name__ == "__main__":
    asyncio.run(browse())
