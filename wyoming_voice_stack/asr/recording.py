"""The audio of one utterance, converted to the format that engines take."""

from __future__ import annotations

import numpy as np

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples
from wyoming_voice_stack.audio import PcmFormat, SpeechDecoder
from wyoming_voice_stack.errors import UtteranceTooLong

_INITIAL_SAMPLES = 8 * SAMPLE_RATE


class Recording:
    """A growing buffer of 16 kHz mono samples, bounded by `max_samples`."""

    def __init__(self, max_samples: int) -> None:
        self._max_samples = max_samples
        self._buffer: Samples = np.empty(min(_INITIAL_SAMPLES, max_samples), np.float32)
        self._decoder: SpeechDecoder | None = None
        self._pcm: PcmFormat | None = None
        self.samples = 0

    @property
    def seconds(self) -> float:
        """Duration of the audio so far."""
        return self.samples / SAMPLE_RATE

    def append(self, pcm: PcmFormat, audio: bytes) -> None:
        """Append a chunk; its format may differ from the previous chunk's.

        Raises:
            UtteranceTooLong: the audio exceeds the limit.
        """
        if pcm != self._pcm or self._decoder is None:
            self.flush()
            self._pcm, self._decoder = pcm, SpeechDecoder(pcm, SAMPLE_RATE)
        self._add(self._decoder.push(audio))

    def flush(self) -> None:
        """Append the samples that the resampler still holds."""
        if self._decoder is not None:
            self._add(self._decoder.finish())
            self._decoder = None

    def view(self, start: int, stop: int) -> Samples:
        """Return a view of the samples from `start` to `stop`; copy it to keep it."""
        return self._buffer[start:stop]

    def _add(self, samples: Samples) -> None:
        end = self.samples + len(samples)
        if end > self._max_samples:
            raise UtteranceTooLong(
                f"The utterance is longer than {self._max_samples // SAMPLE_RATE} s; send it in"
                " parts, or raise ASR_MAX_UTTERANCE_SECONDS."
            )
        if end > len(self._buffer):
            larger = np.empty(min(max(end, 2 * len(self._buffer)), self._max_samples), np.float32)
            larger[: self.samples] = self._buffer[: self.samples]
            self._buffer = larger
        self._buffer[self.samples : end] = samples
        self.samples = end
