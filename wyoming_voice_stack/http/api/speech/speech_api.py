"""`POST /v1/audio/speech`: speaks a text, and sends the audio while it is generated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing

from aiohttp import hdrs, web

from wyoming_voice_stack.codecs.encoding import load_encoder
from wyoming_voice_stack.http.api.body_budget import json_budget
from wyoming_voice_stack.http.api.names import VoiceNames, tts_model
from wyoming_voice_stack.http.api.requests import connection_name, read_json
from wyoming_voice_stack.http.api.speech.audio_stream import collect, encode, speak, to_events
from wyoming_voice_stack.http.api.speech.speech_request import read_speech_request
from wyoming_voice_stack.http.api.streaming import open_stream, send
from wyoming_voice_stack.tts.service import TtsService

PATH = "/v1/audio/speech"
EVENT_STREAM = "text/event-stream"
MAX_JSON_BYTES = 4 * 1024 * 1024
"""Largest body, however long a text may be."""
MAX_CHARACTER_BYTES = 12
"""A character of the text as JSON may escape it: one beyond U+FFFF takes two escapes such as `\\ud840`."""
MAX_FIELD_BYTES = 64 * 1024
"""What the fields besides the text may add to a body."""
ENCODERS_AT_ONCE = 2
"""Encoding takes a hundredth of the time of the speech."""


class SpeechApi:
    """The route of text to speech."""

    def __init__(
        self, service: TtsService, voices: VoiceNames, *, max_text_characters: int
    ) -> None:
        """`max_text_characters` is the longest text of one request."""
        self._service = service
        self._voices = voices
        self._max_bytes = min(
            max_text_characters * MAX_CHARACTER_BYTES + MAX_FIELD_BYTES, MAX_JSON_BYTES
        )
        self._remedy = "send the text in parts"
        if self._max_bytes < MAX_JSON_BYTES:
            self._remedy += ", or raise TTS_MAX_TEXT_CHARACTERS"
        self._bodies = json_budget()
        self._turns = asyncio.Semaphore(ENCODERS_AT_ONCE)

    def routes(self) -> list[web.RouteDef]:
        """Return the route."""
        return [web.post(PATH, self._speech)]

    async def _speech(self, request: web.Request) -> web.StreamResponse:
        asked = read_speech_request(
            await read_json(request, self._max_bytes, self._bodies, remedy=self._remedy)
        )
        tts_model(asked.model, self._service.status().model)
        reply = await self._service.open_reply(
            self._voices.resolve(asked.voice), connection_name(request), speed=asked.speed
        )
        # PyAV is imported while the engine generates the first audio.
        loading = asyncio.get_running_loop().run_in_executor(None, load_encoder, asked.output)
        async with AsyncExitStack() as stack:
            stack.callback(reply.close)
            # If the reply fails first, the import has no waiter, and its error would be logged.
            stack.callback(loading.cancel)
            audio = await stack.enter_async_context(aclosing(speak(reply, asked.text)))
            first = await collect(audio, reply)
            await loading
            samples = first.samples if first.complete else None
            joined = await stack.enter_async_context(aclosing(first.then(audio)))
            pieces = await stack.enter_async_context(
                aclosing(encode(joined, asked.output, self._turns, samples=samples))
            )
            if asked.events:
                return await _stream(request, EVENT_STREAM, to_events(pieces))
            if not first.complete:
                return await _stream(request, asked.output.content_type, pieces)
            # A response with a length: some players take none without.
            body = b"".join([piece async for piece in pieces])
            headers = {hdrs.CONTENT_TYPE: asked.output.content_type, hdrs.CACHE_CONTROL: "no-cache"}
            return web.Response(body=body, headers=headers)


async def _stream(
    request: web.Request, content_type: str, pieces: AsyncGenerator[bytes, None]
) -> web.StreamResponse:
    """Send the pieces; the head goes out with the first one, so that errors before it have a status."""
    async with aclosing(pieces):
        first = await anext(pieces)
        response = await open_stream(request, content_type)
        await send(response, first)
        async for piece in pieces:
            await send(response, piece)
    await response.write_eof()
    return response
