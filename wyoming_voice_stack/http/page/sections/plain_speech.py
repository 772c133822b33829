"""Speaks the text of a form, for browsers without JavaScript."""

from __future__ import annotations

from contextlib import aclosing
from urllib.parse import parse_qs

import numpy as np
from aiohttp import web

from wyoming_voice_stack.codecs.encoding import WavEncoder
from wyoming_voice_stack.errors import EmptyText, TextTooLong
from wyoming_voice_stack.http.api.api_errors import InvalidField, InvalidKey
from wyoming_voice_stack.http.api.keys import ApiKey
from wyoming_voice_stack.http.api.requests import connection_name, read_body
from wyoming_voice_stack.http.page.page_routes import PageRoute
from wyoming_voice_stack.http.page.page_visitors import Visitor, require_own_origin
from wyoming_voice_stack.http.page.plain_page import SPEECH_PATH
from wyoming_voice_stack.tts.service import TtsService
from wyoming_voice_stack.tts.voices.catalogue import VoiceRequest

MAX_FORM_BYTES = 32 * 1024
MAX_FORM_FIELDS = 8
MAX_CHARACTERS = 2000
"""Of a text: the answer is kept in memory until it is complete, about 7 MB."""


class PlainSpeech:
    """Answers a form with a wav file."""

    def __init__(self, service: TtsService, key: ApiKey) -> None:
        self._service = service
        self._key = key

    def routes(self) -> list[PageRoute]:
        """Return its address."""
        return [PageRoute("POST", SPEECH_PATH, self._speak, works=True)]

    async def _speak(self, request: web.Request, visitor: Visitor) -> web.Response:
        # No header can be asked of a form, but browsers name the site that it is on.
        require_own_origin(request)
        fields = _fields(bytes((await read_body(request, MAX_FORM_BYTES)).content()))
        if not visitor.by_ingress and not self._key.accepts(fields.get("key", "")):
            raise InvalidKey("The API key is missing or wrong.")
        text = fields.get("text", "")
        if not text.strip():
            raise EmptyText("The text contains nothing to speak. Send at least one word.")
        if len(text) > MAX_CHARACTERS:
            raise TextTooLong(f"The text is longer than {MAX_CHARACTERS} characters.")
        wav = await self._wav(text, fields.get("voice") or None, connection_name(request))
        headers = {
            "Content-Type": "audio/wav",
            "Content-Disposition": 'inline; filename="speech.wav"',
        }
        return web.Response(body=wav, headers=headers)

    async def _wav(self, text: str, voice: str | None, connection: str) -> bytes:
        reply = await self._service.open_reply(VoiceRequest(name=voice), connection)
        try:
            async with aclosing(reply.speak(text, ends=True)) as audio:
                parts = [part async for part in audio]
            parts.append(reply.finish())
        finally:
            reply.close()
        samples = np.concatenate([part.samples for part in parts])
        encoder = WavEncoder(parts[0].sample_rate, samples=len(samples))
        return encoder.push(samples) + encoder.finish()


def _fields(body: bytes) -> dict[str, str]:
    try:
        found = parse_qs(body.decode(), max_num_fields=MAX_FORM_FIELDS)
    except ValueError as error:
        raise InvalidField("The form cannot be read.") from error
    return {name: values[0] for name, values in found.items()}
