"""What is measured of a voice: the statistics of its norms, and its loudness.

Norms in windows need means and deviations over all time. They depend on the voice, and on the share of
the silence around a sentence and so on its length, far more than on the text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wyoming_voice_stack.tts.audio.frames import FrameCutter
from wyoming_voice_stack.tts.audio.loudness_meter import LoudnessMeter
from wyoming_voice_stack.tts.audio.samples import as_samples
from wyoming_voice_stack.tts.engine import Samples
from wyoming_voice_stack.tts.engines.kokoro.generator.constant_values import Floats
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_weights import Norm
from wyoming_voice_stack.tts.engines.kokoro.generator.norm_statistics import (
    NormStatistics,
    statistics_size,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.streamed_sentence import (
    SAMPLE_RATE,
    MeasuredSentence,
)
from wyoming_voice_stack.tts.engines.vits.sentence_decoding import EncodedSentence
from wyoming_voice_stack.tts.engines.vits.windows import Window

LEVEL_DB = -19.0
"""Loudness that voices are brought to, in dBFS without pauses: that of Piper voices."""
MAX_GAIN_DB = 12.0
"""Louder than that, something is wrong with the voice."""
LIMIT = 1.2
"""Magnitude that the loudest measured sample may get; what exceeds 1 is cut off."""

Line = tuple[Floats, Floats]
"""Value at a length without end, and what is added per inverse number of frames."""


@dataclass(frozen=True)
class VoiceCalibration:
    """The statistics of a voice by the length of the sentence, and the gain that brings it to `LEVEL_DB`."""

    means: Line
    log_deviations: Line
    gain: float

    @classmethod
    def measured(cls, sentences: Sequence[MeasuredSentence]) -> VoiceCalibration:
        """Fit the statistics of sentences of several lengths.

        Raises:
            EngineError: some samples are NaN or infinite, so the statistics are, too.
        """
        samples = [as_samples(each.samples) for each in sentences]
        inverse = np.array([1 / each.total_frames for each in sentences])
        solve = np.linalg.pinv(np.stack([np.ones(len(inverse)), inverse], axis=1))
        means = solve @ np.stack([each.statistics.means for each in sentences])
        deviations = np.log(np.stack([each.statistics.deviations for each in sentences]))
        return cls(_line(means), _line(solve @ deviations), gain_of(samples))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Floats]) -> VoiceCalibration:
        """The calibration that `arrays` returned."""
        return cls(
            _line(arrays["means"]), _line(arrays["log_deviations"]), float(arrays["gain"][0])
        )

    @property
    def arrays(self) -> dict[str, Floats]:
        """The calibration as float32 arrays, with the shapes of `array_shapes`."""
        return {
            "means": np.stack(self.means),
            "log_deviations": np.stack(self.log_deviations),
            "gain": np.array([self.gain], np.float32),
        }

    def statistics(self, frames: int) -> NormStatistics:
        """The statistics of a sentence of this length, with the silence around it."""
        inverse = np.float32(1 / frames)
        means, deviations = (
            value + inverse * slope for value, slope in (self.means, self.log_deviations)
        )
        return NormStatistics(means, np.exp(deviations))


class LevelledSentence:
    """A sentence with a gain."""

    def __init__(self, sentence: EncodedSentence, gain: float) -> None:
        self._sentence = sentence
        self._gain = np.float32(gain)
        self.frames = sentence.frames
        self.hop = sentence.hop
        self.decoding_share = sentence.decoding_share

    def decode(self, window: Window, threads: int = 1) -> Samples:
        """Decode these frames, within -1..1."""
        samples = as_samples(self._sentence.decode(window, threads))
        cut: Samples = np.clip(samples * self._gain, -1.0, 1.0)
        return cut


def array_shapes(norms: Sequence[Norm]) -> dict[str, tuple[int, ...]]:
    """The shapes of a calibration's arrays, by name."""
    size = statistics_size(norms)
    return {"means": (2, size), "log_deviations": (2, size), "gain": (1,)}


def _line(values: Floats) -> Line:
    first, second = values.astype(np.float32)
    return first, second


def gain_of(spoken: Sequence[Samples]) -> float:
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
