"""One sentence while it is spoken: what was asked for, what is there, what is due."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from wyoming_voice_stack.tts.engines.xtts.outbox import Outbox
from wyoming_voice_stack.tts.engines.xtts.speakers import SpeakerConditioning
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer

FIRST_CHUNK_TOKENS = 8
"""Audio tokens before the first piece of sound: 0.37 s, of which the vocoder holds half back."""
LARGEST_CHUNK_TOKENS = 40
"""Each piece is of twice as many tokens as the one before, up to these: 1.86 s."""
LITTLE_SECONDS = 1.0
"""With less sound in hand than this, a reply gets pieces as small as its first."""


@dataclass(frozen=True)
class DecodingRequest:
    """What the model says in one go."""

    text_tokens: tuple[int, ...]
    likeness: SpeakerConditioning
    speed: float
    playback: PlaybackBuffer


class DecodingStream:
    """A line's way through the engine, from the thread that makes tokens to that which makes sound.

    The former adds and says when it has `finished`, the latter pulls.
    """

    def __init__(self, line: DecodingRequest, outbox: Outbox) -> None:
        self.line = line
        self.outbox = outbox
        self.row: int | None = None
        """Where its keys and values are; None before it has begun."""
        self.sound: Any = None
        """Its `VocoderStream`, once it has begun."""
        self.token = 0
        """The last that was drawn."""
        self.tokens = 0
        """How many were drawn."""
        self.finished = False
        """True once no token follows."""
        self.cut = False
        """True if the line has not come to its end within the model's limit."""
        self.complete = False
        """True once all its sound was pulled."""
        self.handed_over = False
        """True once a thread of its own makes its sound."""
        self._hastened = max(1.0, line.speed)
        self._chunk_tokens = FIRST_CHUNK_TOKENS
        self._decoded_tokens = 0
        self._looked_at_tokens = 0

    @property
    def in_hand_s(self) -> float:
        """Sound that is there and not heard yet; `-inf` before the reply's first piece."""
        buffered_s = self.line.playback.buffered_s
        if math.isfinite(buffered_s):
            return buffered_s + self.outbox.unread_s
        return self.outbox.unread_s if self._decoded_tokens else -math.inf

    @property
    def due(self) -> bool:
        """True if there is a piece of sound to be made."""
        if self.finished:
            return not self.complete
        if self.tokens == self._looked_at_tokens:
            # All there is was looked at, and might have made no window.
            return bool(self.sound.behind)
        pending = (self.tokens - self._decoded_tokens) / self._hastened
        hurried = math.isfinite(self.line.playback.buffered_s) and self.in_hand_s < LITTLE_SECONDS
        enough = pending >= (FIRST_CHUNK_TOKENS if hurried else self._chunk_tokens)
        return enough or bool(self.sound.behind)

    def add(self, token: int, latent: Any) -> None:
        """Take the next audio token and its latent, of shape [width]."""
        self.sound.push(latent)
        self.token = token
        # Counted last: what is counted is there, whoever looks.
        self.tokens += 1

    def pull(self) -> Any:
        """Decode a window of what is final, of shape [samples]; None if nothing is."""
        finished, tokens = self.finished, self.tokens
        samples = self.sound.pull(last=finished)
        self._looked_at_tokens = tokens
        if samples is not None:
            self._decoded_tokens = tokens
            self._chunk_tokens = min(2 * self._chunk_tokens, LARGEST_CHUNK_TOKENS)
        self.complete = finished and not self.sound.behind
        return samples
