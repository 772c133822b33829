"""What an utterance tells of its speech while the audio arrives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.asr_client import OPTIONS, loaded_worker, serving
from tests.support.fakes import FakeRecognizer
from wyoming_voice_stack.asr.utterance_request import UtteranceRequest
from wyoming_voice_stack.asr.vad.segmenter import LEAD_MS
from wyoming_voice_stack.audio import PcmFormat

SPEECH = PcmFormat(rate=16000, width=2, channels=1)
LONG = replace(OPTIONS, max_utterance_s=100, partial_text=False)


def pcm(seconds: float, *, loud: bool) -> bytes:
    return (b"\x20" if loud else b"\0") * (2 * round(seconds * 16000))


@pytest.fixture
def engine() -> FakeRecognizer:
    return FakeRecognizer()


async def test_speech_and_silence(engine: FakeRecognizer) -> None:
    async with serving(engine, LONG) as service:
        await loaded_worker(service)
        utterance = service.open_utterance(UtteranceRequest())
        assert utterance.activity is None
        await utterance.push(SPEECH, pcm(2.0, loud=False))
        silent = utterance.activity
        await utterance.push(SPEECH, pcm(1.0, loud=True))
        speaking = utterance.activity
        await utterance.push(SPEECH, pcm(0.7, loud=False))
        over = utterance.activity
        utterance.close()
    assert silent is not None
    assert speaking is not None
    assert over is not None
    assert (silent.audio_s, silent.speech_start_s, silent.paused) == (2.0, None, False)
    assert silent.silence_s == pytest.approx(2.0, abs=0.05)
    assert speaking.speech_start_s == pytest.approx(2.0 - LEAD_MS / 1000, abs=0.05)
    assert (speaking.silence_s, speaking.paused) == (pytest.approx(0.0, abs=0.05), False)
    assert over.speech_start_s == speaking.speech_start_s
    assert (over.silence_s, over.paused) == (pytest.approx(0.7, abs=0.05), True)
    assert over.audio_s == pytest.approx(3.7)


@pytest.mark.parametrize(("began_s_ago", "speculative"), [(0.0, 0), (61.5, 1)])
async def test_audio_received_before_is_live(
    engine: FakeRecognizer, began_s_ago: float, speculative: int
) -> None:
    async with serving(engine, LONG) as service:
        await loaded_worker(service)
        utterance = service.open_utterance(UtteranceRequest(), began_s_ago=began_s_ago)
        # A minute, so that even a machine that stalls for seconds does not make a file live.
        await utterance.push(SPEECH, pcm(60.0, loud=False))
        await utterance.push(SPEECH, pcm(1.0, loud=True) + pcm(0.5, loud=False))
        assert utterance._jobs.speculative == speculative
        utterance.close()
