"""Joins the sentences of one reply, with pauses between them."""

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
    """Takes each sentence by `begin`, `push` for each of its chunks, and `end`; then `finish`.

    The samples that they return, concatenated, are the reply. The silence after a sentence is held
    back until it is known what follows.
    """

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._leveller = LoudnessLeveller()
        self._sentence: SentenceAudio | None = None
        self._started = False
        self._tail = np.zeros(0, np.float32)
        # Since the last sound: silence that was returned, and silence still due before the next lead-in.
        self._silent_samples = 0
        self._due_samples = 0

    @property
    def done(self) -> bool:
        """True once the sentence's text is over: the engine may stop, and further audio is dropped."""
        return self._sentence is not None and self._sentence.done

    def begin(
        self, pause_ms: int, *, runaway: RunawayDetector | None = None, buffered_s: float = 0
    ) -> Samples:
        """Begin a sentence, and return the beginning of the pause before it.

        Args:
            pause_ms: silence from the last sound of the previous sentence to the first of this one;
                there is none before the first sentence of the reply.
            runaway: detects the end of the text, for an engine that may speak past it.
            buffered_s: seconds of audio that the client has not played yet.
        """
        if self._sentence is not None:
            raise RuntimeError("the previous sentence has not ended; call end() first")
        lead_in_ms = min(LEAD_IN_MS, pause_ms // 2) if self._started else LEAD_IN_MS
        self._sentence = SentenceAudio(
            self._sample_rate,
            leveller=self._leveller,
            look_ahead=self._started and buffered_s >= LOOK_AHEAD_BUFFER_S,
            runaway=runaway,
            lead_in_ms=lead_in_ms,
        )
        if not self._started:
            return np.zeros(0, np.float32)
        self._due_samples = self._sample_rate * lead_in_ms // 1000
        pause_samples = self._sample_rate * pause_ms // 1000
        return self._silence(pause_samples - self._due_samples - self._silent_samples)

    def push(self, samples: Samples) -> Samples:
        """Take a chunk of the sentence and return the audio that is ready, shape [samples]."""
        return self._after_pause(self._current().push(samples))

    def end(self) -> Samples:
        """End the sentence and return the rest of its audio."""
        sentence = self._current()
        output = self._after_pause(sentence.finish())
        self._sentence = None
        if not sentence.has_sound:
            return output
        sound_samples = len(output) - sentence.tail_samples
        self._tail, self._silent_samples = output[sound_samples:], 0
        return output[:sound_samples]

    def finish(self) -> Samples:
        """End the reply and return the silence after its last sentence."""
        tail, self._tail = self._tail, np.zeros(0, np.float32)
        return tail

    def _current(self) -> SentenceAudio:
        if self._sentence is None:
            raise RuntimeError("no sentence has begun; call begin() first")
        return self._sentence

    def _after_pause(self, output: Samples) -> Samples:
        """Put the rest of the pause before the first samples of a sentence."""
        if not len(output):
            return output
        self._started = True
        due, self._due_samples = self._due_samples, 0
        missing = due - self._current().lead_samples if due else 0
        return np.concatenate([np.zeros(missing, np.float32), output]) if missing > 0 else output

    def _silence(self, samples: int) -> Samples:
        """Return this much silence; what was recorded after the last sound comes first."""
        fade_samples = frame_samples(self._sample_rate)
        # Even without any pause, the last sound keeps its fade-out.
        samples = max(samples, min(fade_samples, len(self._tail)), 0)
        tail, self._tail = self._tail[:samples], np.zeros(0, np.float32)
        self._silent_samples += samples
        rest = np.zeros(samples - len(tail), np.float32)
        return np.concatenate([faded_out(tail, fade_samples), rest])
