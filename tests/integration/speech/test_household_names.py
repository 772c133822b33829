"""A real server that reads names from a fake Home Assistant."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path

from tests.support.fake_servers.fake_home_assistant import NAMES, TOKEN, home_assistant
from tests.support.fakes import eventually
from tests.support.integration.client import words
from tests.support.integration.servers import EMBEDDED_WHISPER, running
from tests.support.speech import say
from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.cli import client

SAID = "Turn on the reading lamp in the studio."


async def test_are_read_and_speech_is_heard(tmp_path: Path) -> None:
    async with home_assistant() as fake:
        with ExitStack() as stack:
            settings = {"ASR_MODEL": EMBEDDED_WHISPER, "HASS_URL": fake.url, "HASS_TOKEN": TOKEN}
            # The fake needs this event loop while the server starts.
            server = await asyncio.to_thread(
                stack.enter_context, running("asr", tmp_path, settings)
            )
            await eventually(lambda: f"{len(NAMES)} names from Home Assistant" in server.log)
            recording = client.AudioClip(16000, 2, 1, to_pcm16(say(SAID)))
            heard = await client.transcribe(server.uri, recording, language="en")
            assert words(heard.text) == words(SAID)
            assert "lamp" not in server.log.lower()
            assert TOKEN not in server.log
            await asyncio.to_thread(stack.close)


async def test_speech_is_transcribed_while_home_assistant_is_away(tmp_path: Path) -> None:
    settings = {
        "ASR_MODEL": EMBEDDED_WHISPER,
        "HASS_URL": "http://127.0.0.1:9",
        "HASS_TOKEN": TOKEN,
    }
    with running("asr", tmp_path, settings) as server:
        recording = client.AudioClip(16000, 2, 1, to_pcm16(say(SAID)))
        heard = await client.transcribe(server.uri, recording, language="en")
        assert words(heard.text) == words(SAID)
        assert "Traceback" not in server.log
