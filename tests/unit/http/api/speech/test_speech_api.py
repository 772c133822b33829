"""Speech over HTTP with a fake engine: what is sent, when, and what stops the engine."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import threading
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import av
import numpy as np
import pytest

from tests.support.fakes import FakeSynthesizer, eventually
from tests.support.http_api import serving_api
from tests.support.tts_client import serving
from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.http.api.names import VoiceNames
from wyoming_voice_stack.http.api.requests import MAX_JSON_VALUES
from wyoming_voice_stack.http.api.speech import audio_stream
from wyoming_voice_stack.http.api.speech.audio_stream import SILENCE_SECONDS
from wyoming_voice_stack.http.api.speech.speech_api import SpeechApi
from wyoming_voice_stack.tts.backend import SynthesisOptions
from wyoming_voice_stack.tts.engine import Samples, SynthesisRequest
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer
from wyoming_voice_stack.tts.service import TtsService

RATE = 22_050
TWO = "This is the first sentence. And this is the second one."
TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
UNKNOWN_LENGTH = b"\xff" * 4


class Tones(FakeSynthesizer):
    """Speaks a second for each sentence, in two chunks; `hold` delays the second one."""

    sample_rate = RATE

    def synthesize(self, request: SynthesisRequest, playback: PlaybackBuffer) -> Iterator[Samples]:
        rate = self.sample_rate
        time = np.arange(rate) / rate
        tone = (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
        for _ in super().synthesize(request, playback):
            half, tone = tone[: rate // 2], tone[rate // 2 :]
            yield half


@dataclass(frozen=True)
class Client:
    http: aiohttp.ClientSession
    url: str
    service: TtsService
    engine: FakeSynthesizer

    def post(self, text: str = TWO, **fields: Any) -> Any:
        body = {"model": "tts-1", "input": text, "voice": "alloy", **fields}
        return self.http.post(self.url, json=body)

    async def speak(self, text: str = TWO, **fields: Any) -> tuple[aiohttp.ClientResponse, bytes]:
        async with self.post(text, **fields) as answer:
            return answer, await answer.read()

    async def error(self, **fields: Any) -> tuple[int, dict[str, Any]]:
        answer, body = await self.speak(**fields)
        assert answer.content_type == "application/json"
        return answer.status, json.loads(body)["error"]


@asynccontextmanager
async def speaking(
    folder: Path,
    engine: FakeSynthesizer | None = None,
    *,
    aliases: dict[str, str] | None = None,
    **options: object,
) -> AsyncIterator[Client]:
    engine = engine or Tones()
    async with serving(engine, folder, **options) as service:  # type: ignore[arg-type]
        names = VoiceNames(lambda: service.voices.catalogue, lambda: aliases or {})
        async with serving_api(SpeechApi(service, names).routes()) as api:
            url = f"http://127.0.0.1:{api.port}/v1/audio/speech"
            yield Client(api.http, url, service, engine)


def seconds_of(data: bytes) -> float:
    with av.open(io.BytesIO(data), mode="r") as container:
        frames = list(container.decode(audio=0))
    return sum(frame.samples for frame in frames) / frames[0].sample_rate


class TestFormats:
    @pytest.mark.parametrize("name", TYPES)
    async def test_each_format_has_its_type_and_all_of_the_speech(
        self, tmp_path: Path, name: str
    ) -> None:
        async with speaking(tmp_path) as client:
            answer, data = await client.speak(response_format=name)
            assert (answer.status, answer.content_type) == (200, TYPES[name])
            assert answer.headers["Transfer-Encoding"] == "chunked"
            assert answer.headers["Cache-Control"] == "no-cache"
            pause = 0.1
            seconds = len(data) / 2 / 24_000 if name == "pcm" else seconds_of(data)
            assert seconds == pytest.approx(2 + pause, abs=0.1)

    async def test_millions_of_small_values(self, tmp_path: Path) -> None:
        many = [[]] * (MAX_JSON_VALUES // 2)  # type: ignore[var-annotated]
        async with speaking(tmp_path) as client, client.post(other=many) as answer:
            refusal = await answer.json()
        assert answer.status == 400
        assert "more than 200000 values" in refusal["error"]["message"]

    @pytest.mark.parametrize("rate", [16_000, 22_050, 24_000])
    async def test_pcm_and_opus_of_a_voice_at_any_rate(self, tmp_path: Path, rate: int) -> None:
        engine = Tones()
        engine.sample_rate = rate
        async with speaking(tmp_path, engine) as client:
            _, pcm = await client.speak(response_format="pcm")
            _, opus = await client.speak(response_format="opus")
        assert len(pcm) / 2 / 24_000 == pytest.approx(2.1, abs=0.01)
        assert seconds_of(opus) == pytest.approx(2.1, abs=0.03)

    async def test_mp3_is_the_default(self, tmp_path: Path) -> None:
        async with speaking(tmp_path) as client:
            answer, _ = await client.speak()
            assert answer.content_type == "audio/mpeg"

    async def test_a_streamed_wav_has_one_header_without_a_length(self, tmp_path: Path) -> None:
        async with speaking(tmp_path) as client:
            _, data = await client.speak(response_format="wav")
        assert data[4:8] == data[40:44] == UNKNOWN_LENGTH
        assert data.count(b"RIFF") == data.count(b"WAVE") == 1
        with wave.open(io.BytesIO(data)) as reader:
            assert (reader.getframerate(), reader.getsampwidth()) == (RATE, 2)

    async def test_a_reply_from_the_cache_has_a_length(self, tmp_path: Path) -> None:
        options = SynthesisOptions(cache_bytes=10**7, sentence_pause_ms=100)
        async with speaking(tmp_path, speaking=options) as client:
            first, streamed = await client.speak(response_format="wav")
            answer, data = await client.speak(response_format="wav")
            assert len(client.engine.requests) == 2
            assert first.content_length is None
            assert answer.content_length == len(data) == len(streamed)
            assert data[44:] == streamed[44:]
            assert int.from_bytes(data[40:44], "little") == len(data) - 44
            # A new second sentence is not known beforehand.
            answer, data = await client.speak(
                "This is the first sentence. It goes on.", response_format="wav"
            )
            assert answer.content_length is None
            assert data[40:44] == UNKNOWN_LENGTH

    async def test_long_speech_from_the_cache_is_not_collected(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audio_stream, "COLLECTED_SECONDS", 1.5)
        async with speaking(tmp_path, speaking=SynthesisOptions(cache_bytes=10**7)) as client:
            await client.speak(response_format="wav")
            answer, data = await client.speak(response_format="wav")
        assert answer.content_length is None
        assert data[40:44] == UNKNOWN_LENGTH

    @pytest.mark.parametrize("name", ["mp3", "wav", "pcm"])
    async def test_sse_has_one_stream_in_its_events(self, tmp_path: Path, name: str) -> None:
        async with speaking(tmp_path) as client:
            answer, data = await client.speak(response_format=name, stream_format="sse")
            _, plain = await client.speak(response_format=name)
            assert answer.content_type == "text/event-stream"
            assert answer.headers["X-Accel-Buffering"] == "no"
        blocks = data.decode().split("\n\n")
        assert blocks.pop() == ""
        *deltas, done = [json.loads(block.removeprefix("data: ")) for block in blocks]
        assert {event["type"] for event in deltas} == {"speech.audio.delta"}
        assert len(deltas) > 2
        assert max(map(len, blocks)) < 33_000
        assert b"".join(base64.b64decode(event["audio"]) for event in deltas) == plain
        assert done == {
            "type": "speech.audio.done",
            "usage": {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0},
        }

    async def test_events_of_a_reply_from_the_cache(self, tmp_path: Path) -> None:
        async with speaking(tmp_path, speaking=SynthesisOptions(cache_bytes=10**7)) as client:
            for _ in range(2):
                answer, data = await client.speak(response_format="wav", stream_format="sse")
        assert answer.content_type == "text/event-stream"
        assert data.endswith(b"\n\n")
        assert b"speech.audio.done" in data

    @pytest.mark.parametrize("text", [".", "...", "?!", "\N{THUMBS UP SIGN}", "```\n```"])
    async def test_a_text_with_nothing_to_speak_is_a_short_silence(
        self, tmp_path: Path, text: str
    ) -> None:
        async with speaking(tmp_path) as client:
            answer, data = await client.speak(text, response_format="wav")
            assert client.engine.requests == []
        assert answer.status == 200
        assert answer.content_length == len(data)
        assert seconds_of(data) == pytest.approx(SILENCE_SECONDS)
        assert not any(data[44:])


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
    @pytest.mark.parametrize("name", TYPES)
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
