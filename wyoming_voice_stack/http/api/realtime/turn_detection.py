"""Decides when an utterance is over, if the client leaves that to the server."""

from __future__ import annotations

from enum import Enum, auto

from wyoming_voice_stack.asr.vad.endpoint import SpeechActivity
from wyoming_voice_stack.http.api.realtime.session_config import TurnDetection

MAX_TURN_SECONDS = 60.0
"""An utterance of this length ends at its next pause, however short."""
MAX_SILENT_SECONDS = 15.0
"""Silence of this length before speech is discarded; the utterance begins again."""


class Turn(Enum):
    """State of an utterance."""

    WAITING = auto()
    """No speech so far."""
    SILENT = auto()
    """No speech for so long that the audio can be discarded."""
    SPEAKING = auto()
    OVER = auto()


def turn_of(
    activity: SpeechActivity | None, detection: TurnDetection, max_utterance_s: float
) -> Turn:
    """Return the state of an utterance that may last `max_utterance_s`; None stands for no activity."""
    if activity is None:
        return Turn.WAITING
    if activity.speech_start_s is None:
        return Turn.SILENT if activity.audio_s >= MAX_SILENT_SECONDS else Turn.WAITING
    is_long = activity.audio_s >= MAX_TURN_SECONDS
    if (
        activity.silence_s * 1000 >= detection.silence_ms
        or (is_long and activity.paused)
        or activity.audio_s >= max_utterance_s
    ):
        return Turn.OVER
    return Turn.SPEAKING
