"""Endpoint detection: when the server itself ends an utterance."""

from __future__ import annotations

from dataclasses import dataclass

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Segmenter

NO_SPEECH_TIMEOUT_S = 15.0
"""An utterance without speech ends after this."""
MAX_SPEECH_S = 60.0
"""An utterance without a pause ends after this: a television may be on."""
SENSITIVITY_S = {"aggressive": 0.25, "relaxed": 1.25}
"""Silence that ends an utterance, by `vad_sensitivity`; Home Assistant's values."""


@dataclass(frozen=True)
class SpeechActivity:
    """The speech found in an utterance so far; times are in seconds."""

    audio_s: float
    """Duration of all audio so far."""
    speech_start_s: float | None
    """Start of the first speech, with the audio that is kept before it; None without speech."""
    silence_s: float
    """Time since the last speech, or since the start if there was none."""
    paused: bool
    """True when the last speech was followed by a pause, however short."""


def speech_activity(segmenter: Segmenter, samples: int) -> SpeechActivity:
    """Return what was found in an utterance of this many samples."""
    spans = segmenter.spans
    return SpeechActivity(
        audio_s=samples / SAMPLE_RATE,
        speech_start_s=spans[0].start / SAMPLE_RATE if spans else None,
        silence_s=segmenter.silence_ms / 1000,
        paused=segmenter.paused,
    )


@dataclass(frozen=True)
class Endpoint:
    """Decides whether an utterance is over."""

    silence_s: float
    """Silence after speech that ends the utterance."""

    def reached(self, segmenter: Segmenter, samples: int) -> bool:
        """Return True if an utterance of this many samples is over."""
        silence_s = segmenter.silence_ms / 1000
        if not segmenter.spans:
            return silence_s >= NO_SPEECH_TIMEOUT_S
        return silence_s >= self.silence_s or samples >= MAX_SPEECH_S * SAMPLE_RATE


def endpoint_for(silence_s: float | None, sensitivity: str | None) -> Endpoint | None:
    """Combine `ASR_ENDPOINT_SILENCE` and the request's sensitivity; None if the client decides."""
    if silence_s is None:
        return None
    return Endpoint(SENSITIVITY_S.get(sensitivity or "", silence_s))
