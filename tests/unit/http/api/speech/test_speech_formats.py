"""The formats of the speech that the API returns."""

from __future__ import annotations

import base64
import io
import json
import wave
from pathlib import Path

import pytest

from tests.support.audio_file_formats import SPEECH_TYPES
from tests.support.speech_api import RATE, Tones, seconds_of, speaking
from wyoming_voice_stack.http.api.requests import MAX_JSON_VALUES
from wyoming_voice_stack.http.api.speech import audio_stream
from wyoming_voice_stack.http.api.speech.audio_stream import SILENCE_SECONDS
from wyoming_voice_stack.tts.backend import SynthesisOptions

UNKNOWN_LENGTH = b"\xff" * 4


class TestFormats:
    @pytest.mark.parametrize("name", SPEECH_TYPES)
    async def test_each_format_has_its_type_and_all_of_the_speech(
        self, tmp_path: Path, name: str
    ) -> None:
        async with speaking(tmp_path) as client:
            answer, data = await client.speak(response_format=name)
            assert (answer.status, answer.content_type) == (200, SPEECH_TYPES[name])
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
