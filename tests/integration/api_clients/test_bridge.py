"""A Wyoming server in front of the API does what our own Wyoming servers do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from tests.integration.api_clients.bridge import Bridge, Transport, bridging
from tests.integration.api_clients.sound_files import SENTENCE, spoken
from tests.support.integration import as_home_assistant
from tests.support.integration.client import words
from tests.support.integration.servers import Server
from tests.support.integration.wyoming_bench import bench, runs, write_corpus
from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.cli import client

VOICE = "en_US-joe-medium"
MODES: dict[Transport, tuple[str, str]] = {
    "plain": ("non_streaming", "non_streaming"),
    "streamed": ("both", "both"),
    "realtime": ("both", "non_streaming"),
}
"""What wyoming-openai offers over each transport: speech to text, text to speech."""
RUNS = {"non_streaming": ("non_streaming",), "both": ("non_streaming", "streaming")}
# The small model hears it exactly, however the reply was divided and encoded.
SENTENCES = f"{SENTENCE} Please open the window."


@pytest.fixture(scope="module", params=get_args(Transport))
def bridge(
    request: pytest.FixtureRequest,
    asr_server: Server,
    tts_server: Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Bridge]:
    folder = tmp_path_factory.mktemp("bridge")
    with bridging(asr_server, tts_server, request.param, folder) as one:
        yield one


async def test_what_it_offers(bridge: Bridge) -> None:
    info = await client.describe(bridge.uri)
    assert info.asr
    [program] = info.tts
    assert any(VOICE in voice.name for voice in program.voices)


async def test_heard_as_home_assistant_does(bridge: Bridge) -> None:
    heard = await as_home_assistant.heard(bridge.port, to_pcm16(spoken()))
    assert words(heard) == words(SENTENCE)


async def test_said_as_home_assistant_does(bridge: Bridge, asr_server: Server) -> None:
    recording = await client.synthesize(bridge.uri, SENTENCES)
    heard = await client.transcribe(asr_server.uri, recording)
    assert words(heard.text) == words(SENTENCES)


def test_wyoming_bench(bridge: Bridge, tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path)
    stt_mode, tts_mode = MODES[bridge.transport]
    options = ("--rounds", "1", "--warmup", "0")
    heard = bench("stt", bridge.port, "--corpus", str(corpus), "--mode", stt_mode, *options)
    assert runs(heard) == dict.fromkeys(RUNS[stt_mode], (2, 0))
    assert "SAR=100.0%" in heard
    text = "Dinner is ready. Come to the table."
    said = bench("tts", bridge.port, "--mode", tts_mode, "--texts", text, *options)
    assert runs(said) == dict.fromkeys(RUNS[tts_mode], (1, 0))
