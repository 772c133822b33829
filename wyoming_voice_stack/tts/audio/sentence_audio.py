"""Processes the audio of one sentence: silence, runaway speech, gain and limiting."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from wyoming_voice_stack.tts.audio.frames import Frame, FrameCutter
from wyoming_voice_stack.tts.audio.limiter import soft_limit
from wyoming_voice_stack.tts.audio.loudness_levelling import LoudnessLeveller
from wyoming_voice_stack.tts.audio.loudness_meter import LoudnessMeter
from wyoming_voice_stack.tts.audio.runaway import RunawayDetector
from wyoming_voice_stack.tts.audio.trimming import LEAD_IN_MS, SilenceTrimmer
from wyoming_voice_stack.tts.engine import Samples


class SentenceAudio:
    """Trims silence and runaway speech off a sentence and applies its gain.

    The output does not depend on how the sentence is split into chunks. At the beginning,
    `trimming.HOLD_BACK_MS` are held back, or with `look_ahead` `loudness_meter.MEASURED_MS`; later,
    silence of up to `trimming.MAX_SILENCE_MS` is.
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        leveller: LoudnessLeveller | None = None,
        look_ahead: bool = False,
        runaway: RunawayDetector | None = None,
        lead_in_ms: int = LEAD_IN_MS,
    ) -> None:
        """Take the sentence's context.

        `leveller` knows the loudness of the sentences before. With `look_ahead` the gain depends on the
        loudness of this sentence too. Without `runaway`, no runaway speech is detected.
        """
        self._cutter = FrameCutter(sample_rate)
        self._trimmer = SilenceTrimmer(sample_rate, lead_in_ms)
        self._leveller = leveller or LoudnessLeveller()
        self._look_ahead = look_ahead
        self._runaway = runaway
        self._meter = LoudnessMeter()
        self._without_gain: list[Frame] = []
        self._gain: float | None = None
        self._tail_samples = 0

    @property
    def done(self) -> bool:
        """True once the text is over: the engine may stop, and further audio is dropped."""
        return self._runaway is not None and self._runaway.detected

    @property
    def has_sound(self) -> bool:
        """True once there was sound."""
        return self._trimmer.has_sound

    @property
    def lead_samples(self) -> int:
        """Samples of silence before the first sound of the output."""
        return self._trimmer.lead_samples

    @property
    def tail_samples(self) -> int:
        """Samples of silence after the last sound of the output; set by `finish`."""
        return self._tail_samples

    def push(self, samples: Samples) -> Samples:
        """Take a chunk of any length and return the audio that is ready, shape [samples]."""
        return self._output([] if self.done else self._trim(self._cutter.push(samples)))

    def finish(self) -> Samples:
        """Return what is held back. Nothing may be pushed afterwards."""
        ending = self._trimmer.finish(None if self.done else self._cutter.finish())
        self._tail_samples = ending.silent_samples
        output = self._output([ending.frame], last=True)
        measured = self._meter.loudness
        if measured is not None and self._gain is not None:
            self._leveller.record(measured, self._gain)
        return output

    def _trim(self, frames: Iterable[Frame]) -> list[Frame]:
        trimmed: list[Frame] = []
        for frame in frames:
            trimmed += self._trimmer.push(frame)
            if self._runaway is not None:
                self._runaway.push(frame, self._trimmer.silence_ms)
                if self._runaway.detected:
                    break
        return trimmed

    def _output(self, frames: list[Frame], *, last: bool = False) -> Samples:
        """Apply the gain to the frames, once it is known."""
        for frame in frames:
            self._meter.add(frame)
        self._without_gain += frames
        if self._gain is None:
            measuring = self._look_ahead and not self._meter.complete and not last
            if measuring or not self._without_gain:
                return np.zeros(0, np.float32)
            self._gain = self._leveller.gain(self._meter.loudness if self._look_ahead else None)
        ready, self._without_gain = self._without_gain, []
        if not ready:
            return np.zeros(0, np.float32)
        samples = np.concatenate([frame.samples for frame in ready])
        if self._gain != 1.0:
            samples *= np.float32(self._gain)
        return soft_limit(samples)
