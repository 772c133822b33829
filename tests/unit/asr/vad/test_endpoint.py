from __future__ import annotations

from unittest.mock import Mock

import numpy as np
import pytest

from tests.support.scripted_recognizer import ScriptedVad
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, SpeechSpan
from wyoming_voice_stack.asr.vad.endpoint import (
    MAX_SPEECH_S,
    NO_SPEECH_TIMEOUT_S,
    SENSITIVITY_S,
    Endpoint,
    endpoint_for,
)
from wyoming_voice_stack.asr.vad.segmenter import SpeechSegmenter
from wyoming_voice_stack.asr.vad.silero_network import WINDOW_SAMPLES

WINDOW_S = WINDOW_SAMPLES / SAMPLE_RATE
SILENT, SPOKEN = 0.1, 0.9
SPOKEN_SPAN = SpeechSpan(0, SAMPLE_RATE)


def ended_after(endpoint: Endpoint, probabilities: list[float], then: float = SILENT) -> float:
    """Seconds until an utterance is over whose last window goes on for ever."""
    segmenter = SpeechSegmenter(ScriptedVad(probabilities, then))
    samples = 0
    while not endpoint.reached(segmenter, samples):
        segmenter.push(np.zeros(WINDOW_SAMPLES, np.float32))
        samples += WINDOW_SAMPLES
        assert samples < 200 * SAMPLE_RATE, "it never ends"
    return samples / SAMPLE_RATE


def windows(seconds: float) -> int:
    return round(seconds / WINDOW_S)


@pytest.mark.parametrize("silence_s", [0.25, 0.7, 1.25, 2.0])
def test_silence_after_speech_ends_it(silence_s: float) -> None:
    spoken = [*[SILENT] * windows(2), *[SPOKEN] * windows(1)]
    over = ended_after(Endpoint(silence_s), spoken)
    assert over - len(spoken) * WINDOW_S == pytest.approx(silence_s, abs=WINDOW_S)
    assert over - len(spoken) * WINDOW_S >= silence_s


def test_a_pause_that_is_shorter_does_not() -> None:
    spoken = [SPOKEN] * windows(1) + [SILENT] * windows(0.6) + [SPOKEN] * windows(1)
    over = ended_after(Endpoint(0.7), spoken)
    assert over > len(spoken) * WINDOW_S


def test_silence_before_speech_does_not() -> None:
    silent = [SILENT] * windows(10)
    assert ended_after(Endpoint(0.7), [*silent, *[SPOKEN] * 20]) > 10.64


def test_an_utterance_without_speech_ends() -> None:
    assert ended_after(Endpoint(0.7), []) == pytest.approx(NO_SPEECH_TIMEOUT_S, abs=WINDOW_S)
    clicks = [SILENT, SPOKEN, SPOKEN, SILENT] * 40
    assert ended_after(Endpoint(0.7), clicks) == pytest.approx(NO_SPEECH_TIMEOUT_S, abs=WINDOW_S)


def test_speech_without_a_pause_ends() -> None:
    assert ended_after(Endpoint(0.7), [], SPOKEN) == pytest.approx(MAX_SPEECH_S, abs=WINDOW_S)


@pytest.mark.parametrize(
    ("spans", "silence_ms", "samples"),
    [
        ((), round(NO_SPEECH_TIMEOUT_S * 1000), 0),
        ((SPOKEN_SPAN,), 700, 0),
        ((SPOKEN_SPAN,), 0, round(MAX_SPEECH_S * SAMPLE_RATE)),
    ],
    ids=["no speech", "silence", "no pause"],
)
def test_an_utterance_ends_as_soon_as_a_time_is_reached(
    spans: tuple[SpeechSpan, ...], silence_ms: int, samples: int
) -> None:
    found = Mock(spec=SpeechSegmenter, spans=spans, silence_ms=silence_ms)
    assert Endpoint(0.7).reached(found, samples)
    found.silence_ms -= 1
    assert not Endpoint(0.7).reached(found, samples - 1)


def test_an_utterance_that_is_long_without_speech_is_no_television() -> None:
    segmenter = SpeechSegmenter(ScriptedVad([]))
    assert not Endpoint(0.7).reached(segmenter, 100 * SAMPLE_RATE)


@pytest.mark.parametrize(
    ("sensitivity", "silence_s"),
    [
        (None, 0.7),
        ("default", 0.7),
        ("aggressive", SENSITIVITY_S["aggressive"]),
        ("relaxed", SENSITIVITY_S["relaxed"]),
        ("", 0.7),
        ("unknown", 0.7),
    ],
)
def test_a_request_may_ask_for_more_or_less_silence(
    sensitivity: str | None, silence_s: float
) -> None:
    assert endpoint_for(0.7, sensitivity) == Endpoint(silence_s)
    assert SENSITIVITY_S["aggressive"] < 0.7 < SENSITIVITY_S["relaxed"]


@pytest.mark.parametrize("sensitivity", [None, "aggressive", "relaxed"])
def test_off_the_client_alone_decides(sensitivity: str | None) -> None:
    assert endpoint_for(None, sensitivity) is None
