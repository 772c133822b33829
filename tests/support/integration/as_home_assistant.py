"""Acts as Home Assistant 2026.11: what it sends to a server and shows to the user.

With the client of the wyoming library, as its integration does; `Shown` stands for the error that
it raises for speech, and logs for what was heard.
"""

from __future__ import annotations

import asyncio

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from tests.support.fakes import WAIT_SECONDS

FORM = (16000, 2, 1)
CHUNK_BYTES = 320


class Shown(Exception):
    """The message that the user reads, and the code at its end."""

    def __init__(self, error: Error) -> None:
        super().__init__(f"Error from Wyoming service: {error.text} (code: {error.code})")
        self.text, self.code = error.text, error.code


async def said(port: int, text: str, voice: str | None = None) -> bytes:
    """Synthesize a text with streamed input; return the audio.

    Raises:
        Shown: the server answered with an error.
    """
    chosen = SynthesizeVoice(name=voice) if voice else None
    async with asyncio.timeout(WAIT_SECONDS), AsyncTcpClient("127.0.0.1", port) as client:
        for event in (
            SynthesizeStart(voice=chosen).event(),
            SynthesizeChunk(text=text).event(),
            Synthesize(text=text, voice=chosen).event(),
            SynthesizeStop().event(),
        ):
            await client.write_event(event)
        sound = b""
        while answer := await _next(client):
            if AudioChunk.is_type(answer.type):
                sound += AudioChunk.from_event(answer).audio
            elif SynthesizeStopped.is_type(answer.type):
                return sound
    raise AssertionError("hung up without a word")


async def heard(port: int, pcm: bytes, language: str = "en") -> str:
    """Transcribe speech (16 kHz, 16 bit, mono), sent in chunks of 10 ms.

    Raises:
        Shown: the server answered with an error, at whatever time.
    """
    async with asyncio.timeout(WAIT_SECONDS), AsyncTcpClient("127.0.0.1", port) as client:
        upload = asyncio.create_task(_upload(client, pcm, language))
        try:
            while event := await _next(client):
                if Transcript.is_type(event.type):
                    return Transcript.from_event(event).text
        finally:
            upload.cancel()
            await asyncio.wait({upload})
    raise AssertionError("hung up without a word")


async def _upload(client: AsyncTcpClient, pcm: bytes, language: str) -> None:
    await client.write_event(Transcribe(language=language).event())
    await client.write_event(AudioStart(*FORM).event())
    for start in range(0, len(pcm), CHUNK_BYTES):
        await client.write_event(AudioChunk(*FORM, pcm[start : start + CHUNK_BYTES]).event())
    await client.write_event(AudioStop().event())


async def _next(client: AsyncTcpClient) -> Event | None:
    event = await client.read_event()
    if event is not None and Error.is_type(event.type):
        # Older versions ignore error events and keep reading: only the closed connection stops them.
        while await client.read_event() is not None:
            pass
        raise Shown(Error.from_event(event))
    return event
