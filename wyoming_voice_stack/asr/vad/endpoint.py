"""When the server itself takes an utterance to be over."""

from __future__ import annotations

from dataclasses import dataclass

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Segmenter

NOBODY_SPEAKS_S = 15.0
"""An utterance in which nobody begins to speak ends after this."""
LONGEST_S = 60.0
"""An utterance that never pauses ends after this: somebody left the television on."""
SENSITIVITY_S = {"aggressive": 0.25, "relaxed": 1.25}
"""Silence that a request asks for by name; the seconds are Home Assistant's."""


@dataclass(frozen=True)
class Endpoint:
    """Ends an utterance by what was heard so far."""

    silence_s: float
    """Silence after speech that ends it."""

    def reached(self, follower: Segmenter, samples: int) -> bool:
        """Judge an utterance of so many samples."""
        silence_s = follower.silence_ms / 1000
        if not follower.spans:
            return silence_s >= NOBODY_SPEAKS_S
        return silence_s >= self.silence_s or samples >= LONGEST_S * SAMPLE_RATE


def endpoint_for(silence_s: float | None, sensitivity: str | None) -> Endpoint | None:
    """Choose by `ASR_ENDPOINT_SILENCE` and the request's `vad_sensitivity`; None leaves it to the client."""
    if silence_s is None:
        return None
    return Endpoint(SENSITIVITY_S.get(sensitivity or "", silence_s))
