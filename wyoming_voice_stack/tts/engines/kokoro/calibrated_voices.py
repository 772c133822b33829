"""Calibrations of the voices that have spoken: in memory, on disk, and measured in a thread."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from wyoming_voice_stack.tts.engines.kokoro.generator.generator_sessions import GeneratorParts
from wyoming_voice_stack.tts.engines.kokoro.generator.streamed_sentence import MeasuredSentence
from wyoming_voice_stack.tts.engines.kokoro.voice_calibration import VoiceCalibration, array_shapes
from wyoming_voice_stack.tts.voices.cloning.latent_cache import LatentCache

_LOGGER = logging.getLogger(__name__)

MAX_VOICES_IN_MEMORY = 64
"""Voices and mixtures whose calibrations are kept, 0.14 MB each; the least recently used is dropped first."""
MAX_WAITING = 16
"""Voices that wait to be measured. Others are measured after a later request."""
CALIBRATION_VERSION = 1
"""Changes with everything that a calibration depends on besides model and voice."""

Measure = Callable[[], Iterable[MeasuredSentence]]
"""Synthesizes sentences of one voice, one after another."""


class CalibratedVoices:
    """The calibrations of a loaded model's voices, by a key that changes with the voice. Thread-safe."""

    def __init__(self, cache: LatentCache | None) -> None:
        """Take the cache on disk; None keeps calibrations in memory only."""
        self._cache = cache
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, VoiceCalibration] = OrderedDict()
        self._waiting: set[str] = set()
        # No more than the model has voices.
        self._failed: set[str] = set()
        self._thread = ThreadPoolExecutor(1, "kokoro-calibration")
        self._closed = False

    def get(self, key: str) -> VoiceCalibration | None:
        """The calibration of a voice; None if it has not been measured yet."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        stored = None if self._cache is None else self._cache.get(key)
        if stored is None:
            return None
        calibration = VoiceCalibration.from_arrays(stored)
        self._keep(key, calibration)
        return calibration

    def measure(self, key: str, measure: Measure) -> None:
        """Measure a voice now."""
        sentences = []
        for sentence in measure():
            if self._closed:
                return
            sentences.append(sentence)
        calibration = VoiceCalibration.measured(sentences)
        self._keep(key, calibration)
        if self._cache is not None:
            self._cache.put(key, calibration.arrays)

    def measure_later(self, key: str, measure: Measure) -> None:
        """Measure a voice in the thread, once, also if that fails."""
        with self._lock:
            known = key in self._waiting or key in self._failed
            if self._closed or known or len(self._waiting) >= MAX_WAITING:
                return
            self._waiting.add(key)
        self._thread.submit(self._measure_waiting, key, measure)

    def close(self) -> None:
        """Stop measuring after the present sentence, and wait for that."""
        self._closed = True
        self._thread.shutdown(cancel_futures=True)

    def _measure_waiting(self, key: str, measure: Measure) -> None:
        try:
            self.measure(key, measure)
        except Exception as error:  # noqa: BLE001 - there is no caller to tell
            _LOGGER.warning(
                "A voice of Kokoro cannot be measured (%s); its sentences are synthesized as a whole.",
                type(error).__name__,
            )
            with self._lock:
                self._failed.add(key)
        finally:
            with self._lock:
                self._waiting.discard(key)

    def _keep(self, key: str, calibration: VoiceCalibration) -> None:
        with self._lock:
            self._kept[key] = calibration
            while len(self._kept) > MAX_VOICES_IN_MEMORY:
                self._kept.popitem(last=False)


def calibration_cache(folder: Path, model: Path, parts: GeneratorParts) -> LatentCache:
    """The calibrations on disk of the voices of a model file."""
    with model.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    key = f"kokoro {CALIBRATION_VERSION} {digest}"
    return LatentCache(folder, key, array_shapes(parts.norms), what="Measurements of voices")
