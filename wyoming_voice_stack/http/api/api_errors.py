"""Errors of the API: their status, and the body that OpenAI's clients read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from aiohttp import hdrs, web
from aiohttp.abc import AbstractMatchInfo

from wyoming_voice_stack.errors import (
    Busy,
    CapacityError,
    EmptyText,
    ModelError,
    NoFreePlace,
    NotAllowed,
    ProtocolError,
    RequestError,
    TextTooLong,
    TooLarge,
    UnknownLanguage,
    UnknownModel,
    UnknownVoice,
    UnsupportedAudio,
    VoiceStackError,
    without_paths,
)
from wyoming_voice_stack.http.error_body import error_object

RETRY_SECONDS = 1
"""`Retry-After` of errors that end soon."""
LOADING_RETRY_SECONDS = 5
"""`Retry-After` while the model loads."""
_UNAVAILABLE = 503

_STATUS: tuple[tuple[type[VoiceStackError], int], ...] = (
    (TooLarge, 413),
    (UnknownModel, 404),
    (RequestError, 400),
    (ProtocolError, 400),
    (NotAllowed, 403),
    (NoFreePlace, _UNAVAILABLE),
    (Busy, 429),
    (CapacityError, _UNAVAILABLE),
    (ModelError, _UNAVAILABLE),
)
"""The first base that an error has decides; other errors are 500."""
_PARAM: dict[type[VoiceStackError], str] = {
    UnknownVoice: "voice",
    UnknownLanguage: "language",
    UnknownModel: "model",
    EmptyText: "input",
    TextTooLong: "input",
    UnsupportedAudio: "file",
}
_CODES = {"unknown-model": "model_not_found", "unknown-voice": "voice_not_found"}
"""Codes that clients know under another name."""


class ApiError(VoiceStackError):
    """An error with an HTTP status of its own."""

    status: ClassVar[int] = 400

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.param = param
        self.api_code = code
        self.headers = dict(headers or {})


class InvalidField(ApiError, code="invalid_value"):
    """A field of the request has a wrong value; `param` names the field."""


class NotServed(ApiError, code="not_found"):
    """Nothing is served at the path, or it is served by the other server."""

    status = 404


class MethodNotAllowed(ApiError, code="method_not_allowed"):
    """The path does not know the method."""

    status = 405


class UnsupportedBody(ApiError, code="unsupported_media_type"):
    """The body is not of the type that the path takes."""

    status = 415


class LateBody(ApiError, code="timeout"):
    """The body did not arrive in time."""

    status = 408


class InvalidKey(ApiError, code="invalid_api_key"):
    """The request has no key, or a wrong one."""

    status = 401


class ModelLoading(ApiError, code="loading"):
    """The model is not loaded yet."""

    status = _UNAVAILABLE


def refusal(request: web.Request, found: AbstractMatchInfo) -> ApiError:
    """Return why no handler serves a request: `found` is what a router says about it."""
    failure = found.http_exception
    if not isinstance(failure, web.HTTPMethodNotAllowed):
        return NotServed(f"Nothing is served at {request.path!r:.200}.")
    methods = ", ".join(sorted(failure.allowed_methods))
    return MethodNotAllowed(
        f"{request.path!r:.200} does not support {request.method}; use {methods}.",
        headers={hdrs.ALLOW: methods},
    )


def status_of(error: VoiceStackError) -> int:
    """Return the HTTP status of an error."""
    if isinstance(error, ApiError):
        return error.status
    return next((status for base, status in _STATUS if isinstance(error, base)), 500)


def code_of(error: VoiceStackError) -> str:
    """Return the code that the body shows; it has underscores, as OpenAI's codes do."""
    if isinstance(error, ApiError) and error.api_code is not None:
        return error.api_code
    return _CODES.get(error.code, error.code.replace("-", "_"))


def describe(error: VoiceStackError) -> dict[str, str | None]:
    """Return the error as an object, for events in a stream or on a WebSocket."""
    return error_object(
        status_of(error), without_paths(str(error)), code=code_of(error), param=_param_of(error)
    )


def to_response(error: VoiceStackError) -> web.Response:
    """Return the response to a request that failed before its first byte was sent."""
    status = status_of(error)
    headers = dict(error.headers) if isinstance(error, ApiError) else {}
    if status in {429, _UNAVAILABLE}:
        headers.setdefault("Retry-After", str(RETRY_SECONDS))
    return web.json_response({"error": describe(error)}, status=status, headers=headers)


def _param_of(error: VoiceStackError) -> str | None:
    if isinstance(error, ApiError):
        return error.param
    return next((param for base, param in _PARAM.items() if isinstance(error, base)), None)
