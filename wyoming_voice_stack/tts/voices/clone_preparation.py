"""Clones new voices ahead of the first request that uses them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from functools import partial
from itertools import islice

from wyoming_voice_stack.engine.queue import Priority
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.errors import CapacityError, UnknownVoice, VoiceStackError
from wyoming_voice_stack.tts.engine import CloneSource, PreparesVoices, SpeechSynthesizer
from wyoming_voice_stack.tts.voices.cloning.cache_keys import content_key
from wyoming_voice_stack.tts.voices.cloning.recording_thread import RecordingThread

_LOGGER = logging.getLogger(__name__)

MAX_PREPARED_VOICES = 64
"""An engine keeps no more cloned voices in memory."""


MAX_READ_VOICES = 1024
"""Voices whose recordings are known to be readable; beyond it, they are read again."""


class VoicePreparation:
    """Lets the engine clone each new voice once, while the engine is idle."""

    def __init__(self, worker: Worker[SpeechSynthesizer]) -> None:
        self._worker = worker
        self._prepared: set[str] = set()
        self._prepared_by_load = 0
        self._lock = asyncio.Lock()
        self._thread = RecordingThread()
        self._read: set[str] = set()

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
                    await self.read_ahead(source)
                    await self._worker.run(partial(_prepare, source), Priority.PARTIAL)
                except CapacityError:
                    return
                except VoiceStackError as error:
                    # A request for this voice gets the same error.
                    _LOGGER.warning("%s", error)
                self._prepared.add(source.fingerprint)
            self._prepared &= {source.fingerprint for source in clones}

    async def read_ahead(self, source: CloneSource) -> None:
        """Read new recordings before the engine does, so that a share that hangs does not hold it.

        Raises:
            UnknownVoice: reading them takes too long.
        """
        if source.fingerprint in self._read:
            return
        try:
            await asyncio.to_thread(self._thread.read, partial(content_key, source.paths))
        except TimeoutError as error:
            raise UnknownVoice(
                f"The recordings of voice {source.name!r} cannot be used ({error})."
            ) from error
        except (OSError, VoiceStackError):
            # The engine reports what is wrong with them.
            return
        if len(self._read) >= MAX_READ_VOICES:
            self._read.clear()
        self._read.add(source.fingerprint)


def _prepare(source: CloneSource, engine: SpeechSynthesizer) -> None:
    if isinstance(engine, PreparesVoices):
        engine.prepare(source)
