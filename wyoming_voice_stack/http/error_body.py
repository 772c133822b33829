"""Errors as the OpenAI API writes them; used before anything else of the API is imported."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from aiohttp import web

JSON_PATHS = ("/v1", "/ui/api")
"""Below these paths, every error is JSON."""
REQUEST_ID_HEADER = "x-request-id"
SERVER_ERROR_STATUS = 500
_TYPES = {429: "rate_limit_error"}


def new_request_id() -> str:
    """Return what tells one response from all others, in logs of clients."""
    return f"req_{secrets.token_hex(12)}"


def error_object(
    status: int, message: str, *, code: str | None = None, param: str | None = None
) -> dict[str, str | None]:
    """Return an error as OpenAI's clients read it; the type follows from the status."""
    kind = "server_error" if status >= SERVER_ERROR_STATUS else "invalid_request_error"
    return {
        "message": message,
        "type": _TYPES.get(status, kind),
        "param": param,
        "code": code,
    }


def error_response(
    status: int,
    message: str,
    *,
    code: str | None = None,
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """Return a response whose body is an error."""
    error = error_object(status, message, code=code, param=param)
    return web.json_response({"error": error}, status=status, headers=headers)


def wants_json(path: str) -> bool:
    """Return whether errors of a path are JSON."""
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in JSON_PATHS)
