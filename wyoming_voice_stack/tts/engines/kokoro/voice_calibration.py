"""What is measured of a voice before it first speaks: statistics of its norms, and its loudness.

Norms in windows need means and deviations over all time. They depend on the voice and on the length of
the sentence, for which the model has different styles, far more than on the text.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wyoming_voice_stack.tts.audio.frames import FrameCutter
from wyoming_voice_stack.tts.audio.loudness_meter import LoudnessMeter
from wyoming_voice_stack.tts.engine import Samples
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_weights import Norm
from wyoming_voice_stack.tts.engines.kokoro.generator.norm_statistics import (
    NormStatistics,
    statistics_size,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.streamed_sentence import (
    SAMPLE_RATE,
    MeasuredSentence,
)
from wyoming_voice_stack.tts.engines.kokoro.loading import StreamingKokoro
from wyoming_voice_stack.tts.engines.kokoro.text_half import SentenceTokens
from wyoming_voice_stack.tts.voices.cloning.latent_cache import Arrays, LatentCache

MAX_VOICES_IN_MEMORY = 64
"""Voices and mixtures whose measurements are kept, 0.14 MB each; the least recently used is dropped first."""
CALIBRATION_VERSION = 1
"""Changes with everything that the measurements depend on besides model, voice and texts."""
LEVEL_DB = -19.0
"""Loudness that voices are brought to, in dBFS without pauses: that of Piper voices."""
MAX_GAIN_DB = 12.0
LIMIT = 1.2
"""Largest magnitude that the loudest sample of the measured sentences may get; what exceeds 1 is limited later."""

_MEANS, _DEVIATIONS, _LENGTHS, _GAIN = "means", "deviations", "lengths", "gain"


@dataclass(frozen=True)
class VoiceCalibration:
    """Statistics of a voice in sentences of two lengths, and the gain that brings it to `LEVEL_DB`."""

    statistics: tuple[NormStatistics, NormStatistics]
    lengths: tuple[int, int]
    """Tokens of the sentences."""
    gain: float

    def for_length(self, tokens: int) -> NormStatistics:
        """The statistics of a sentence of this many tokens."""
        short, long = map(math.log, self.lengths)
        weight = (math.log(max(tokens, 1)) - short) / (long - short)
        first, second = self.statistics
        return first.mixed_with(second, min(max(weight, 0.0), 1.0))


class VoiceCalibrations:
    """Calibrations of the voices that have spoken, in memory and on disk. Thread-safe.

    A request waits while another one calibrates the same voice.
    """

    def __init__(self, model: StreamingKokoro, cache: LatentCache | None) -> None:
        self._model = model
        self._cache = cache
        self._lock = threading.Lock()
        self._measuring = threading.Lock()
        self._kept: OrderedDict[str, VoiceCalibration] = OrderedDict()

    def known(self, key: str) -> VoiceCalibration | None:
        """The calibration of a voice by its key; None if it has to be measured."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        stored = self._cache.get(key) if self._cache is not None else None
        return None if stored is None else self._keep(key, _from_arrays(stored))

    def measure(
        self, key: str, sentences: Sequence[SentenceTokens], threads: int
    ) -> VoiceCalibration:
        """Calibrate a voice in two sentences, a short and a long one, unless another call has done it."""
        with self._measuring:
            known = self.known(key)
            if known is not None:
                return known
            measured = [
                MeasuredSentence(self._model.parts, self._model.encode(each), threads)
                for each in sentences
            ]
            first, second = (each.statistics for each in measured)
            short, long = (len(each.ids) for each in sentences)
            gain = _gain([each.samples for each in measured])
            calibration = VoiceCalibration((first, second), (short, long), gain)
            if self._cache is not None:
                self._cache.put(key, _to_arrays(calibration))
            return self._keep(key, calibration)

    def _keep(self, key: str, calibration: VoiceCalibration) -> VoiceCalibration:
        with self._lock:
            self._kept[key] = calibration
            while len(self._kept) > MAX_VOICES_IN_MEMORY:
                self._kept.popitem(last=False)
        return calibration


def calibration_cache(folder: Path, model: Path, norms: Sequence[Norm]) -> LatentCache:
    """The calibrations on disk of a model file."""
    size = statistics_size(norms)
    shapes = {_MEANS: (2, size), _DEVIATIONS: (2, size), _LENGTHS: (2,), _GAIN: (1,)}
    with model.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return LatentCache(
        folder, f"kokoro {CALIBRATION_VERSION} {digest}", shapes, what="Measured voices"
    )


def _to_arrays(calibration: VoiceCalibration) -> Arrays:
    return {
        _MEANS: np.stack([each.means for each in calibration.statistics]),
        _DEVIATIONS: np.stack([each.deviations for each in calibration.statistics]),
        _LENGTHS: np.array(calibration.lengths, np.float32),
        _GAIN: np.array([calibration.gain], np.float32),
    }


def _from_arrays(arrays: Arrays) -> VoiceCalibration:
    first, second = map(NormStatistics, arrays[_MEANS].copy(), arrays[_DEVIATIONS].copy())
    short, long = map(int, arrays[_LENGTHS])
    return VoiceCalibration((first, second), (short, long), float(arrays[_GAIN][0]))


def _gain(spoken: Sequence[Samples]) -> float:
    """The factor that brings sentences to `LEVEL_DB`."""
    meter = LoudnessMeter(math.inf)
    for samples in spoken:
        for frame in FrameCutter(SAMPLE_RATE).push(samples):
            meter.add(frame)
    loudness = meter.loudness
    if loudness is None:
        return 1.0
    gain_db = min(LEVEL_DB - loudness.level_db, MAX_GAIN_DB)
    return float(min(10 ** (gain_db / 20), LIMIT / loudness.peak))
