"""Announces servers in containers, whose ports this machine publishes.

Multicast does not leave a container's own network, and a server in it does not know the addresses of
the machine. The announcer runs on the machine's network and announces each server in its place.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence

from wyoming_voice_stack.announce.addresses import lan_addresses
from wyoming_voice_stack.announce.discovery import MODES
from wyoming_voice_stack.announce.health_client import read_health
from wyoming_voice_stack.announce.zeroconf import Announcer, default_instance_name
from wyoming_voice_stack.background import BackgroundTask

_LOGGER = logging.getLogger(__name__)

CHECK_S = 5.0
"""How often each port is checked."""
ANSWER_S = 2.0
"""How long connecting, and each part of an answer, may take."""
MAX_MISSES = 2
"""Failed checks in a row after which an address is no longer announced."""
MAX_PORTS = 16
LOOPBACK = "127.0.0.1"

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def served_mode(host: str, port: int) -> str | None:
    """Return whether the server at this address is `asr` or `tts`; None if none answers. Blocks."""
    mode = read_health(host, port, timeout_s=ANSWER_S).get("mode")
    return mode if mode in MODES else None


def _all_lan_addresses() -> tuple[str, ...]:
    return lan_addresses(None)


class PublishedPort:
    """Announces the server at one port of this machine from `start` to `stop`, while it answers.

    Only addresses at which it answers are announced, under the name that the server itself would use
    on this machine.
    """

    def __init__(
        self,
        port: int,
        *,
        check_s: float = CHECK_S,
        local_addresses: Callable[[], tuple[str, ...]] = _all_lan_addresses,
        served_mode: Callable[[str, int], str | None] = served_mode,
        make_announcer: Callable[..., Announcer] = Announcer,
    ) -> None:
        self._port = port
        self._check_s = check_s
        self._local_addresses = local_addresses
        self._served_mode = served_mode
        self._make_announcer = make_announcer
        self._task = BackgroundTask(
            self._check_continuously,
            name=f"announcer of port {port}",
            on_failure=f"The server at port {port} is no longer announced on the network",
        )
        self._announcer: Announcer | None = None
        self._mode: str | None = None
        self._misses: dict[str, int] = {}
        self._logged = ""

    async def start(self) -> None:
        """Start checking in the background. Does not wait and does not fail."""
        self._task.start()

    async def stop(self) -> None:
        """Withdraw the announcement and stop checking. May be called twice."""
        await self._task.stop()
        await self._withdraw()

    async def _check_continuously(self) -> None:
        while True:
            await self._check()
            await asyncio.sleep(self._check_s)

    async def _check(self) -> None:
        modes = await self._modes()
        mode = next(filter(None, modes.values()), None)
        if mode not in {None, self._mode}:
            await self._withdraw()
            self._mode = mode
        self._misses = self._count_misses(modes)
        if not self._misses:
            await self._withdraw()
            await self._log_absence()
        elif self._announcer is None:
            self._announcer = self._make_announcer(
                instance_name=default_instance_name(self._mode or ""),
                port=self._port,
                bind_host=None,
                mode=self._mode,
                refresh_s=self._check_s,
                read_addresses=lambda: tuple(self._misses),
            )
            self._logged = ""
            await self._announcer.start()

    async def _modes(self) -> dict[str, str | None]:
        """Return what is served at each address of this machine."""
        try:
            addresses = await asyncio.to_thread(self._local_addresses)
        except OSError as error:
            self._log_once(f"The addresses of this machine cannot be read: {error}")
            return {}
        checks = (asyncio.to_thread(self._served_mode, each, self._port) for each in addresses)
        return dict(zip(addresses, await asyncio.gather(*checks), strict=True))

    def _count_misses(self, modes: dict[str, str | None]) -> dict[str, int]:
        """Return the addresses to announce, and for each the number of failed checks in a row."""
        counts = {
            address: (
                0
                if mode is not None and mode == self._mode
                else self._misses.get(address, MAX_MISSES) + 1
            )
            for address, mode in modes.items()
        }
        return {address: misses for address, misses in counts.items() if misses < MAX_MISSES}

    async def _withdraw(self) -> None:
        if self._announcer is not None:
            # Kept until it has stopped, as this may be cancelled by `stop`, which then ends it.
            await self._announcer.stop()
            self._announcer = None
            _LOGGER.info("The server at port %d is no longer announced", self._port)
        self._mode, self._misses = None, {}

    async def _log_absence(self) -> None:
        if await asyncio.to_thread(self._served_mode, LOOPBACK, self._port):
            self._log_once(
                f"The server at port {self._port} answers on this machine only, so it is not announced."
                " To use it from other machines, publish its port on all addresses."
            )
        else:
            self._log_once(
                f"No server answers at port {self._port}; it is announced as soon as one does"
            )

    def _log_once(self, message: str) -> None:
        _LOGGER.log(logging.DEBUG if message == self._logged else logging.INFO, "%s", message)
        self._logged = message


async def announce_ports(ports: Sequence[int]) -> None:
    """Announce the servers at these ports of this machine until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    published = [PublishedPort(port) for port in dict.fromkeys(ports)]
    try:
        for each in published:
            await each.start()
        await stop.wait()
    finally:
        await asyncio.gather(*(each.stop() for each in published))
        for number in _STOP_SIGNALS:
            loop.remove_signal_handler(number)
