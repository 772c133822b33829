from __future__ import annotations

from pathlib import Path

from tests.integration.api_clients.api import base_url
from tests.integration.api_clients.environments import run
from tests.integration.api_clients.sound_files import SENTENCE, decoded
from tests.support.integration.client import words
from tests.support.integration.servers import Server
from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.cli import client


async def test_hearing_and_speaking(
    asr_server: Server, tts_server: Server, recordings: Path, tmp_path: Path
) -> None:
    said = tmp_path / "said.pcm"
    found = run(
        "libraries",
        "openai_realtime",
        asr_url=base_url(asr_server),
        tts_url=base_url(tts_server),
        pcm=str(recordings / "speech.pcm"),
        text=SENTENCE,
        said=str(said),
    )
    begun, *turns, empty = found["heard"]
    assert [event["type"] for event in begun] == ["session.created", "session.updated"]
    items = set()
    for turn in turns:
        *_, completed = turn
        deltas = [event["delta"] for event in turn if event["type"].endswith(".delta")]
        assert words(completed["transcript"]) == words(SENTENCE)
        assert "".join(deltas) == completed["transcript"]
        committed = [each for each in turn if each["type"] == "input_audio_buffer.committed"]
        assert [each["item_id"] for each in committed] == [completed["item_id"]]
        items.add(completed["item_id"])
    assert len(items) == 2
    assert empty[-1]["error"]["code"] == "input_audio_buffer_commit_empty"

    kinds = [event["type"] for event in found["spoken"]]
    assert kinds[0] == "session.created"
    done = found["spoken"][-1]["response"]
    created = next(each for each in found["spoken"] if each["type"] == "response.created")
    assert (done["id"], done["status"]) == (created["response"]["id"], "completed")
    [transcript] = [
        event["transcript"]
        for event in found["spoken"]
        if event["type"] == "response.output_audio_transcript.done"
    ]
    assert transcript == SENTENCE
    heard = await client.transcribe(
        asr_server.uri, client.AudioClip(16000, 2, 1, to_pcm16(decoded(said)))
    )
    assert words(heard.text) == words(SENTENCE)
