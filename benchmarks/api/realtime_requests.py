"""Requests over the realtime WebSocket, with the times of what comes back."""

from __future__ import annotations

import asyncio
import base64
import math
import time
from typing import Any

import aiohttp

from benchmarks.api.api_requests import PATIENCE_S, Timing
from wyoming_voice_stack.asr.engine import Samples
from wyoming_voice_stack.audio import to_pcm16

RATE = 24000
PIECE_BYTES = 48_000
_FORMAT = {"type": "audio/pcm", "rate": RATE}
_TRANSCRIPTION = "conversation.item.input_audio_transcription"


async def speak(session: aiohttp.ClientSession, base_url: str, text: str) -> Timing:
    """Have a text spoken on a socket that is open already, as clients keep it."""
    content = [{"type": "input_text", "text": text}]
    message = {"type": "message", "role": "user", "content": content}
    setup = {"type": "realtime", "audio": {"output": {"format": _FORMAT}}}
    create = {
        "type": "response.create",
        "response": {"conversation": "none", "output_modalities": ["audio"], "input": [message]},
    }
    return await _converse(
        session,
        f"{base_url}/realtime?model=gpt-realtime",
        setup,
        [create],
        ("response.output_audio.delta", "response.done"),
    )


async def hear(session: aiohttp.ClientSession, base_url: str, samples: Samples) -> Timing:
    """Send speech at 24 kHz at once, commit it, and wait for its text."""
    pcm = to_pcm16(samples)
    setup = {
        "type": "transcription",
        "audio": {
            "input": {
                "format": _FORMAT,
                "transcription": {"model": "gpt-realtime-whisper", "language": "en"},
                "turn_detection": None,
            }
        },
    }
    pieces = [
        {
            "type": "input_audio_buffer.append",
            "audio": base64.b64encode(pcm[start : start + PIECE_BYTES]).decode(),
        }
        for start in range(0, len(pcm), PIECE_BYTES)
    ]
    return await _converse(
        session,
        f"{base_url}/realtime?intent=transcription",
        setup,
        [*pieces, {"type": "input_audio_buffer.commit"}],
        (f"{_TRANSCRIPTION}.delta", f"{_TRANSCRIPTION}.completed"),
    )


async def _converse(
    session: aiohttp.ClientSession,
    url: str,
    setup: dict[str, Any],
    events: list[dict[str, Any]],
    awaited: tuple[str, str],
) -> Timing:
    """Set a session up; then send events and wait for the first and the last event of the answer."""
    try:
        async with asyncio.timeout(PATIENCE_S), session.ws_connect(url) as socket:
            await socket.send_json({"type": "session.update", "session": setup})
            while (await socket.receive_json())["type"] != "session.updated":
                pass
            began, first_s = time.monotonic(), math.inf
            for event in events:
                await socket.send_json(event)
            while True:
                answer = await socket.receive_json()
                if answer["type"] == "error":
                    return Timing(failure=answer["error"]["message"])
                if answer["type"] in awaited and math.isinf(first_s):
                    first_s = time.monotonic() - began
                if answer["type"] == awaited[1]:
                    text = str(answer.get("transcript", ""))
                    return Timing(first_s, time.monotonic() - began, text)
    except (aiohttp.ClientError, TimeoutError, TypeError) as error:
        # TypeError: the server closed the socket.
        return Timing(failure=str(error) or "timed out")
