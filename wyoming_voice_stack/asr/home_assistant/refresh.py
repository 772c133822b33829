"""Keeps the names of the house fresh in the background."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from wyoming_voice_stack.asr.home_assistant.access import (
    HomeAssistantAccess,
    HomeAssistantUnavailable,
)
from wyoming_voice_stack.asr.home_assistant.entity_names import spoken_names
from wyoming_voice_stack.asr.home_assistant.websocket import (
    EXPOSURE,
    UNAUTHORIZED,
    UNKNOWN_COMMAND,
    VISIT_S,
    Refusal,
    visit,
)
from wyoming_voice_stack.background import BackgroundTask

_LOGGER = logging.getLogger(__name__)

REFRESH_S = 300.0
FIRST_RETRY_S = 5.0
"""After the first failure; twice as long after each further one, up to the refresh period."""


class HomeAssistantNames:
    """Knows from `start` to `stop` what the household is likely to say, as far as it can be read.

    Nothing waits for it: until the first answer there are no names, and while Home Assistant
    cannot be asked there are the last ones. Each kind of trouble is logged once until names are
    read again.
    """

    def __init__(
        self,
        access: HomeAssistantAccess,
        *,
        refresh_s: float = REFRESH_S,
        timeout_s: float = VISIT_S,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._access = access
        self._refresh_s = refresh_s
        self._timeout_s = timeout_s
        self._pause = pause
        self._task = BackgroundTask(
            self._follow, name="house names", on_failure="The names of the house are no longer read"
        )
        self._names: tuple[str, ...] = ()
        self._told: set[str] = set()
        self._read_before = False

    @property
    def names(self) -> tuple[str, ...]:
        """Areas, entities, aliases, floors; each once, the most likely first. Empty if unknown."""
        return self._names

    async def start(self) -> None:
        """Begin to read, in the background. Does not wait and does not fail."""
        self._task.start()

    async def stop(self) -> None:
        """Leave nothing behind. May be called at any time, and twice; the names stay."""
        await self._task.stop()

    async def _follow(self) -> None:
        retry_s = FIRST_RETRY_S
        while True:
            trouble = await self._refresh()
            if trouble is None:
                retry_s = FIRST_RETRY_S
                await self._pause(self._refresh_s)
            elif trouble == "token":
                # Home Assistant notifies its owner of each, and may ban the address in the end.
                await self._pause(self._refresh_s)
            else:
                await self._pause(retry_s)
                retry_s = min(2 * retry_s, self._refresh_s)

    async def _refresh(self) -> str | None:
        try:
            seen = await visit(self._access, timeout_s=self._timeout_s)
            names = await asyncio.to_thread(spoken_names, seen.house)
        except HomeAssistantUnavailable as error:
            self._tell(error.kind, str(error))
            self._read_before = False
            return error.kind
        self._names = names
        for refusal in seen.refusals:
            self._tell(_kind(refusal), _explain(refusal))
        self._told = {_kind(refusal) for refusal in seen.refusals}
        level = logging.DEBUG if self._read_before else logging.INFO
        _LOGGER.log(level, "%d names of the house from %s", len(names), self._access.url)
        self._read_before = True
        return None

    def _tell(self, kind: str, message: str) -> None:
        level = logging.DEBUG if kind in self._told else logging.WARNING
        if kind == UNKNOWN_COMMAND:
            level = logging.DEBUG
        self._told.add(kind)
        _LOGGER.log(
            level, "Names of the house from Home Assistant at %s: %s", self._access.url, message
        )


def _kind(refusal: Refusal) -> str:
    return refusal.code if refusal.code == UNKNOWN_COMMAND else f"{refusal.command} {refusal.code}"


def _explain(refusal: Refusal) -> str:
    if refusal == Refusal(EXPOSURE, UNAUTHORIZED):
        return (
            "only an administrator may see what is exposed to Assist, so all areas and the usual"
            " kinds of entities are taken; set HASS_TOKEN to the token of an administrator."
        )
    return f"{refusal.command} is left out, as it answers with {refusal.code!r}."
