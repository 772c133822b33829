from __future__ import annotations

from pathlib import Path

from tests.integration.api_clients.api import base_url
from tests.integration.api_clients.environments import run
from tests.integration.api_clients.sound_files import SENTENCE, decoded
from tests.support.integration.client import words
from tests.support.integration.servers import Server
from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.cli import client


async def test_three_services(
    asr_server: Server, tts_server: Server, recordings: Path, tmp_path: Path
) -> None:
    said = tmp_path / "said.wav"
    found = run(
        "libraries",
        "pipecat_services",
        asr_url=base_url(asr_server),
        tts_url=base_url(tts_server),
        speech=str(recordings / "speech.wav"),
        text=SENTENCE,
        said=str(said),
    )
    assert found["errors"] == []
    assert words(" ".join(found["heard"])) == words(SENTENCE)
    assert words(" ".join(found["heard_live"])) == words(SENTENCE)
    sound = to_pcm16(decoded(said))
    heard = await client.transcribe(asr_server.uri, client.AudioClip(16000, 2, 1, sound))
    assert words(heard.text) == words(SENTENCE)
