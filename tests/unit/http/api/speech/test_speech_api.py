"""Speech over HTTP with a fake engine: what is sent, when, and what stops the engine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.audio_file_formats import SPEECH_TYPES
from tests.support.fakes import FakeSynthesizer, eventually
from tests.support.speech_api import Tones, seconds_of, speaking
from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.http.api.speech import audio_stream
from wyoming_voice_stack.tts.engine import Samples, SynthesisRequest
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer


class TestRequests:
    async def test_the_service_gets_what_the_client_asks_for(self, tmp_path: Path) -> None:
        async with speaking(tmp_path, aliases={"nova": "bert"}) as client:
            for fields in (
                {"voice": "anna [de]", "speed": 1.5},
                {"voice": {"id": "bert"}, "model": "fake"},
                {"voice": "nova", "model": "", "instructions": "None", "unknown": [1]},
                {"voice": None},
            ):
                answer, _ = await client.speak("Hello.", **fields)
                assert answer.status == 200
            asked = [(each.voice, each.language, each.speed) for each in client.engine.requests]
        assert asked == [
            ("anna", "de", 1.5),
            ("bert", "de", 1.0),
            ("bert", "de", 1.0),
            ("anna", "en", 1.0),
        ]

    @pytest.mark.parametrize("data", ["{", "[]", '"text"', '{"input": NaN}', "\x00", "[" * 100_000])
    async def test_a_body_that_is_no_json_object(self, tmp_path: Path, data: str) -> None:
        async with speaking(tmp_path) as client:
            headers = {"Content-Type": "application/json"}
            async with client.http.post(client.url, data=data, headers=headers) as answer:
                assert (answer.status, (await answer.json())["error"]["code"]) == (
                    400,
                    "invalid_json",
                )
            async with client.http.post(client.url, data={"input": "Hello."}) as answer:
                assert answer.status == 415

    @pytest.mark.parametrize(
        ("fields", "status", "code", "param"),
        [
            ({"voice": "clara"}, 400, "voice_not_found", "voice"),
            ({"model": "fake-2"}, 404, "model_not_found", "model"),
            ({"response_format": "midi"}, 400, "unsupported_value", "response_format"),
            ({"speed": 9}, 400, "invalid_value", "speed"),
            ({"text": ""}, 400, "empty_text", "input"),
            ({"text": "Hello. " * 200}, 400, "text_too_long", "input"),
        ],
    )
    async def test_errors(
        self, tmp_path: Path, fields: dict[str, Any], status: int, code: str, param: str
    ) -> None:
        async with speaking(tmp_path) as client:
            got, error = await client.error(**fields)
            assert client.engine.requests == []
        assert (got, error["code"], error["param"]) == (status, code, param)
        assert error["type"] == "invalid_request_error"
        if code == "voice_not_found":
            assert "anna, bert" in error["message"]

    async def test_a_failure_before_the_first_sound_is_an_error(self, tmp_path: Path) -> None:
        class Failing(FakeSynthesizer):
            def synthesize(
                self, request: SynthesisRequest, playback: PlaybackBuffer
            ) -> Iterator[Samples]:
                raise EngineError("the device is lost")

        async with speaking(tmp_path, Failing()) as client:
            for events in ("audio", "sse"):
                status, error = await client.error(stream_format=events)
                assert status == 500
                assert (error["code"], error["type"]) == ("engine_failed", "server_error")

    async def test_a_failure_after_the_first_sound_cuts_the_response(self, tmp_path: Path) -> None:
        class Failing(Tones):
            def synthesize(
                self, request: SynthesisRequest, playback: PlaybackBuffer
            ) -> Iterator[Samples]:
                yield from super().synthesize(request, playback)
                raise EngineError("the device is lost")

        async with speaking(tmp_path, Failing()) as client:
            for fields in ({"response_format": "wav"}, {"stream_format": "sse"}):
                async with client.post(**fields) as answer:
                    assert answer.status == 200
                    with pytest.raises(aiohttp.ClientError):
                        await answer.read()


class TestStreaming:
    @pytest.mark.parametrize("name", SPEECH_TYPES)
    async def test_the_first_bytes_come_before_synthesis_ends(
        self, tmp_path: Path, name: str
    ) -> None:
        engine = Tones()
        engine.hold = threading.Event()
        async with speaking(tmp_path, engine) as client:
            try:
                async with client.post(response_format=name) as answer:
                    assert await answer.content.read(1)
                    assert not engine.hold.is_set()
                    assert len(engine.requests) == 1
                    engine.hold.set()
                    assert len(await answer.read()) > 1000
            finally:
                engine.hold.set()

    @pytest.mark.parametrize("name", ["wav", "mp3"])
    async def test_a_client_that_leaves_stops_the_engine(self, tmp_path: Path, name: str) -> None:
        engine = Tones()
        engine.hold = threading.Event()
        async with speaking(tmp_path, engine) as client:
            try:
                async with client.post(response_format=name) as answer:
                    await answer.content.read(1)
                    answer.close()
                places = client.service._backend.places
                await eventually(lambda: not places._held)
                engine.hold.set()
                await eventually(engine.closed_early.is_set)
            finally:
                engine.hold.set()
            assert len(engine.requests) == 1

    async def test_a_client_that_leaves_before_the_first_sound(self, tmp_path: Path) -> None:
        engine = Tones()
        engine.hold = threading.Event()
        async with speaking(tmp_path, engine) as client:
            try:
                speaks = asyncio.create_task(client.speak("One."))
                await asyncio.to_thread(engine.entered.wait)
                # The only lane is busy, so that this one waits for it.
                waits = asyncio.create_task(client.speak("Two."))
                worker = client.service.worker
                await eventually(lambda: worker.queued_jobs == 1)
                waits.cancel()
                await eventually(lambda: worker.queued_jobs == 0)
                engine.hold.set()
                answer, _ = await speaks
            finally:
                engine.hold.set()
        assert answer.status == 200
        assert [request.text for request in engine.requests] == ["One."]

    async def test_a_long_chunk_is_encoded_in_pieces(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audio_stream, "PIECE_SECONDS", 0.1)
        async with speaking(tmp_path) as client:
            _, data = await client.speak(response_format="pcm", stream_format="sse")
            assert data.count(b"speech.audio.delta") > 15
            _, flac = await client.speak(response_format="flac")
        assert seconds_of(flac) == pytest.approx(2.1, abs=0.01)
