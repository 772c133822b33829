"""What handlers read of a request, within bounds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, NoReturn

from aiohttp import hdrs, web

from wyoming_voice_stack.errors import DeadlineExceeded, TooLarge, VoiceStackError
from wyoming_voice_stack.http.api.api_errors import InvalidField, UnsupportedBody
from wyoming_voice_stack.http.deadlines import deadlines_of
from wyoming_voice_stack.http.pacing import pace_of, pieces_of
from wyoming_voice_stack.http.peer_address import plain_address
from wyoming_voice_stack.logs import Repeats
from wyoming_voice_stack.protocol.connection.connection_log import LOGGED_ERRORS_PER_MINUTE
from wyoming_voice_stack.protocol.framing import without_lone_surrogates

MAX_JSON_BYTES = 4 * 1024 * 1024
"""Largest JSON body, unless a handler takes larger ones: a text of a million letters."""
MAX_LOGGED_PATH = 200
"""Characters of a path in a log line."""
MAX_JSON_VALUES = 200_000
"""Commas and brackets of a JSON body, also those in texts. Millions of small values fill the memory, and keep the
event loop from others."""
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


def require_size(request: web.Request, limit_bytes: int) -> None:
    """Refuse a body whose announced size is too large, before any of it is read.

    Raises:
        TooLarge: it is larger than `limit_bytes`.
    """
    if (request.content_length or 0) > limit_bytes:
        raise too_large(limit_bytes)


def too_large(limit_bytes: int) -> TooLarge:
    """Return the error for a body above a limit."""
    size = (
        f"{limit_bytes // 1024**2} MiB" if limit_bytes >= 1024**2 else f"{limit_bytes // 1024} KiB"
    )
    return TooLarge(f"The request body is larger than {size}; send less.")


async def read_body(
    request: web.Request, limit_bytes: int, count: Callable[[int], None] | None = None
) -> bytearray:
    """Return the whole body. `count` is told the size of each piece, and may refuse it.

    Raises:
        TooLarge: it is larger than `limit_bytes`.
        UnsupportedBody: it is compressed.
        DeadlineExceeded: the client sends too slowly.
    """
    require_plain_body(request)
    require_size(request, limit_bytes)
    body = bytearray()
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
                    raise too_large(limit_bytes)
                if count is not None:
                    count(len(chunk))
                body += chunk
                await pace(len(chunk))
    except TimeoutError:
        raise body_timeout() from None


def body_timeout() -> DeadlineExceeded:
    """Return the error for a body that arrives too slowly."""
    return DeadlineExceeded("The request body did not arrive in time (READ_TIMEOUT_SECONDS).")


async def read_json(
    request: web.Request,
    limit_bytes: int = MAX_JSON_BYTES,
    count: Callable[[int], None] | None = None,
    max_values: int = MAX_JSON_VALUES,
) -> dict[str, Any]:
    """Return the JSON object in the body. `count` is told the size of each piece, and may refuse it.

    `max_values` bounds the commas and brackets, also those in texts: a list of empty lists takes twenty
    times its size in memory.

    Raises:
        UnsupportedBody: the body is not announced as JSON.
        InvalidField: it is no JSON object.
        TooLarge: it is larger than `limit_bytes`.
        DeadlineExceeded: the client sends too slowly.
    """
    if request.content_type != "application/json":
        raise UnsupportedBody(
            f"Content-Type {request.content_type!r:.100} is not supported; send application/json."
        )
    body = await read_body(request, limit_bytes, count)
    if sum(map(body.count, b",[{")) > max_values:
        raise InvalidField(f"The request body has more than {max_values} values; send fewer.")
    return json_object(body, "The request body")


def json_object(raw: bytes | bytearray | str, what: str) -> dict[str, Any]:
    """Parse a JSON object; `what` is named in messages.

    Raises:
        InvalidField: it is no JSON object.
    """
    try:
        value = json.loads(raw, parse_constant=_refuse_constant)
        escaped = "\\u" in raw if isinstance(raw, str) else b"\\u" in raw
        if escaped:
            value = without_lone_surrogates(value)
    except (ValueError, RecursionError) as error:
        raise InvalidField(f"{what} is not valid JSON.", code="invalid_json") from error
    if not isinstance(value, dict):
        raise InvalidField(f"{what} is not a JSON object.", code="invalid_json")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not valid JSON")
