"""Home Assistant shows the voices of Kokoro by language, and speaks with the one that is chosen."""

from __future__ import annotations

import pytest

from tests.integration.home_assistant.home import Home
from tests.integration.home_assistant.setting_up import by_address, entity
from tests.integration.home_assistant.test_home_assistant import SENTENCES, played
from tests.support.integration.client import words
from tests.support.integration.servers import KOKORO_MIXTURE, Server
from wyoming_voice_stack.cli import client

pytestmark = pytest.mark.slow


async def test_voices_by_language(home: Home, kokoro_server: Server, announced_asr: Server) -> None:
    made = await by_address(home, kokoro_server)
    entry_id = made["result"]["entry_id"]
    speaking = await entity(home, "tts", entry_id)

    async def offered(language: str) -> list[str]:
        answer = await home.command("tts/engine/voices", engine_id=speaking, language=language)
        return [voice["voice_id"] for voice in answer["voices"]]

    english = await offered("en-US")
    assert len(english) == 21
    assert {"af_heart", KOKORO_MIXTURE} <= set(english)
    assert set(await offered("es")) == {"ef_dora", "em_alex", "em_santa"}
    for voice in ("af_heart", None):
        kind, sound = await home.spoken(
            speaking, SENTENCES[1], preferred_format="wav", **({"voice": voice} if voice else {})
        )
        assert kind == "audio/x-wav"
        heard = await client.transcribe(announced_asr.uri, played(sound))
        assert words(heard.text) == words(SENTENCES[1])
    await home.delete(f"/api/config/config_entries/entry/{entry_id}")
