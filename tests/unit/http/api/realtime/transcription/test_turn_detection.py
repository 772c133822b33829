"""When an utterance is over, at each of its limits."""

from __future__ import annotations

import pytest

from wyoming_voice_stack.asr.vad.endpoint import SpeechActivity
from wyoming_voice_stack.http.api.realtime.session_config import TurnDetection
from wyoming_voice_stack.http.api.realtime.turn_detection import (
    MAX_SILENT_SECONDS,
    MAX_TURN_SECONDS,
    Turn,
    turn_of,
)

LONGEST_S = 100.0
DETECTION = TurnDetection(silence_ms=500)


@pytest.mark.parametrize(
    ("activity", "turn"),
    [
        (None, Turn.WAITING),
        (SpeechActivity(MAX_SILENT_SECONDS - 0.1, None, 0.0, paused=False), Turn.WAITING),
        (SpeechActivity(MAX_SILENT_SECONDS, None, 0.0, paused=False), Turn.SILENT),
        (SpeechActivity(5.0, 1.0, 0.499, paused=True), Turn.SPEAKING),
        (SpeechActivity(5.0, 1.0, 0.5, paused=True), Turn.OVER),
        (SpeechActivity(MAX_TURN_SECONDS - 0.1, 1.0, 0.1, paused=True), Turn.SPEAKING),
        (SpeechActivity(MAX_TURN_SECONDS, 1.0, 0.1, paused=True), Turn.OVER),
        (SpeechActivity(LONGEST_S - 0.1, 1.0, 0.0, paused=False), Turn.SPEAKING),
        (SpeechActivity(LONGEST_S, 1.0, 0.0, paused=False), Turn.OVER),
    ],
)
def test_turn(activity: SpeechActivity | None, turn: Turn) -> None:
    assert turn_of(activity, DETECTION, LONGEST_S) is turn
