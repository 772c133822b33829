"""Checks the files of the models in use in the background, and reports damage as the server's state."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from wyoming_voice_stack.background import BackgroundTask
from wyoming_voice_stack.engine.status import ServiceStatus, is_ready
from wyoming_voice_stack.errors import ModelCorrupt
from wyoming_voice_stack.models.digests import check_digests
from wyoming_voice_stack.server.app import RunningService

_LOGGER = logging.getLogger(__name__)

WAIT_SECONDS = 5.0
"""How often to look whether the model is loaded. Its files are checked after that."""


class CheckedService:
    """A service whose models' files are checked once, after the default model is loaded."""

    def __init__(self, service: RunningService, folders: Callable[[], Iterable[Path]]) -> None:
        """`folders` returns those of the models that were used so far."""
        self._service = service
        self._folders = folders
        self._cancelled = threading.Event()
        self._damage = ""
        self._checking = BackgroundTask(
            self._check, name="model check", on_failure="The model's files are not checked."
        )

    def status(self) -> ServiceStatus:
        """Return the state of the service; failed if a file of a model is damaged."""
        status = self._service.status()
        if not self._damage or status.state == "failed":
            return status
        return replace(status, state="failed", detail=self._damage)

    async def start(self) -> None:
        """Start the service."""
        await self._service.start()
        self._checking.start()

    async def stop(self, timeout_s: float) -> bool:
        """Stop the check and the service; False if an engine was still inside a call."""
        self._cancelled.set()
        await self._checking.stop()
        return await self._service.stop(timeout_s)

    async def _check(self) -> None:
        # The state changes in the engine's thread, which sets no event.
        while not is_ready(self._service.status()):  # noqa: ASYNC110
            await asyncio.sleep(WAIT_SECONDS)
        for folder in self._folders():
            self._damage = await asyncio.to_thread(self._damage_of, folder) or self._damage

    def _damage_of(self, folder: Path) -> str:
        try:
            check_digests(folder, self._cancelled)
        except ModelCorrupt as error:
            _LOGGER.error("%s", error)  # noqa: TRY400 - the message says it all
            return str(error)
        return ""
