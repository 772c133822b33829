"""One sentence: its pieces in, what the client gets out."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from wyoming_voice_stack.tts.audio.frames import Frame, FrameCutter
from wyoming_voice_stack.tts.audio.limiter import limited
from wyoming_voice_stack.tts.audio.loudness_levelling import LoudnessLeveller
from wyoming_voice_stack.tts.audio.loudness_meter import LoudnessMeter
from wyoming_voice_stack.tts.audio.runaway import RunawayDetector
from wyoming_voice_stack.tts.audio.trimming import LEAD_IN_MS, SilenceTrimmer
from wyoming_voice_stack.tts.engine import Samples


class SentenceAudio:
    """Takes the silence and the babble off a sentence and gives it its gain.

    The result does not depend on how the sentence is cut into pieces. Of the beginning,
    `trimming.HOLD_BACK_MS` are held back, or with `look_ahead` `loudness.MEASURED_MS`; later on,
    silence of up to `trimming.MAX_SILENCE_MS` is.
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        evening: LoudnessLeveller | None = None,
        look_ahead: bool = False,
        runaway: RunawayDetector | None = None,
        lead_in_ms: int = LEAD_IN_MS,
    ) -> None:
        """Take what the sentence follows and how it is said.

        `evening` knows the sentences before; with `look_ahead`, this one's own loudness decides on
        its gain, else only theirs. `runaway` knows its text; without, nothing of it is babble.
        """
        self._cutter = FrameCutter(sample_rate)
        self._trimmer = SilenceTrimmer(sample_rate, lead_in_ms)
        self._evening = evening or LoudnessLeveller()
        self._look_ahead = look_ahead
        self._runaway = runaway
        self._meter = LoudnessMeter()
        self._measured: list[Frame] = []
        self._gain: float | None = None
        self._ending_samples = 0

    @property
    def done(self) -> bool:
        """True once the text is over: the engine may stop, what it gives is dropped."""
        return self._runaway is not None and self._runaway.over

    @property
    def heard(self) -> bool:
        """True once there was sound."""
        return self._trimmer.heard

    @property
    def lead_samples(self) -> int:
        """Silence before the first sound in what went out."""
        return self._trimmer.lead_samples

    @property
    def tail_samples(self) -> int:
        """Silence after the last sound in what went out; known when finished."""
        return self._ending_samples

    def push(self, samples: Samples) -> Samples:
        """Take a piece of any length and return what goes out now, shape [samples]."""
        return self._out([] if self.done else self._trimmed(self._cutter.push(samples)))

    def finish(self) -> Samples:
        """Return what is held back. Nothing is pushed any more."""
        ending = self._trimmer.finish(None if self.done else self._cutter.finish())
        self._ending_samples = ending.silent_samples
        out = self._out([ending.frame], last=True)
        heard = self._meter.loudness
        if heard is not None and self._gain is not None:
            self._evening.add(heard, self._gain)
        return out

    def _trimmed(self, frames: Iterable[Frame]) -> list[Frame]:
        trimmed: list[Frame] = []
        for frame in frames:
            trimmed += self._trimmer.push(frame)
            if self._runaway is not None:
                self._runaway.push(frame, self._trimmer.silence_ms)
                if self._runaway.over:
                    break
        return trimmed

    def _out(self, frames: list[Frame], *, last: bool = False) -> Samples:
        """Give the frames their gain, once it is known."""
        for frame in frames:
            self._meter.add(frame)
        self._measured += frames
        if self._gain is None:
            waiting = self._look_ahead and not self._meter.complete and not last
            if waiting or not self._measured:
                return np.zeros(0, np.float32)
            self._gain = self._evening.gain(self._meter.loudness if self._look_ahead else None)
        ready, self._measured = self._measured, []
        if not ready:
            return np.zeros(0, np.float32)
        samples = np.concatenate([frame.samples for frame in ready])
        if self._gain != 1.0:
            samples *= np.float32(self._gain)
        return limited(samples)
