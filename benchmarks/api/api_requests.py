"""Requests to an OpenAI-compatible server, with the times of what comes back."""

from __future__ import annotations

import io
import json
import math
import time
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples
from wyoming_voice_stack.audio import to_pcm16

PATIENCE_S = 180.0
WAV_HEADER_BYTES = 44
EVENT_PREFIX = b"data: "


@dataclass(frozen=True)
class Timing:
    """When an answer began and ended, in seconds from the beginning of the request."""

    first_s: float = math.inf
    """The first sound, or the first words."""
    ended_s: float = math.inf
    text: str = ""
    failure: str = ""
    """Why the answer is not complete; empty if it is."""


@dataclass(frozen=True)
class SpeechOptions:
    """What a speech request asks for, besides the text."""

    response_format: str
    model: str = "tts-1"
    voice: str = "alloy"


class ApiClient:
    """One base URL, asked over connections that are kept open as the clients' libraries do."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self.session = session
        self.base_url = base_url.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=PATIENCE_S)

    async def speak(self, text: str, options: SpeechOptions) -> Timing:
        """Ask for speech and read it as it comes."""
        header = WAV_HEADER_BYTES if options.response_format == "wav" else 0
        body = {
            "input": text,
            "model": options.model,
            "voice": options.voice,
            "response_format": options.response_format,
        }
        began, first_s, size = time.monotonic(), math.inf, 0
        try:
            async with self.session.post(
                f"{self.base_url}/audio/speech", json=body, timeout=self._timeout
            ) as answer:
                if not answer.ok:
                    return Timing(failure=await answer.text())
                async for data in answer.content.iter_any():
                    size += len(data)
                    if math.isinf(first_s) and size > header:
                        first_s = time.monotonic() - began
        except (aiohttp.ClientError, TimeoutError) as error:
            return Timing(failure=str(error) or "timed out")
        if math.isinf(first_s):
            return Timing(failure="the answer has no sound")
        return Timing(first_s, time.monotonic() - began)

    async def transcribe(
        self, recording: bytes, *, stream: bool = False, model: str = "whisper-1"
    ) -> Timing:
        """Upload a WAV file in English and read its text."""
        form = aiohttp.FormData({"model": model, "language": "en"})
        if stream:
            form.add_field("stream", "true")
        form.add_field("file", recording, filename="speech.wav", content_type="audio/wav")
        began = time.monotonic()
        try:
            async with self.session.post(
                f"{self.base_url}/audio/transcriptions", data=form, timeout=self._timeout
            ) as answer:
                if not answer.ok:
                    return Timing(failure=await answer.text())
                if stream:
                    return await _streamed(answer, began)
                text = str((await answer.json())["text"])
        except (aiohttp.ClientError, TimeoutError) as error:
            return Timing(failure=str(error) or "timed out")
        ended_s = time.monotonic() - began
        return Timing(ended_s, ended_s, text)


def wav_file(samples: Samples) -> bytes:
    """A WAV file of samples at 16 kHz."""
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(to_pcm16(samples))
    return written.getvalue()


async def _streamed(answer: aiohttp.ClientResponse, began: float) -> Timing:
    first_s = math.inf
    async for event in _events(answer):
        if event.get("type") == "transcript.text.delta" and math.isinf(first_s):
            first_s = time.monotonic() - began
        if event.get("type") == "transcript.text.done":
            ended_s = time.monotonic() - began
            return Timing(min(first_s, ended_s), ended_s, event["text"])
    return Timing(failure="the text is not complete")


async def _events(answer: aiohttp.ClientResponse) -> AsyncIterator[dict[str, str]]:
    async for line in answer.content:
        if line.startswith(EVENT_PREFIX + b"{"):
            yield json.loads(line.removeprefix(EVENT_PREFIX))
