"""The realtime API with openai: two commits on one socket, an empty commit, and speech."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI

from tests.integration.api_clients.programs.program import KEY, Found, main

PIECE_BYTES = 4800
EVENT_SECONDS = 300.0


def work(asr_url: str, tts_url: str, pcm: str, text: str, said: str) -> Found:
    """Transcribe `pcm` (24 kHz, 16 bit, mono) twice; write the spoken `text` to `said`, as PCM."""
    heard = asyncio.run(_hear(asr_url, Path(pcm).read_bytes()))
    sound = bytearray()
    spoken = asyncio.run(_speak(tts_url, text, sound))
    Path(said).write_bytes(sound)
    return {"heard": heard, "spoken": spoken}


async def _hear(url: str, pcm: bytes) -> list[list[Found]]:
    async with (
        AsyncOpenAI(base_url=url, api_key=KEY) as client,
        client.realtime.connect(extra_query={"intent": "transcription"}) as connection,
    ):
        session: Any = {
            "type": "transcription",
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": 24000},
                    "transcription": {"model": "gpt-realtime-whisper", "language": "en"},
                    "turn_detection": None,
                }
            },
        }
        await connection.session.update(session=session)
        begun = await _until(connection, "session.updated")
        turns = []
        for _ in range(2):
            for start in range(0, len(pcm), PIECE_BYTES):
                piece = base64.b64encode(pcm[start : start + PIECE_BYTES]).decode()
                await connection.input_audio_buffer.append(audio=piece)
            await connection.input_audio_buffer.commit()
            turns.append(
                await _until(connection, "conversation.item.input_audio_transcription.completed")
            )
        await connection.input_audio_buffer.commit()
        empty = await _until(connection, "error")
        return [begun, *turns, empty]


async def _speak(url: str, text: str, sound: bytearray) -> list[Found]:
    async with (
        AsyncOpenAI(base_url=url, api_key=KEY) as client,
        client.realtime.connect(model="gpt-realtime") as connection,
    ):
        session: Any = {
            "type": "realtime",
            "output_modalities": ["audio"],
            "audio": {"output": {"voice": "marin", "format": {"type": "audio/pcm", "rate": 24000}}},
            "instructions": "Read the text aloud, word for word.",
            "tool_choice": "none",
        }
        await connection.session.update(session=session)
        message: Any = {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": text}],
        }
        await connection.response.create(
            response={
                "conversation": "none",
                "output_modalities": ["audio"],
                "input": [message],
            }
        )

        def keep(event: Any) -> None:
            if event.type == "response.output_audio.delta":
                sound.extend(base64.b64decode(event.delta))

        return await _until(connection, "response.done", keep)


async def _until(
    connection: Any, kind: str, seen: Callable[[Any], None] | None = None
) -> list[Found]:
    """Return the events up to the first of this type, without their audio."""
    events = []
    async with asyncio.timeout(EVENT_SECONDS):
        async for event in connection:
            if seen is not None:
                seen(event)
            found = event.to_dict()
            if event.type == "response.output_audio.delta":
                found.pop("delta")
            events.append(found)
            if event.type == kind:
                return events
    raise AssertionError(f"{kind} did not come; got {[event['type'] for event in events]}")


if __name__ == "__main__":
    main(work)
