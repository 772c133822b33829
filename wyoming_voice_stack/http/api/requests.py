"""What handlers read of a request, within bounds."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NoReturn

from aiohttp import hdrs, web

from wyoming_voice_stack.errors import TooLarge, VoiceStackError
from wyoming_voice_stack.http.api.api_errors import InvalidField, LateBody, UnsupportedBody
from wyoming_voice_stack.http.api.body_budget import BodyBudget, BodyMemory, json_budget
from wyoming_voice_stack.http.deadlines import deadlines_of
from wyoming_voice_stack.http.pacing import pace_of, pieces_of
from wyoming_voice_stack.http.peer_address import plain_address
from wyoming_voice_stack.logs import Repeats
from wyoming_voice_stack.machine.growing_buffer import Content, GrowingBuffer
from wyoming_voice_stack.protocol.connection.connection_log import LOGGED_ERRORS_PER_MINUTE
from wyoming_voice_stack.protocol.framing import without_lone_surrogates

MAX_LOGGED_PATH = 200
"""Characters of a path in a log line."""
MAX_JSON_VALUES = 200_000
"""Commas and brackets of a JSON body, also those in texts. Millions of small values fill the memory, and keep the
event loop from others."""
SEND_LESS = "send less"
BODY_SECONDS = 600.0
"""Longest time for a whole body, however steadily it arrives."""


def connection_name(request: web.Request) -> str:
    """Return the client as `host:port`, for log lines and for fair shares among clients."""
    peer = request.transport.get_extra_info("peername") if request.transport else None
    if not peer:
        return "unknown"
    return f"{plain_address(str(peer[0]))}:{peer[1]}"


def logged_path(request: web.Request) -> str:
    """Return the path as it was sent, for log lines: decoded, it may contain line breaks."""
    return request.rel_url.raw_path[:MAX_LOGGED_PATH]


def repeats_of(error: VoiceStackError, name: str) -> Repeats:
    """Return how often the log line of an error may repeat for the address of a client."""
    return Repeats(f"{error.code} over HTTP of {name.rpartition(':')[0]}", LOGGED_ERRORS_PER_MINUTE)


def require_plain_body(request: web.Request) -> None:
    """Accept a body that is not compressed: its size would say nothing about its content.

    Raises:
        UnsupportedBody: it is compressed.
    """
    encoding = request.headers.get(hdrs.CONTENT_ENCODING, "").strip().lower()
    if encoding not in {"", "identity"}:
        raise UnsupportedBody("Compressed request bodies are not supported; send it uncompressed.")


def require_size(request: web.Request, limit_bytes: int, remedy: str = SEND_LESS) -> None:
    """Refuse a body whose announced size is too large, before any of it is read.

    `remedy` is what to do, as a part of a sentence.

    Raises:
        TooLarge: it is larger than `limit_bytes`.
    """
    if (request.content_length or 0) > limit_bytes:
        raise too_large(limit_bytes, remedy)


def too_large(limit_bytes: int, remedy: str = SEND_LESS) -> TooLarge:
    """Return the error for a body above a limit."""
    size = (
        f"{limit_bytes // 1024**2} MiB" if limit_bytes >= 1024**2 else f"{limit_bytes // 1024} KiB"
    )
    return TooLarge(f"The request body is larger than {size}; {remedy}.")


async def read_body(
    request: web.Request,
    limit_bytes: int,
    memory: BodyMemory | None = None,
    *,
    remedy: str = SEND_LESS,
) -> GrowingBuffer:
    """Return the whole body. It is counted in `memory` as it arrives, unless its limit is small.

    `remedy` is what to do about a body that is too large, as a part of a sentence.

    Raises:
        TooLarge: it is larger than `limit_bytes`.
        Busy: the bodies of all clients together are too large.
        UnsupportedBody: it is compressed.
        LateBody: the client sends too slowly.
    """
    require_plain_body(request)
    require_size(request, limit_bytes, remedy)
    body = GrowingBuffer() if memory is None else memory.buffer()
    read_s, pace = deadlines_of(request).read_s, pace_of(request)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            pieces = pieces_of(request.content)
            while True:
                async with asyncio.timeout(read_s):
                    chunk = await anext(pieces, b"")
                if not chunk:
                    return body
                if len(body) + len(chunk) > limit_bytes:
                    raise too_large(limit_bytes, remedy)
                if memory is not None:
                    memory.add(len(chunk))
                body.append(chunk)
                await pace(len(chunk))
    except TimeoutError:
        raise late_body() from None


def late_body() -> LateBody:
    """Return the error for a body that arrives too slowly."""
    return LateBody("The request body did not arrive in time (READ_TIMEOUT_SECONDS).")


async def read_json(
    request: web.Request,
    limit_bytes: int,
    budget: BodyBudget | None = None,
    *,
    max_values: int = MAX_JSON_VALUES,
    remedy: str = SEND_LESS,
) -> dict[str, Any]:
    """Return the JSON object in the body, which takes from `budget` until it is decoded.

    `max_values` bounds the commas and brackets, also those in texts: a list of empty lists takes twenty
    times its size in memory. `remedy` is what to do about a body that is too large.

    Raises:
        UnsupportedBody: the body is not announced as JSON.
        InvalidField: it is no JSON object.
        TooLarge: it is larger than `limit_bytes`.
        Busy: the bodies of all clients together are too large.
        LateBody: the client sends too slowly.
    """
    if request.content_type != "application/json":
        raise UnsupportedBody(
            f"Content-Type {request.content_type!r:.100} is not supported; send application/json."
        )
    memory = (budget or json_budget()).open()
    try:
        body = await read_body(request, limit_bytes, memory, remedy=remedy)
        text = json_text(body.content(), "The request body")
    finally:
        memory.close()
    if sum(map(text.count, ",[{")) > max_values:
        raise InvalidField(f"The request body has more than {max_values} values; send fewer.")
    return json_object(text, "The request body")


def json_text(raw: Content, what: str) -> str:
    """Decode JSON as `json.loads` does, which takes no memory-mapped bytes; `what` is named in messages.

    Raises:
        InvalidField: it is not in an encoding of JSON.
    """
    try:
        return str(raw, json.detect_encoding(raw[:4]), "surrogatepass")
    except UnicodeDecodeError as error:
        raise _invalid(what) from error


def json_object(text: str, what: str) -> dict[str, Any]:
    """Parse a JSON object; `what` is named in messages.

    Raises:
        InvalidField: it is no JSON object.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
        if "\\u" in text:
            value = without_lone_surrogates(value)
    except (ValueError, RecursionError) as error:
        raise _invalid(what) from error
    if not isinstance(value, dict):
        raise InvalidField(f"{what} is not a JSON object.", code="invalid_json")
    return value


def _invalid(what: str) -> InvalidField:
    return InvalidField(f"{what} is not valid JSON.", code="invalid_json")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not valid JSON")
