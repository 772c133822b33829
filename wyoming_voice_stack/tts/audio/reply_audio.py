"""One reply: its sentences joined, as one person would say them."""

from __future__ import annotations

import numpy as np

from wyoming_voice_stack.tts.audio.fades import faded_out
from wyoming_voice_stack.tts.audio.frames import frame_samples
from wyoming_voice_stack.tts.audio.loudness_levelling import LoudnessLeveller
from wyoming_voice_stack.tts.audio.runaway import RunawayDetector
from wyoming_voice_stack.tts.audio.sentence_audio import SentenceAudio
from wyoming_voice_stack.tts.audio.trimming import LEAD_IN_MS
from wyoming_voice_stack.tts.engine import Samples

LOOK_AHEAD_BUFFER_S = 2.0
"""With this much unplayed audio, a sentence may wait until its loudness is measured."""


class ReplyAudio:
    """Takes sentence after sentence, each by `begin`, `push` for its pieces and `end`; then `finish`.

    What all of them return, one after the other, is the reply. The silence after a sentence is held
    back until it is known what follows.
    """

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._evening = LoudnessLeveller()
        self._sentence: SentenceAudio | None = None
        self._spoke = False
        self._tail = np.zeros(0, np.float32)
        # Since the last sound: silence that went out, and silence still due before the next lead-in.
        self._silent_samples = 0
        self._due_samples = 0

    @property
    def done(self) -> bool:
        """True once the sentence's text is over: the engine may stop, what it gives is dropped."""
        return self._sentence is not None and self._sentence.done

    def begin(
        self, pause_ms: int, *, runaway: RunawayDetector | None = None, buffered_s: float = 0
    ) -> Samples:
        """Begin a sentence, and return the beginning of the pause before it.

        Args:
            pause_ms: silence from the last sound of the sentence before to the first of this one;
                the reply's first sentence has none.
            runaway: detects the end of the text, for an engine that may speak past it.
            buffered_s: seconds of audio that the client has not played yet.
        """
        if self._sentence is not None:
            raise RuntimeError("the sentence before has not ended; call end() first")
        lead_in_ms = min(LEAD_IN_MS, pause_ms // 2) if self._spoke else LEAD_IN_MS
        self._sentence = SentenceAudio(
            self._rate,
            evening=self._evening,
            look_ahead=self._spoke and buffered_s >= LOOK_AHEAD_BUFFER_S,
            runaway=runaway,
            lead_in_ms=lead_in_ms,
        )
        if not self._spoke:
            return np.zeros(0, np.float32)
        self._due_samples = self._rate * lead_in_ms // 1000
        pause = self._rate * pause_ms // 1000
        return self._silence(pause - self._due_samples - self._silent_samples)

    def push(self, samples: Samples) -> Samples:
        """Take a piece of the sentence and return what goes out now, shape [samples]."""
        return self._after_pause(self._open().push(samples))

    def end(self) -> Samples:
        """End the sentence and return the rest of its sound."""
        sentence = self._open()
        out = self._after_pause(sentence.finish())
        self._sentence = None
        if not sentence.heard:
            return out
        sound = len(out) - sentence.tail_samples
        self._tail, self._silent_samples = out[sound:], 0
        return out[:sound]

    def finish(self) -> Samples:
        """Return the silence after the last sentence. The reply is over."""
        tail, self._tail = self._tail, np.zeros(0, np.float32)
        return tail

    def _open(self) -> SentenceAudio:
        if self._sentence is None:
            raise RuntimeError("no sentence has begun; call begin() first")
        return self._sentence

    def _after_pause(self, out: Samples) -> Samples:
        """Put the rest of the pause before the first samples of a sentence."""
        if not len(out):
            return out
        self._spoke = True
        due, self._due_samples = self._due_samples, 0
        missing = due - self._open().lead_samples if due else 0
        return np.concatenate([np.zeros(missing, np.float32), out]) if missing > 0 else out

    def _silence(self, samples: int) -> Samples:
        """Return so much silence; what was recorded after the last sound comes first."""
        fade = frame_samples(self._rate)
        # Even without any pause, the last sound keeps what fades it out.
        samples = max(samples, min(fade, len(self._tail)), 0)
        tail, self._tail = self._tail[:samples], np.zeros(0, np.float32)
        self._silent_samples += samples
        rest = np.zeros(samples - len(tail), np.float32)
        return np.concatenate([faded_out(tail, fade), rest])
