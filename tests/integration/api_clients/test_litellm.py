from __future__ import annotations

from pathlib import Path

from tests.integration.api_clients.api import ASR_MODEL, base_url
from tests.integration.api_clients.environments import run
from tests.integration.api_clients.sound_files import SENTENCE
from tests.support.integration.client import words
from tests.support.integration.servers import Server


def test_transcription_and_speech(asr_server: Server, tts_server: Server, recordings: Path) -> None:
    found = run(
        "libraries",
        "litellm_calls",
        asr_url=base_url(asr_server),
        tts_url=base_url(tts_server),
        asr_model=ASR_MODEL,
        speech=str(recordings / "speech.wav"),
        text=SENTENCE,
    )
    for name in ("default", "text"):
        assert words(found[name]) == words(SENTENCE)
    assert words(found["whisper"]["text"]) == words(SENTENCE)
    assert "-->" in found["srt"]
    assert found["speech"] > 0
    assert found["stream"]
