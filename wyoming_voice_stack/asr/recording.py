"""The audio of one utterance, converted to the format that engines take."""

from __future__ import annotations

from collections import deque

import numpy as np

from wyoming_voice_stack.asr.engine import SAMPLE_RATE
from wyoming_voice_stack.asr.recorded_audio import (
    BLOCK_SAMPLES,
    AudioBudget,
    AudioExcerpt,
    Pcm16,
)
from wyoming_voice_stack.audio import PcmFormat, SpeechDecoder, to_pcm16_samples
from wyoming_voice_stack.errors import UtteranceTooLong

_STORED = PcmFormat(SAMPLE_RATE, width=2, channels=1)


class Recording:
    """A growing recording in 16 kHz mono, bounded by `max_samples` and by the server's budget.

    Samples are counted from the start of the utterance. Those that nothing needs any more are
    dropped, which does not change the numbers of the others.
    """

    def __init__(self, max_samples: int, budget: AudioBudget | None = None) -> None:
        self._max_samples = max_samples
        self._budget = budget or AudioBudget()
        self._blocks: deque[Pcm16] = deque()
        self._first = 0
        """Number of the first sample that is still kept; a multiple of the block's length."""
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
            Busy: the server holds too much audio.
        """
        if pcm != self._pcm or self._decoder is None:
            self.flush()
            self._pcm, self._decoder = pcm, SpeechDecoder(pcm, SAMPLE_RATE)
        if pcm == _STORED and self._decoder.aligned and not len(audio) % _STORED.frame_bytes:
            # Converting it to float and back would give the same samples.
            self._store(np.frombuffer(audio, "<i2"))
        else:
            self._store(to_pcm16_samples(self._decoder.push(audio)))

    def flush(self) -> None:
        """Append the samples that the resampler still holds."""
        if self._decoder is not None:
            self._store(to_pcm16_samples(self._decoder.finish()))
            self._decoder = None

    def excerpt(self, start: int, stop: int) -> AudioExcerpt:
        """Return the samples from `start` to `stop` that are still kept; it lasts as long as needed."""
        start, stop = max(start, self._first), min(stop, self.samples)
        pieces: list[Pcm16] = []
        while start < stop:
            number, offset = divmod(start - self._first, BLOCK_SAMPLES)
            piece = self._blocks[number][offset : offset + stop - start]
            pieces.append(piece)
            start += len(piece)
        return AudioExcerpt(pieces)

    def drop_before(self, sample: int) -> None:
        """Free the memory of all whole blocks before `sample`."""
        while self._blocks and self._first + BLOCK_SAMPLES <= min(sample, self.samples):
            self._budget.give_back(len(self._blocks))
            self._blocks.popleft()
            self._first += BLOCK_SAMPLES

    def close(self) -> None:
        """Free all memory. May be called twice."""
        while self._blocks:
            self._budget.give_back(len(self._blocks))
            self._blocks.pop()
        self._decoder = None

    def _store(self, samples: Pcm16) -> None:
        if self.samples + len(samples) > self._max_samples:
            raise UtteranceTooLong(
                f"The utterance is longer than {self._max_samples // SAMPLE_RATE} s; send it in"
                " parts, or raise ASR_MAX_UTTERANCE_SECONDS."
            )
        rest = samples
        while len(rest):
            number, offset = divmod(self.samples - self._first, BLOCK_SAMPLES)
            if number == len(self._blocks):
                self._budget.take(len(self._blocks))
                self._blocks.append(np.empty(BLOCK_SAMPLES, np.int16))
            count = min(len(rest), BLOCK_SAMPLES - offset)
            self._blocks[number][offset : offset + count] = rest[:count]
            self.samples += count
            rest = rest[count:]
