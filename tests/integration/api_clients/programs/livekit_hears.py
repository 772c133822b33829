"""Transcription with LiveKit's plugin: whole recordings, and live speech over the realtime API."""

from __future__ import annotations

import asyncio
import wave
from typing import Any

from livekit import rtc
from livekit.agents import stt
from livekit.agents.utils import http_context
from livekit.plugins import openai

from tests.integration.api_clients.programs.program import KEY, Found, main

FRAME_SECONDS = 0.02
ANSWER_SECONDS = 300.0


async def work(base_url: str, speech: str, other_language: str) -> Found:
    frames = _frames(speech)
    async with http_context.open():
        whole = {}
        for model in ("whisper-1", None):
            chosen = {} if model is None else {"model": model}
            hearing = openai.STT(base_url=base_url, api_key=KEY, **chosen)
            heard = await hearing.recognize(frames)
            whole[str(model)] = _alternative(heard)
        return {"whole": whole, "live": await _live(base_url, frames, other_language)}


async def _live(base_url: str, frames: list[rtc.AudioFrame], other_language: str) -> list[Found]:
    """Two utterances on one socket, the second in another language."""
    hearing = openai.STT(base_url=base_url, api_key=KEY, use_realtime=True)
    turns: list[Found] = []
    async with hearing.stream(language="en") as stream:
        for language in ("en", other_language):
            if turns:
                stream.update_options(language=language)
            turns.append(await _turn(stream, frames))
    await hearing.aclose()
    return turns


async def _turn(stream: Any, frames: list[rtc.AudioFrame]) -> Found:
    for frame in frames:
        stream.push_frame(frame)
    kinds = []
    async with asyncio.timeout(ANSWER_SECONDS):
        async for event in stream:
            kinds.append(event.type.value)
            if event.type == stt.SpeechEventType.FINAL_TRANSCRIPT:
                return {"kinds": kinds, **_alternative(event)}
    raise AssertionError(f"no final transcript after {kinds}")


def _alternative(event: Any) -> Found:
    [best] = event.alternatives
    return {"text": best.text, "language": str(best.language)}


def _frames(name: str) -> list[rtc.AudioFrame]:
    with wave.open(name) as file:
        rate, count = file.getframerate(), round(file.getframerate() * FRAME_SECONDS)
        pcm = file.readframes(file.getnframes())
    size = count * 2
    whole = (pcm[start : start + size] for start in range(0, len(pcm) - size + 1, size))
    return [rtc.AudioFrame(each, rate, 1, count) for each in whole]


if __name__ == "__main__":
    main(work)
