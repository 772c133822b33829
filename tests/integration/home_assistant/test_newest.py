"""What only newer releases of Home Assistant do: send and receive at once, and ask again what a server has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.integration.home_assistant.home import Home, until
from tests.integration.home_assistant.process import HomeAssistant
from tests.integration.home_assistant.setting_up import assistant, by_address, entity
from tests.integration.home_assistant.test_home_assistant import SENTENCES, spoken
from tests.support.integration.client import words
from tests.support.integration.servers import EMBEDDED_WHISPER, Server, free_port, running

pytestmark = pytest.mark.slow

CHUNK_BYTES = 4096


@pytest.fixture(autouse=True)
def newest(home_assistant: HomeAssistant) -> None:
    if home_assistant.release != "newest":
        pytest.skip("older releases do not do this")


@pytest.fixture(scope="module")
def ending_asr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Whisper tiny.en, which ends an utterance by itself."""
    with running(
        *("asr", tmp_path_factory.mktemp("ending")),
        ASR_MODEL=EMBEDDED_WHISPER,
        ASR_ENDPOINT_SILENCE="0.5",
    ) as server:
        yield server


@pytest.fixture
def other_voice(steady_voice: Path, tmp_path: Path) -> Path:
    """The same voice by another name."""
    other = tmp_path / "en_US-other-medium.onnx"
    other.symlink_to(steady_voice.resolve())
    config = steady_voice.with_name(f"{steady_voice.name}.json")
    other.with_name(f"{other.name}.json").write_bytes(config.read_bytes())
    return other


class TestServerEndsTheUtterance:
    async def test_text_while_the_upload_goes_on(self, home: Home, ending_asr: Server) -> None:
        made = await by_address(home, ending_asr)
        answered = asyncio.Event()

        async def microphone() -> AsyncIterator[bytes]:
            pcm = spoken(SENTENCES[0])
            for start in range(0, len(pcm), CHUNK_BYTES):
                yield pcm[start : start + CHUNK_BYTES]
            await answered.wait()

        entry_id = made["result"]["entry_id"]
        heard = await home.heard(await entity(home, "stt", entry_id), microphone())
        answered.set()
        assert words(heard["text"]) == words(SENTENCES[0])
        await home.delete(f"/api/config/config_entries/entry/{entry_id}")

    async def test_assist_leaves_the_end_of_speech_to_it(
        self, home: Home, ending_asr: Server
    ) -> None:
        made = await by_address(home, ending_asr)
        entry_id = made["result"]["entry_id"]
        engine = await entity(home, "stt", entry_id)
        pipeline = await assistant(home, stt_engine=engine, stt_language="en")
        events = await home.assist(spoken(SENTENCES[0]), pipeline, ended=False, end_stage="intent")
        outputs = {event["type"]: event["data"] for event in events}
        assert words(outputs["stt-end"]["stt_output"]["text"]) == words(SENTENCES[0])
        assert "stt-vad-end" not in outputs
        await home.delete(f"/api/config/config_entries/entry/{entry_id}")


async def test_another_voice_appears_without_a_reload(
    home: Home, home_assistant: HomeAssistant, steady_voice: Path, other_voice: Path, tmp_path: Path
) -> None:
    """The server is restarted with another voice while Home Assistant runs."""
    port = free_port()
    # It may ask while no server is there.
    home_assistant.provoked.append(f"127.0.0.1:{port}")
    with running("tts", tmp_path, port=port, TTS_MODEL=f"piper:{steady_voice}") as server:
        made = await by_address(home, server)
        engine = await entity(home, "tts", made["result"]["entry_id"])
        assert await voices(home, engine) == [steady_voice.stem]

    async def look() -> bool | None:
        return await voices(home, engine) == [other_voice.stem] or None

    with running("tts", tmp_path, port=port, TTS_MODEL=f"piper:{other_voice}"):
        assert await until(look)
        await home.delete(f"/api/config/config_entries/entry/{made['result']['entry_id']}")


async def voices(home: Home, engine: str) -> list[str]:
    listed = await home.command("tts/engine/voices", engine_id=engine, language="en-US")
    return [voice["voice_id"] for voice in listed["voices"] or ()]
