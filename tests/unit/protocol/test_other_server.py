"""Events that arrive at the wrong one of the two servers, and those that only look like it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from wyoming.asr import Transcribe
from wyoming.audio import AudioStart, AudioStop
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from tests.support import asr_client, tts_client
from tests.support.asr_client import FORM, OPTIONS, sound
from tests.support.fakes import FakeRecognizer, FakeSynthesizer
from tests.support.peers import Peer, listening, peer
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.protocol.asr_session import AsrFrontEnd
from wyoming_voice_stack.protocol.tts_session import TtsFrontEnd
from wyoming_voice_stack.server.assembly.http import other_port

SPEECH_TO_TEXT = (
    Transcribe(language="en").event(),
    AudioStart(*FORM).event(),
    sound(0.01),
    AudioStop().event(),
)
TEXT_TO_SPEECH = (
    SynthesizeStart().event(),
    SynthesizeChunk(text="Hi.").event(),
    Synthesize(text="Hi.").event(),
    SynthesizeStop().event(),
)
OF_A_SATELLITE = (
    Event("run-satellite"),
    Event("pause-satellite"),
    Event("run-pipeline", {"start_stage": "asr", "end_stage": "tts"}),
    Event("detect", {"names": ["okay_nabu"]}),
    Event("detection", {"name": "okay_nabu"}),
    Event("not-detected"),
    Event("voice-started", {"timestamp": 10}),
    Event("voice-stopped", {"timestamp": 20}),
    Event("streaming-started"),
    Event("streaming-stopped"),
    Event("transcript", {"text": "Turn on the light."}),
    Event("transcript-chunk", {"text": "Turn on"}),
    Event("synthesize-stopped"),
    Event("played"),
    Event("timer-started", {"id": "1"}),
    Event("error", {"text": "no", "code": "no"}),
    Event("from-a-later-version"),
)
"""What satellites and pipelines send to the services that they know."""
PING = Event("ping", {"text": "still here"})


@asynccontextmanager
async def speech_to_text(tts_port: int | None = 5002) -> AsyncIterator[Peer]:
    async with (
        asr_client.serving(FakeRecognizer()) as service,
        listening(AsrFrontEnd(service, tts_port=tts_port)) as listener,
        peer(listener.port) as client,
    ):
        yield client


@asynccontextmanager
async def text_to_speech(folder: Path, asr_port: int | None = 5001) -> AsyncIterator[Peer]:
    async with (
        tts_client.serving(FakeSynthesizer(), folder) as service,
        listening(TtsFrontEnd(service, asr_port=asr_port)) as listener,
        peer(listener.port) as client,
    ):
        yield client


@pytest.mark.parametrize("event", TEXT_TO_SPEECH, ids=lambda event: event.type)
async def test_text_to_speech_asked_of_speech_to_text(event: Event) -> None:
    async with speech_to_text() as client:
        await client.send(event, *TEXT_TO_SPEECH)
        [error] = await client.rest()
    assert error.data == {
        "text": f"This is the speech-to-text server; it does not answer {event.type}."
        " Text to speech is served on port 5002 (TTS_PORT).",
        "code": "unexpected-event",
    }


@pytest.mark.parametrize("event", SPEECH_TO_TEXT, ids=lambda event: event.type)
async def test_speech_to_text_asked_of_text_to_speech(event: Event, tmp_path: Path) -> None:
    async with text_to_speech(tmp_path) as client:
        await client.send(event, *SPEECH_TO_TEXT)
        [error] = await client.rest()
    assert error.data == {
        "text": f"This is the text-to-speech server; it does not answer {event.type}."
        " Speech to text is served on port 5001 (ASR_PORT).",
        "code": "unexpected-event",
    }


async def test_port_that_is_not_known() -> None:
    async with speech_to_text(tts_port=None) as client:
        await client.send(*TEXT_TO_SPEECH)
        [error] = await client.rest()
    assert error.data["text"].endswith("Text to speech is served on another port (TTS_PORT).")


async def test_streamed_text_still_ends(tmp_path: Path) -> None:
    async with text_to_speech(tmp_path) as client:
        await client.send(TEXT_TO_SPEECH[0], SPEECH_TO_TEXT[0])
        assert [event.type for event in await client.rest()] == ["error", "synthesize-stopped"]


class TestNotMistaken:
    async def test_events_that_neither_server_answers(self, tmp_path: Path) -> None:
        async with speech_to_text() as hearing, text_to_speech(tmp_path) as speaking:
            for client in (hearing, speaking):
                await client.send(*OF_A_SATELLITE)
                await client.send(PING)
                assert [event.type for event in await client.until("pong")] == ["pong"]
            await hearing.send(*SPEECH_TO_TEXT)
            assert (await hearing.until("transcript"))[-1].type == "transcript"
            await speaking.send(*TEXT_TO_SPEECH)
            types = [event.type for event in await speaking.until("synthesize-stopped")]
            assert "error" not in types

    async def test_audio_after_the_server_ended_the_utterance(self) -> None:
        options = replace(OPTIONS, endpoint_silence_s=0.2)
        async with (
            asr_client.serving(FakeRecognizer(), options) as service,
            listening(AsrFrontEnd(service, tts_port=5002)) as listener,
            peer(listener.port) as client,
        ):
            speech = (*SPEECH_TO_TEXT[:2], sound(0.4), sound(1.0, loud=False))
            for _ in range(2):
                await client.send(*speech)
                assert "error" not in [event.type for event in await client.until("transcript")]
                await client.send(sound(0.1, loud=False), AudioStop().event(), PING)
                assert "error" not in [event.type for event in await client.until("pong")]


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ({}, (5002, 5001)),
        ({"asr_port": 6001, "tts_port": 6002}, (6002, 6001)),
        ({"asr_port": 0, "tts_port": 0}, (None, None)),
        ({"asr_port": 5002}, (None, None)),
    ],
)
def test_port_in_the_settings(
    ports: dict[str, int], expected: tuple[int | None, int | None]
) -> None:
    settings = [Settings(service_mode=mode, **ports) for mode in ("asr", "tts")]  # type: ignore[arg-type]
    assert tuple(other_port(each) for each in settings) == expected
