"""Requests for speech over the WebSocket, and the sound of the answers."""

from __future__ import annotations

import base64

from tests.support.realtime_client import (
    Json,
    RealtimeClient,
)

QUERY = "?model=gpt-realtime-2.1-mini"
COMPLETE = [
    "response.created",
    "response.output_audio_transcript.delta",
    "response.output_audio.delta",
    "response.output_audio_transcript.done",
    "response.output_audio.done",
    "response.done",
]


def message(text: str, role: str = "user", kind: str = "input_text") -> Json:
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


async def say(client: RealtimeClient, text: str, **response: object) -> None:
    await client.send(
        "response.create",
        response={
            "conversation": "none",
            "output_modalities": ["audio"],
            "input": [message(text)],
            **response,
        },
    )


async def configure(client: RealtimeClient, **output: object) -> Json:
    await client.send(
        "session.update",
        session={
            "type": "realtime",
            "output_modalities": ["audio"],
            "tool_choice": "none",
            "tools": [],
            "instructions": "Read aloud word for word.",
            "audio": {
                "input": {"turn_detection": None, "transcription": None},
                "output": {"format": {"type": "audio/pcm", "rate": 24000}, **output},
            },
        },
    )
    return await client.next()


def audio(events: list[Json]) -> bytes:
    return b"".join(
        base64.b64decode(event["delta"], validate=True)
        for event in events
        if event["type"] == "response.output_audio.delta"
    )
