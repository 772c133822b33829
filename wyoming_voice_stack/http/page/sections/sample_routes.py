"""Speech to try a speech-to-text server with: the text-to-speech server says a sentence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, web

from wyoming_voice_stack.announce.other_server_search import FoundOther
from wyoming_voice_stack.codecs.encoding import wav_header
from wyoming_voice_stack.errors import EmptyText, TextTooLong
from wyoming_voice_stack.http.api.api_errors import ApiError
from wyoming_voice_stack.http.api.keys import ApiKey
from wyoming_voice_stack.http.api.requests import read_json
from wyoming_voice_stack.http.page.page_routes import PageRoute
from wyoming_voice_stack.http.page.page_visitors import Visitor

MAX_CHARACTERS = 300
"""Of the sentence: about twenty seconds of speech."""
MAX_JSON_BYTES = 8 * 1024
MAX_SAMPLE_BYTES = 4 * 1024 * 1024
"""Of the speech, a minute and a half; more is refused."""
MAX_ERROR_BYTES = 16 * 1024
MAX_QUOTED_CHARACTERS = 300
"""Of a message of the other server."""
SAMPLE_SECONDS = 60.0
"""How long the other server may take: it may load its model first."""
RATE = 24_000
_SAMPLE_BYTES = 2
_OK = 200


class NoOtherServer(ApiError, code="no_other_server"):
    """No text-to-speech server is known."""

    status = 404


class OtherServerFailed(ApiError, code="other_server_failed"):
    """The text-to-speech server did not speak."""

    status = 502


class SampleRoutes:
    """Has a sentence spoken by the other server, which the page then sends to this one."""

    def __init__(self, other: Callable[[], FoundOther | None], key: ApiKey) -> None:
        """`other` returns the text-to-speech server; None while it is not known."""
        self._other = other
        self._key = key

    def routes(self) -> list[PageRoute]:
        """Return its address."""
        return [PageRoute("POST", "api/sample", self._speak, works=True)]

    async def _speak(self, request: web.Request, visitor: Visitor) -> web.Response:
        if not visitor.by_ingress:
            self._key.check(request)
        text = (await read_json(request, MAX_JSON_BYTES)).get("text")
        if not isinstance(text, str) or not text.strip():
            raise EmptyText("The text contains nothing to speak. Send at least one word.")
        if len(text) > MAX_CHARACTERS:
            raise TextTooLong(f"The text is longer than {MAX_CHARACTERS} characters.")
        other = self._other()
        if other is None:
            raise NoOtherServer(
                "No text-to-speech server was found. Start one on this machine, or set OTHER_SERVER."
            )
        samples = await _spoken(other, text, _headers(request, other))
        header = wav_header(RATE, len(samples) // _SAMPLE_BYTES)
        return web.Response(body=header + samples, content_type="audio/wav")


def _headers(request: web.Request, other: FoundOther) -> dict[str, str]:
    """Return the key of the visitor, but only for a server on this machine or one that is configured."""
    given = request.headers.get("Authorization")
    is_trusted = other.reach in {"machine", "loopback", "configured"}
    return {"Authorization": given} if given and is_trusted else {}


async def _spoken(other: FoundOther, text: str, headers: dict[str, str]) -> bytes:
    """Return the speech as 16-bit samples."""
    asked = {"model": "tts-1", "input": text, "response_format": "pcm"}
    where = f"The text-to-speech server at {other.authority}"
    try:
        async with (
            asyncio.timeout(SAMPLE_SECONDS),
            ClientSession(
                f"http://{other.authority}",
                headers=headers,
                timeout=ClientTimeout(total=SAMPLE_SECONDS),
                cookie_jar=DummyCookieJar(),
                auto_decompress=False,
            ) as session,
            session.post("/v1/audio/speech", json=asked, allow_redirects=False) as answer,
        ):
            if answer.status != _OK:
                message = _message_of(await _bounded(answer, MAX_ERROR_BYTES))
                raise OtherServerFailed(f"{where} refused the request: {message or answer.status}")
            samples = await _bounded(answer, MAX_SAMPLE_BYTES)
    except (ClientError, OSError, ValueError, TimeoutError) as error:
        raise OtherServerFailed(
            f"{where} does not answer ({type(error).__name__}). Check that it runs."
        ) from error
    if samples is None:
        raise OtherServerFailed(f"{where} sent more than {MAX_SAMPLE_BYTES // 1024**2} MiB.")
    return samples[: len(samples) // _SAMPLE_BYTES * _SAMPLE_BYTES]


async def _bounded(answer: ClientResponse, limit_bytes: int) -> bytes | None:
    """Return the body; None if it is larger than the limit."""
    body = bytearray()
    async for part in answer.content.iter_any():
        body += part
        if len(body) > limit_bytes:
            return None
    return bytes(body)


def _message_of(body: bytes | None) -> str:
    """Return the message of an error of OpenAI's kind."""
    try:
        answer: Any = json.loads(body or b"")
        return str(answer["error"]["message"])[:MAX_QUOTED_CHARACTERS]
    except (ValueError, RecursionError, LookupError, TypeError):
        return ""
