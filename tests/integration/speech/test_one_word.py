"""One-word answers are recognised, and spoken with little silence around them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.integration.client import words
from tests.support.integration.servers import Server
from wyoming_voice_stack.cli import client
from wyoming_voice_stack.cli.client import AudioClip

FRAME_S = 0.005
SILENT_RMS = 10 ** (-50 / 20)
LONGEST_LEAD_S = 0.07
LONGEST_TAIL_S = 0.13
LONGEST_WORD_S = 1.2
ALIKE = {"ok": "okay"}


def silence_around(recording: AudioClip) -> tuple[float, float]:
    """Seconds of silence at the start and at the end."""
    samples = np.frombuffer(recording.pcm, np.int16).astype(np.float32) / 32768
    step = round(recording.rate * FRAME_S)
    frames = samples[: len(samples) // step * step].reshape(-1, step)
    loud = np.flatnonzero(np.sqrt(np.mean(frames**2, axis=1)) > SILENT_RMS)
    return float(loud[0]) * FRAME_S, float(len(frames) - 1 - loud[-1]) * FRAME_S


def alike(text: str) -> list[str]:
    return [ALIKE.get(word, word) for word in words(text)]


@pytest.mark.parametrize("answer", ["Ok.", "Yes.", "Done.", "Okay", "Stop.", "Good night."])
async def test_is_heard_and_nothing_else(
    asr_server: Server, tts_server: Server, answer: str
) -> None:
    recording = await client.synthesize(tts_server.uri, answer)
    lead_s, tail_s = silence_around(recording)
    assert lead_s <= LONGEST_LEAD_S
    assert tail_s <= LONGEST_TAIL_S
    assert 0.2 < recording.seconds - lead_s - tail_s < LONGEST_WORD_S
    heard = await client.transcribe(asr_server.uri, recording, language="en")
    assert alike(heard.text) == alike(answer)
