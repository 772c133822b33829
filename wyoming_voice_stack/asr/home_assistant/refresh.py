"""Reads the names from Home Assistant periodically, in the background."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from wyoming_voice_stack.asr.home_assistant.access import (
    HomeAssistantAccess,
    HomeAssistantUnavailable,
)
from wyoming_voice_stack.asr.home_assistant.household_names import spoken_names
from wyoming_voice_stack.asr.home_assistant.registry_client import (
    EXPOSURE,
    READ_TIMEOUT_S,
    UNAUTHORIZED,
    UNKNOWN_COMMAND,
    Refusal,
    read_registry,
)
from wyoming_voice_stack.background import BackgroundTask

_LOGGER = logging.getLogger(__name__)

REFRESH_S = 300.0
_FAILED = "Cannot read names from Home Assistant at %s: %s"
_INCOMPLETE = "Names from Home Assistant at %s are incomplete: %s"
_STOPPED = "Names are no longer read from Home Assistant"
FIRST_RETRY_S = 5.0
"""Delay after the first failure; it doubles with each further one, up to the refresh interval."""


@dataclass(frozen=True)
class KnownNames:
    """How much is known of a household."""

    areas: int = 0
    entities: int = 0
    names: int = 0
    """All different names: of areas, entities and floors, with their aliases."""
    since: float | None = None
    """When they were read, in seconds since 1970; None before the first time."""


class HomeAssistantNames:
    """Keeps the names up to date between `start` and `stop`.

    Nothing waits for Home Assistant: there are no names before the first read, and the last ones remain
    while it is not available. Each kind of error is logged once until names are read again.
    """

    def __init__(
        self,
        access: HomeAssistantAccess,
        *,
        refresh_s: float = REFRESH_S,
        timeout_s: float = READ_TIMEOUT_S,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._access = access
        self._refresh_s = refresh_s
        self._timeout_s = timeout_s
        self._pause = pause
        self._task = BackgroundTask(self._run, name="Home Assistant names", on_failure=_STOPPED)
        self._names: tuple[str, ...] = ()
        self._known = KnownNames()
        self._logged: set[str] = set()
        self._read_before = False

    @property
    def names(self) -> tuple[str, ...]:
        """Areas, entities, aliases and floors, each once, the most likely first. Empty before the first read."""
        return self._names

    @property
    def known(self) -> KnownNames:
        """How much is known, and since when."""
        return self._known

    async def start(self) -> None:
        """Start to read in the background. Neither waits nor fails."""
        self._task.start()

    async def stop(self) -> None:
        """Stop reading and close the connection; the names remain. May be called at any time, and twice."""
        await self._task.stop()

    async def _run(self) -> None:
        retry_s = FIRST_RETRY_S
        while True:
            failure = await self._refresh()
            if failure is None:
                retry_s = FIRST_RETRY_S
                await self._pause(self._refresh_s)
            elif failure == "token":
                # Home Assistant notifies its owner of each failed login, and may ban the address.
                await self._pause(self._refresh_s)
            else:
                await self._pause(retry_s)
                retry_s = min(2 * retry_s, self._refresh_s)

    async def _refresh(self) -> str | None:
        try:
            result = await read_registry(self._access, timeout_s=self._timeout_s)
            names = await asyncio.to_thread(spoken_names, result.registry)
        except HomeAssistantUnavailable as error:
            self._log(error.kind, _FAILED, str(error))
            self._read_before = False
            return error.kind
        self._names = names
        registry = result.registry
        self._known = KnownNames(
            len(registry.areas), len(registry.entities), len(names), time.time()
        )
        for refusal in result.refusals:
            self._log(_kind(refusal), _INCOMPLETE, _explain(refusal))
        self._logged = {_kind(refusal) for refusal in result.refusals}
        level = logging.DEBUG if self._read_before else logging.INFO
        _LOGGER.log(level, "read %d names from Home Assistant at %s", len(names), self._access.url)
        self._read_before = True
        return None

    def _log(self, kind: str, text: str, cause: str) -> None:
        level = logging.DEBUG if kind in self._logged else logging.WARNING
        if kind == UNKNOWN_COMMAND:
            level = logging.DEBUG
        self._logged.add(kind)
        _LOGGER.log(level, text, self._access.url, cause)


def _kind(refusal: Refusal) -> str:
    return refusal.code if refusal.code == UNKNOWN_COMMAND else f"{refusal.command} {refusal.code}"


def _explain(refusal: Refusal) -> str:
    if refusal == Refusal(EXPOSURE, UNAUTHORIZED):
        return (
            "only administrators can see which entities are exposed to Assist, so all areas and the"
            " usual kinds of entities are read; set HASS_TOKEN to the token of an administrator."
        )
    return f"the command {refusal.command} failed with {refusal.code!r}; its names are left out."
