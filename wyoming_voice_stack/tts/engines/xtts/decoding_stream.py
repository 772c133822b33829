"""One sentence in progress: the request, its tokens so far, and when its next audio is due."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wyoming_voice_stack.tts.engines.xtts.audio_queue import AudioQueue
from wyoming_voice_stack.tts.engines.xtts.speakers import SpeakerConditioning
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer

TOKEN_S = 1024 / 22050
"""Audio of a token, in seconds."""
FIRST_CHUNK_TOKENS = 8
"""Audio tokens before the first chunk at least: 0.37 s, of which the vocoder holds half back."""
FIRST_CHUNK_S = 0.199
"""Audio of the vocoder's first window."""
SECOND_CHUNK_TOKENS = 16
"""Audio tokens from which the vocoder has its second window."""
LARGEST_CHUNK_TOKENS = 40
"""Each chunk has twice as many tokens as the one before, up to this number: 1.86 s."""
LOW_BUFFER_SECONDS = 1.0
"""Below this much buffered audio, a reply gets chunks as small as its first."""


@dataclass(frozen=True)
class DecodingRequest:
    """What the model decodes in one pass."""

    text_tokens: tuple[int, ...]
    conditioning: SpeakerConditioning
    speed: float
    playback: PlaybackBuffer


def first_chunk_tokens(step_s: float, window_s: float) -> int:
    """Return the audio tokens before the first chunk: it plays until the second chunk is ready.

    `step_s` is the time for a token, `window_s` that for a window of the vocoder. A decoder slower than
    speech cannot speak without gaps, so its first chunk does not wait.
    """
    if not 0 < step_s < TOKEN_S:
        return FIRST_CHUNK_TOKENS
    while_playing = (FIRST_CHUNK_S - window_s) / step_s
    tokens = math.ceil(SECOND_CHUNK_TOKENS - while_playing)
    return max(FIRST_CHUNK_TOKENS, min(tokens, SECOND_CHUNK_TOKENS - 1))


class DecodingStream:
    """A request's state, shared by the thread that decodes tokens and the one that runs the vocoder.

    The decoder's thread calls `add` and sets `finished`; the vocoder's thread calls `pull`.
    """

    def __init__(
        self,
        request: DecodingRequest,
        audio: AudioQueue,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.request = request
        self.audio = audio
        self.row: int | None = None
        """Row in the key-value cache; None before decoding starts."""
        self.vocoder_stream: Any = None
        """Its `VocoderStream`; None before decoding starts."""
        self.last_token = 0
        self.token_count = 0
        """Audio tokens drawn so far."""
        self.finished = False
        """True once no more tokens follow."""
        self.truncated = False
        """True if the model did not end the sentence within its limit."""
        self.complete = False
        """True once all audio was pulled."""
        self.handed_over = False
        """True once the vocoder's own thread produces the audio."""
        self._speedup = max(1.0, request.speed)
        self._chunk_tokens = FIRST_CHUNK_TOKENS
        self._decoded_tokens = 0.0
        self._examined_tokens = 0
        self._clock = clock
        self._began_at = 0.0

    @property
    def buffered_s(self) -> float:
        """Audio produced and not played yet, in seconds; `-inf` before the reply's first chunk."""
        buffered_s = self.request.playback.buffered_s
        if math.isfinite(buffered_s):
            return buffered_s + self.audio.unread_s
        return self.audio.unread_s if self._decoded_tokens else -math.inf

    @property
    def due(self) -> bool:
        """True if the next chunk should be produced."""
        if self.finished:
            return not self.complete
        if self.token_count == self._examined_tokens:
            # All tokens were examined already, and may have been too few for a window.
            return bool(self.vocoder_stream.has_more)
        pending = (self.token_count - self._decoded_tokens) / self._speedup
        playing = math.isfinite(self.request.playback.buffered_s)
        urgent = playing and self.buffered_s < LOW_BUFFER_SECONDS
        if not self._decoded_tokens and not playing:
            enough = pending >= self._first_chunk_tokens()
        else:
            enough = pending >= (FIRST_CHUNK_TOKENS if urgent else self._chunk_tokens)
        return enough or bool(self.vocoder_stream.has_more)

    def add(self, token: int, latent: Any) -> None:
        """Add the next audio token and its latent, of shape [width]."""
        self.vocoder_stream.add(latent)
        self.last_token = token
        if self.token_count == 0:
            self._began_at = self._clock()
        # Incremented last: the other thread may read every token that is counted.
        self.token_count += 1

    def _first_chunk_tokens(self) -> int:
        steps = (self.token_count - 1) / self._speedup
        if steps <= 0:
            return FIRST_CHUNK_TOKENS
        step_s = (self._clock() - self._began_at) / steps
        # After a start, the vocoder's speed is not known.
        return first_chunk_tokens(step_s, self.vocoder_stream.window_s or FIRST_CHUNK_S / 2)

    def pull(self) -> Any:
        """Decode a window of final samples, of shape [samples]; None if there is none yet."""
        finished, tokens = self.finished, self.token_count
        samples = self.vocoder_stream.pull(last=finished)
        self._examined_tokens = tokens
        if samples is not None:
            self._decoded_tokens = self.vocoder_stream.decoded_tokens
            self._chunk_tokens = min(2 * self._chunk_tokens, LARGEST_CHUNK_TOKENS)
        self.complete = finished and not self.vocoder_stream.has_more
        return samples
