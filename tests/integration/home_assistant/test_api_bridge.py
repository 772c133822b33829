"""Home Assistant works with a Wyoming server that speaks and hears through our API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.api_clients.bridge import Bridge, bridging
from tests.integration.home_assistant.home import Home
from tests.integration.home_assistant.setting_up import by_address, entity
from tests.integration.home_assistant.test_home_assistant import SENTENCES, played, spoken
from tests.support.integration.client import words
from tests.support.integration.servers import Server
from wyoming_voice_stack.cli import client

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bridge(
    announced_asr: Server, tts_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bridge]:
    folder = tmp_path_factory.mktemp("bridge")
    with bridging(announced_asr, tts_server, "streamed", folder) as one:
        yield one


async def test_heard_and_spoken(home: Home, bridge: Bridge, announced_asr: Server) -> None:
    made = await by_address(home, bridge)
    entry_id = made["result"]["entry_id"]
    hearing = await entity(home, "stt", entry_id)
    speaking = await entity(home, "tts", entry_id)
    for sentence in SENTENCES:
        heard = await home.heard(hearing, spoken(sentence))
        assert heard["result"] == "success"
        assert words(heard["text"]) == words(sentence)
    kind, sound = await home.spoken(speaking, SENTENCES[1], preferred_format="wav")
    assert kind == "audio/x-wav"
    again = await client.transcribe(announced_asr.uri, played(sound))
    assert words(again.text) == words(SENTENCES[1])
    await home.delete(f"/api/config/config_entries/entry/{entry_id}")
