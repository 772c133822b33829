"""The audio of one reply as it is sent: collected if it is known at once, encoded, in events if asked."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from wyoming_voice_stack.codecs.encoding import AudioEncoder, OutputFormat, open_encoder
from wyoming_voice_stack.errors import EmptyText
from wyoming_voice_stack.tts.reply import AHEAD_SECONDS, Reply, SpeechAudio

PIECE_SECONDS = 1.0
"""Audio that one call of an encoder takes: a thread serves all replies in turn."""
MAX_EVENT_BYTES = 24_000
"""Audio in one event; in base64 a third more. Clients read events line by line, up to 64 KiB."""
SILENCE_SECONDS = 0.3
SILENCE_RATE = 24_000
COLLECTED_SECONDS = AHEAD_SECONDS
"""Audio from the cache that is collected before it is sent. A reply never waits before it is this far ahead."""

_Result = TypeVar("_Result")


async def speak(reply: Reply, text: str) -> AsyncGenerator[SpeechAudio, None]:
    """Yield the audio of a text; of a text with nothing to speak, such as ".", a short silence.

    Raises:
        VoiceStackError: the text is too long, or the engine failed or is not available.
    """
    async with aclosing(reply.speak(text, ends=True)) as audio:
        async for each in audio:
            yield each
    try:
        last = reply.finish()
    except EmptyText:
        # Clients check their set-up with "."; an error would tell them that the server is broken.
        silence = np.zeros(int(SILENCE_SECONDS * SILENCE_RATE), np.float32)
        last = SpeechAudio(SILENCE_RATE, silence)
    yield last


@dataclass(frozen=True)
class CollectedAudio:
    """The first audio of a reply, with more of it if that was there at once."""

    parts: tuple[SpeechAudio, ...]
    complete: bool
    """True if this is the whole reply."""

    @property
    def samples(self) -> int:
        """Length in samples."""
        return sum(len(part.samples) for part in self.parts)

    async def then(self, rest: AsyncIterator[SpeechAudio]) -> AsyncGenerator[SpeechAudio, None]:
        """Yield this audio and what follows."""
        for part in self.parts:
            yield part
        async for part in rest:
            yield part


async def collect(audio: AsyncIterator[SpeechAudio], reply: Reply) -> CollectedAudio:
    """Take the first audio of a reply, and with it what the cache has: it is there at once."""
    parts: list[SpeechAudio] = []
    seconds = 0.0
    async for part in audio:
        parts.append(part)
        seconds += len(part.samples) / part.sample_rate
        if not reply.from_cache or seconds > COLLECTED_SECONDS:
            return CollectedAudio(tuple(parts), complete=False)
    return CollectedAudio(tuple(parts), complete=True)


async def encode(
    audio: AsyncIterator[SpeechAudio],
    output: OutputFormat,
    turns: asyncio.Semaphore,
    *,
    samples: int | None = None,
) -> AsyncGenerator[bytes, None]:
    """Yield the bytes of one stream; `samples` is the length of the whole audio, if it is known.

    `turns` bounds the encoders that run in threads at a time.
    """

    async def run(call: Callable[[], _Result]) -> _Result:
        if not output.compressed:
            return call()
        async with turns:
            return await asyncio.to_thread(call)

    encoder: AudioEncoder | None = None
    async for part in audio:
        size = int(PIECE_SECONDS * part.sample_rate)
        for begin in range(0, len(part.samples), size):
            if encoder is None:
                encoder = await run(
                    partial(open_encoder, output, part.sample_rate, samples=samples)
                )
            data = await run(partial(encoder.push, part.samples[begin : begin + size]))
            if data:
                yield data
    if encoder is not None and (data := await run(encoder.finish)):
        yield data


async def to_events(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Yield a stream as server-sent events, and the event that ends them."""
    async for piece in pieces:
        for begin in range(0, len(piece), MAX_EVENT_BYTES):
            part = piece[begin : begin + MAX_EVENT_BYTES]
            yield _event("speech.audio.delta", audio=base64.b64encode(part).decode())
    # Speech has no tokens, and clients require the fields.
    usage = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    yield _event("speech.audio.done", usage=usage)


def _event(kind: str, **fields: object) -> bytes:
    return f"data: {json.dumps({'type': kind, **fields})}\n\n".encode()
