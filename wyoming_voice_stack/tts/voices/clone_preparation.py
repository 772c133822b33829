"""Clones new voices ahead of the first request that uses them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from functools import partial
from itertools import islice

from wyoming_voice_stack.engine.queue import Priority
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.errors import CapacityError, VoiceStackError
from wyoming_voice_stack.tts.engine import CloneSource, PreparesVoices, SpeechSynthesizer

_LOGGER = logging.getLogger(__name__)

MAX_PREPARED_VOICES = 64
"""An engine keeps no more cloned voices in memory."""


class VoicePreparation:
    """Lets the engine clone each new voice once, while the engine is idle."""

    def __init__(self, worker: Worker[SpeechSynthesizer]) -> None:
        self._worker = worker
        self._prepared: set[str] = set()
        self._prepared_by_load = 0
        self._lock = asyncio.Lock()

    async def prepare(self, clones: Iterable[CloneSource]) -> None:
        """Clone what is new in `clones`; an engine that is not loaded stays unloaded."""
        clones = tuple(clones)
        async with self._lock:
            if self._worker.loads != self._prepared_by_load:
                # An engine that was loaded again has no cloned voices in memory.
                self._prepared.clear()
                self._prepared_by_load = self._worker.loads
            for source in islice(clones, MAX_PREPARED_VOICES):
                if source.fingerprint in self._prepared or self._worker.state != "ready":
                    continue
                try:
                    await self._worker.run(partial(_prepare, source), Priority.PARTIAL)
                except CapacityError:
                    return
                except VoiceStackError as error:
                    # A request for this voice gets the same error.
                    _LOGGER.warning("%s", error)
                self._prepared.add(source.fingerprint)
            self._prepared &= {source.fingerprint for source in clones}


def _prepare(source: CloneSource, engine: SpeechSynthesizer) -> None:
    if isinstance(engine, PreparesVoices):
        engine.prepare(source)
