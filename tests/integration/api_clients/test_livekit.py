from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.api_clients.api import base_url
from tests.integration.api_clients.environments import Environment, run
from tests.integration.api_clients.sound_files import SENTENCE, decoded
from tests.support.integration.client import words
from tests.support.integration.servers import Server
from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.cli import client

MODELS = ("gpt-4o-mini-tts", "tts-1")


@pytest.mark.parametrize("environment", ["libraries", "older-livekit"])
async def test_speech_as_events_and_as_bytes(
    environment: Environment, tts_server: Server, asr_server: Server, tmp_path: Path
) -> None:
    run(
        environment,
        "livekit_speaks",
        base_url=base_url(tts_server),
        text=SENTENCE,
        folder=str(tmp_path),
        models=MODELS,
    )
    for model in MODELS:
        sound = to_pcm16(decoded(tmp_path / f"{model}.wav"))
        heard = await client.transcribe(asr_server.uri, client.AudioClip(16000, 2, 1, sound))
        assert words(heard.text) == words(SENTENCE)


def test_transcription_and_live_speech(multilingual_asr: Server, recordings: Path) -> None:
    found = run(
        "libraries",
        "livekit_hears",
        base_url=base_url(multilingual_asr),
        speech=str(recordings / "live.wav"),
        other_language="de",
    )
    assert [words(each["text"]) for each in found["whole"].values()] == [words(SENTENCE)] * 2
    for turn in found["live"]:
        assert words(turn["text"]) == words(SENTENCE)
        # The use of the turn before is reported after its transcript.
        kinds = [kind for kind in turn["kinds"] if kind != "recognition_usage"]
        assert kinds[0] == "start_of_speech"
        assert kinds.index("end_of_speech") < kinds.index("final_transcript")
