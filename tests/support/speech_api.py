"""The speech endpoint of the API over a synthesizer of tones."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import av
import numpy as np

from tests.support.fakes import FakeSynthesizer
from tests.support.http_api import serving_api
from tests.support.tts_client import serving
from wyoming_voice_stack.http.api.names import VoiceNames
from wyoming_voice_stack.http.api.speech.speech_api import SpeechApi
from wyoming_voice_stack.tts.engine import Samples, SynthesisRequest
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer
from wyoming_voice_stack.tts.service import TtsService

RATE = 22_050


TWO = "This is the first sentence. And this is the second one."


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
    max_text_characters: int = 100_000,
    **options: object,
) -> AsyncIterator[Client]:
    engine = engine or Tones()
    async with serving(engine, folder, **options) as service:  # type: ignore[arg-type]
        names = VoiceNames(lambda: service.voices.catalogue, lambda: aliases or {})
        async with serving_api(
            SpeechApi(service, names, max_text_characters=max_text_characters).routes()
        ) as api:
            url = f"http://127.0.0.1:{api.port}/v1/audio/speech"
            yield Client(api.http, url, service, engine)


def seconds_of(data: bytes) -> float:
    with av.open(io.BytesIO(data), mode="r") as container:
        frames = list(container.decode(audio=0))
    return sum(frame.samples for frame in frames) / frames[0].sample_rate
