"""Clones new voices ahead of the first request that uses them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from itertools import islice
from weakref import WeakValueDictionary

from wyoming_voice_stack.engine.queue import Priority
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.errors import CapacityError, UnknownVoice, VoiceStackError
from wyoming_voice_stack.tts.engine import CloneSource, PreparesVoices, SpeechSynthesizer
from wyoming_voice_stack.tts.voices.cloning.recording_reader import read_contents
from wyoming_voice_stack.tts.voices.cloning.recording_thread import RecordingThread

_LOGGER = logging.getLogger(__name__)

MAX_PREPARED_VOICES = 64
"""An engine keeps no more cloned voices in memory."""
MAX_READ_AHEAD_BYTES = 64 * 1024 * 1024
"""Recordings in memory, of all voices that are about to be cloned: ten minutes at 48 kHz and 16 bits in
mono. An engine reads what is beyond itself."""


class VoicePreparation:
    """Lets the engine clone each new voice once, while the engine is idle."""

    def __init__(self, worker: Worker[SpeechSynthesizer]) -> None:
        self._worker = worker
        self._prepared: set[str] = set()
        self._prepared_by_load = 0
        self._lock = asyncio.Lock()
        self._thread = RecordingThread()
        self._ahead: WeakValueDictionary[str, CloneSource] = WeakValueDictionary()

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
                    ahead = await self.read_ahead(source)
                    await self._worker.run(partial(_prepare, ahead), Priority.PARTIAL)
                except CapacityError:
                    return
                except VoiceStackError as error:
                    # A request for this voice gets the same error.
                    _LOGGER.warning("%s", error)
                self._prepared.add(source.fingerprint)
            self._prepared &= {source.fingerprint for source in clones}

    async def read_ahead(self, source: CloneSource) -> CloneSource:
        """Return a source with the content of its recordings, so that a share that hangs holds no engine.

        Without it if the engine has cloned the voice already, or if too much is in memory.

        Raises:
            UnknownVoice: reading them takes too long.
        """
        engine = self._worker.engine
        if engine is not None and _has_prepared(source, engine):
            return source
        known = self._ahead.get(source.fingerprint)
        if known is not None:
            return known
        left = MAX_READ_AHEAD_BYTES - sum(map(_size, self._ahead.values()))
        try:
            reading = partial(read_contents, source.paths, max(0, left))
            contents = await asyncio.to_thread(self._thread.read, reading)
        except TimeoutError as error:
            raise UnknownVoice(
                f"The recordings of voice {source.name!r} cannot be used ({error})."
            ) from error
        except (OSError, VoiceStackError):
            # The engine reports what is wrong with them.
            return source
        ahead = replace(source, contents=contents)
        self._ahead[source.fingerprint] = ahead
        return ahead


def _has_prepared(source: CloneSource, engine: SpeechSynthesizer) -> bool:
    return isinstance(engine, PreparesVoices) and engine.has_prepared(source)


def _size(source: CloneSource) -> int:
    return sum(map(len, source.contents))


def _prepare(source: CloneSource, engine: SpeechSynthesizer) -> None:
    if isinstance(engine, PreparesVoices):
        engine.prepare(source)
